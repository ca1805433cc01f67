"""Checkpoints: complete or an error, and never a way to run code."""

import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mnistlab.arch.build import build
from mnistlab.arch.presets import PRESETS
from mnistlab.errors import CheckpointError
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.training import checkpoint
from mnistlab.training.epoch import Epoch
from mnistlab.training.record import TrainingRecord, read_record

EPOCHS = tuple(Epoch(n, 0.3, 0.9, 0.2, 100 - n, 10_000, 0.1, 2.5, 4000.0) for n in (1, 2, 3))
RECORD = TrainingRecord(
    "a run", PRESETS[3].spec, Recipe(), EPOCHS, 2, Score(70, 10_000), {"python": "3"}
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "best.safetensors"
    checkpoint.save_checkpoint(path, build(RECORD.spec, seed=1), RECORD)
    return path


def test_round_trip_of_weights_and_record(saved: Path) -> None:
    loaded = checkpoint.load_checkpoint(saved)
    assert loaded.record == RECORD == read_record(saved)
    assert loaded.record.saved_epoch == EPOCHS[1] and loaded.record.reported_score == Score(
        70, 10_000
    )
    x = torch.randn(4, 1, 28, 28)
    assert torch.equal(loaded.network(x), build(RECORD.spec, seed=1).eval()(x))
    assert not loaded.network.training
    assert [p.name for p in saved.parent.iterdir()] == [saved.name], "no temporary file stays"


def test_a_checkpoint_is_small(saved: Path) -> None:
    assert saved.stat().st_size < 100_000


class Bomb:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch exploded",)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def header_only(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps(Bomb()))


def torch_pickled(path: Path) -> None:
    torch.save({"weights": Bomb()}, path)


def foreign(path: Path) -> None:
    save_file({"weight": torch.zeros(3)}, path)


def later(path: Path) -> None:
    save_file({"weight": torch.zeros(3)}, path, RECORD.to_metadata() | {"format": "mnistlab-99"})


def other_network(path: Path) -> None:
    state = build(PRESETS[1].spec).state_dict()
    save_file(state, path, RECORD.to_metadata())


def hostile_spec(path: Path) -> None:
    save_file({}, path, RECORD.to_metadata() | {"spec": "999999999-" * 40})


def nonsense_epochs(path: Path) -> None:
    save_file({}, path, RECORD.to_metadata() | {"epochs": '[{"number": 1}]'})


def impossible_epochs(path: Path) -> None:
    text = RECORD.to_metadata()["epochs"].replace(
        '"validation_count": 10000', '"validation_count": 0'
    )
    save_file({}, path, RECORD.to_metadata() | {"epochs": text})


def wordy_epochs(path: Path) -> None:
    text = RECORD.to_metadata()["epochs"].replace('"train_loss": 0.3', '"train_loss": "low"')
    save_file({}, path, RECORD.to_metadata() | {"epochs": text})


def with_header(path: Path, header: bytes) -> None:
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def nested_header(path: Path) -> None:
    with_header(path, b"[" * 200_000)


def listed_metadata(path: Path) -> None:
    with_header(path, b'{"__metadata__": []}')


def no_metadata(path: Path) -> None:
    with_header(path, b'{"__metadata__": null}')


def missing_epoch(path: Path) -> None:
    save_file({}, path, RECORD.to_metadata() | {"epoch": "4"})


def not_numbers(path: Path) -> None:
    network = build(RECORD.spec)
    with torch.no_grad():
        next(network.parameters()).fill_(float("nan"))
    checkpoint.save_checkpoint(path, network, RECORD)


def vanished(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    "damage",
    [
        truncated, header_only, emptied, pickled, torch_pickled, foreign, later, other_network,
        hostile_spec, nonsense_epochs, impossible_epochs, wordy_epochs,
        nested_header, listed_metadata, no_metadata, missing_epoch, not_numbers, vanished,
    ],
)  # fmt: skip
def test_a_damaged_or_foreign_file_is_an_error(
    saved: Path, damage: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved.parent)
    damage(saved)
    with pytest.raises(CheckpointError, match=r"best\.safetensors"):
        checkpoint.load_checkpoint(saved)
    assert not (saved.parent / "exploded").exists()


def test_a_failed_write_leaves_the_earlier_checkpoint(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save_checkpoint(saved, build(RECORD.spec, seed=2), RECORD)
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]
