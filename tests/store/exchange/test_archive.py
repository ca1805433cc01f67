"""Archives: a run is imported as it was exported; a forged archive changes nothing."""

import io
import json
import math
import os
import pickle
import random
import sqlite3
import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save as save_numpy
from safetensors.torch import load, save

from mnistlab import uploads
from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.predictions import Predictions, load_predictions, save_predictions
from mnistlab.stats.score import Score
from mnistlab.store import queue
from mnistlab.store import store as store_module
from mnistlab.store.database.errors import StoreError
from mnistlab.store.exchange import archive_content
from mnistlab.store.exchange.archive import (
    ArchiveError,
    DuplicateRunError,
    export_run,
    import_run,
)
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details, newest
from mnistlab.store.trash import empty_trash, move_to_trash
from mnistlab.training import checkpoint
from mnistlab.training.epoch import Epoch
from mnistlab.training.record import TrainingRecord
from mnistlab.training.resume import load_training_state, save_training_state
from mnistlab.training.state import TrainingState
from mnistlab.uncertainty import model

SPEC, RECIPE = parse("4-p4-8-p8-gap-bn"), Recipe(epochs=4, batch_size=64)
EPOCHS = tuple(
    Epoch(n, 1 / (3 * n), 1 - 0.1 / n, 0.7 / n, 400 // n, 10_000, 0.1 / n, 2.5, 3999.5)
    for n in (1, 2, 3, 4)
)
TEST = Score(60, 10_000)
BEST, PREDICTIONS, RUN = "best.safetensors", "predictions.safetensors", "run.json"
Forge = Callable[[bytes], bytes]


def record(count: int, test: Score | None = None, spec: str = str(SPEC)) -> TrainingRecord:
    return TrainingRecord("r", parse(spec), RECIPE, EPOCHS[:count], count, test, {"threads": "1"})


def after_one_step() -> TrainingState:
    training = TrainingState(build(SPEC, seed=1), RECIPE)
    training.network(torch.randn(2, 1, 28, 28)).logsumexp(1).sum().backward()
    training.optimizer.step()
    return training


def add_started_run(store: Store, count: int) -> int:
    """A running run with so many epochs, its best checkpoint and what it can go on from."""
    run_id = store.add("Ada's first", SPEC, RECIPE, owner="Ada")
    assert store.claim()
    store.replace_epochs(run_id, EPOCHS[:count])
    edit_details(store, run_id, "", "Ada", "small, quick", "First line.\nSecond – line.")
    checkpoint.save_checkpoint(
        store.best_checkpoint_path(run_id), build(SPEC, seed=1), record(count)
    )
    save_training_state(store.resume_path(run_id), after_one_step(), record(count))
    return run_id


def add_finished_run(store: Store) -> int:
    run_id = add_started_run(store, 4)
    for path in (store.best_checkpoint_path(run_id), store.last_checkpoint_path(run_id)):
        checkpoint.save_checkpoint(path, build(SPEC, seed=1), record(4, TEST))
    generator = np.random.default_rng(1)
    labels, read = generator.integers(0, 10, (2, 500), dtype=np.uint8)
    save_predictions(
        store.predictions_path(run_id),
        Predictions(labels, read, generator.random(500, dtype=np.float32)),
    )
    size = model.feature_count(SPEC)
    ones, units = np.ones(size, np.float32), np.ones(4, np.float32)
    hidden = np.ones((size, 4), np.float32)
    fitted = model.UncertaintyModel(0.7, model.Detector(ones, ones, hidden, units, units, 2.0))
    model.save_uncertainty(model.uncertainty_path(store.best_checkpoint_path(run_id)), fitted)
    store.finish(run_id, State.DONE, "Reached the target accuracy.", TEST)
    return run_id


def new_store(folder: Path) -> Store:
    return Store(folder, clock=iter(range(1000, 9999)).__next__)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    store = new_store(tmp_path_factory.mktemp("source"))
    return export_run(store, add_finished_run(store))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Another store, which has a run already."""
    store = new_store(tmp_path / "runs")
    assert add_started_run(store, 1) == 1
    return store


def run_of(store: Store, run_id: int) -> Run:
    run = store.run(run_id)
    assert run
    return replace(run, id=0, heartbeat=None)


def files_of(store: Store, run_id: int) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.run_folder(run_id).iterdir()}


def content_of(store: Store) -> tuple[list[str], dict[str, bytes]]:
    with store.database.reading() as db:
        rows = list(db.iterdump())
    paths = [p for p in store.folder.rglob("*") if "store.sqlite" not in p.name]
    return rows, {str(p): p.read_bytes() if p.is_file() else b"" for p in paths}


def test_a_run_is_imported_as_it_was_exported(store: Store, tmp_path: Path) -> None:
    source = new_store(tmp_path / "source")
    packed = add_finished_run(source)
    content = export_run(source, packed)
    assert export_run(source, packed) == content
    run_id = import_run(store, content)
    assert run_id == 2 and run_of(store, run_id) == run_of(source, packed)
    assert files_of(store, run_id).keys() == files_of(source, packed).keys()
    assert files_of(store, run_id) == files_of(source, packed)
    assert (
        checkpoint.load_checkpoint(store.best_checkpoint_path(run_id)).record.reported_score == TEST
    )
    assert len(load_predictions(store.predictions_path(run_id)).labels) == 500
    assert model.load_uncertainty(model.uncertainty_path(store.best_checkpoint_path(run_id)), SPEC)
    assert [run.id for run in newest(store, 9)] == [2, 1]
    assert not list(store.folder.glob(".import*"))


def test_the_same_archive_twice_gives_one_run(store: Store, good: bytes) -> None:
    run_id = import_run(store, good)
    edit_details(store, run_id, "another name", "", "", "")
    before = content_of(store)
    with pytest.raises(DuplicateRunError, match=f"Already imported as run {run_id}"):
        import_run(store, good)
    assert content_of(store) == before
    move_to_trash(store, [run_id])
    with pytest.raises(DuplicateRunError, match="trash"):
        import_run(store, good)
    empty_trash(store)
    assert import_run(store, good) == run_id + 1


def test_a_run_s_own_archive_is_not_imported_again(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    content = export_run(store, add_finished_run(store))
    with pytest.raises(DuplicateRunError, match="run 1"):
        import_run(store, content)


def test_an_archive_with_more_epochs_is_another_run(store: Store, tmp_path: Path) -> None:
    source = new_store(tmp_path / "source")
    run_id = add_started_run(source, 2)
    early = export_run(source, run_id)
    source.replace_epochs(run_id, EPOCHS[:3])
    late = export_run(source, run_id)
    assert import_run(store, early) == 2 and import_run(store, late) == 3
    for content in (early, late):
        with pytest.raises(DuplicateRunError):
            import_run(store, content)


@pytest.mark.parametrize("folder", ["", "run1/", "Downloads/run1 copy/"])
def test_an_archive_that_a_mac_has_packed_again_is_imported(
    store: Store, good: bytes, folder: str
) -> None:
    run_id = import_run(store, packed_by_a_mac(good, folder))
    assert files_of(store, run_id).keys() == from_zip(good).keys() - {RUN}


@pytest.mark.parametrize("name", ["run1/other.txt", "elsewhere/best.safetensors", "run.json"])
def test_other_files_in_such_an_archive_are_still_refused(
    store: Store, good: bytes, name: str
) -> None:
    files = {f"run1/{file}": content for file, content in from_zip(good).items()}
    with pytest.raises(ArchiveError):
        import_run(store, to_zip(files | {name: b"x"}))


def packed_by_a_mac(good: bytes, folder: str) -> bytes:
    """The archive as Finder packs it, with entries for the folders and files of its own."""
    parents = [folder[: n + 1] for n, letter in enumerate(folder) if letter == "/"]
    files = dict.fromkeys(parents, b"") | {f"{folder}.DS_Store": b"\0\0\0\1Bud1"}
    for name, content in from_zip(good).items():
        files |= {f"{folder}{name}": content, f"__MACOSX/{folder}._{name}": b"\0\5\26\7"}
    return to_zip(files | {"__MACOSX/": b""})


@pytest.mark.parametrize("n_reported", [2, 3])
def test_a_running_run_is_imported_as_interrupted_and_resumes(
    store: Store, tmp_path: Path, n_reported: int
) -> None:
    source = new_store(tmp_path / "source")
    run_id = add_started_run(source, 3)
    # A process was killed after it wrote its epoch's files, and before the store's row.
    source.replace_epochs(run_id, EPOCHS[:n_reported])
    there = import_run(store, export_run(source, run_id))
    run = run_of(store, there)
    assert run.state is State.INTERRUPTED and run.state.resumable and "running" in run.message
    assert run.epochs == EPOCHS[:3] and run.ended == source.run(run_id).heartbeat  # type: ignore[union-attr]
    assert files_of(store, there) == files_of(source, run_id)
    training = TrainingState(build(SPEC, seed=2), RECIPE)
    load_training_state(store.resume_path(there), training, SPEC)
    assert tuple(training.epochs) == EPOCHS[:3]
    queue.resume(store, there)
    assert [queued.id for queued in store.queue()] == [there]


def test_a_queued_run_is_imported_without_files(store: Store, tmp_path: Path) -> None:
    source = Store(tmp_path / "source")
    there = import_run(store, export_run(source, source.add("waits", SPEC, RECIPE)))
    run = run_of(store, there)
    assert (run.name, run.state, run.epochs, run.started) == ("waits", State.INTERRUPTED, (), None)
    assert not store.run_folder(there).exists() and not store.queue()


def test_a_damaged_or_missing_run_is_not_exported(store: Store) -> None:
    with pytest.raises(StoreError, match="Run 99 not found"):
        export_run(store, 99)
    best = store.best_checkpoint_path(1)
    best.write_bytes(best.read_bytes()[:-9])
    with pytest.raises(ArchiveError, match=r"run 1 failed: best\.safetensors: .*move it"):
        export_run(store, 1)


def test_a_folder_of_another_store_is_not_overwritten(tmp_path: Path, good: bytes) -> None:
    store = new_store(tmp_path / "runs")
    store.best_checkpoint_path(1).parent.mkdir(parents=True)
    store.best_checkpoint_path(1).write_bytes(b"older")
    assert import_run(store, good) == 2 and store.best_checkpoint_path(1).read_bytes() == b"older"


# Forgeries


def to_zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, mode: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as out:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type, entry.external_attr = method, mode << 16
            out.writestr(entry, content)
    return buffer.getvalue()


def from_zip(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def with_member(name: str, content: bytes) -> Forge:
    return lambda good: to_zip(from_zip(good) | {name: content})


def without_member(name: str) -> Forge:
    return lambda good: to_zip({n: c for n, c in from_zip(good).items() if n != name})


def with_values(**changes: object) -> Forge:
    """run.json with other values; an epoch's or the recipe's as `epochs__train_loss`."""

    def forge(good: bytes) -> bytes:
        files = from_zip(good)
        values = json.loads(files[RUN])
        for key, value in changes.items():
            outer, _, inner = key.partition("__")
            at = values["epochs"][1] if inner and outer == "epochs" else values.get(outer)
            if inner:
                at[inner] = value
            else:
                values[outer] = value
        return to_zip(files | {RUN: json.dumps(values).encode()})

    return forge


def weights(
    name: str = BEST, of: Callable[[torch.Tensor], torch.Tensor] = torch.clone, /, **changes: str
) -> Forge:
    """A checkpoint with its tensors passed through `of` and other metadata."""

    def forge(good: bytes) -> bytes:
        tensors = {key: of(value) for key, value in load(from_zip(good)[BEST]).items()}
        return with_member(name, save(tensors, record(4).to_metadata() | changes))(good)

    return forge


def renamed_weights(old: str, new: str, name: str = BEST) -> Forge:
    """A file with tensors under other names."""

    def forge(good: bytes) -> bytes:
        tensors = {key.replace(old, new): v for key, v in load(from_zip(good)[name]).items()}
        return with_member(name, save(tensors, record(4).to_metadata()))(good)

    return forge


def flipped_bit(good: bytes) -> bytes:
    content = bytearray(from_zip(good)[BEST])
    content[-1] ^= 1
    return with_member(BEST, bytes(content))(good)


def with_header(old: bytes, offset: int, new: bytes) -> Forge:
    """Other bytes at an offset in the first part of the zip that begins so."""

    def forge(good: bytes) -> bytes:
        at = good.index(old) + offset
        return good[:at] + new + good[at + len(new) :]

    return forge


def lying_bomb(good: bytes) -> bytes:
    content = to_zip({RUN: b" " * (5 << 20)})
    for start, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        content = with_header(start, offset, struct.pack("<I", 100))(content)
    return content


def with_unknown_field(good: bytes) -> bytes:
    return with_member(RUN, from_zip(good)[RUN].replace(b'"owner"', b'"why"'))(good)


def many_names(good: bytes) -> bytes:
    return to_zip({f"{n}.safetensors": b"" for n in range(200)})


class Explosive:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch exploded",)


def torch_pickle() -> bytes:
    buffer = io.BytesIO()
    torch.save({"weights": Explosive()}, buffer)
    return buffer.getvalue()


def foreign_uncertainty() -> bytes:
    names = ("temperature", "mean", "scale", "hidden_bias", "output", "threshold")
    one = np.ones(1, np.float32)
    return save_numpy(dict.fromkeys(names, one) | {"format": 2 * one, "hidden": one[None]})


def flat_predictions(confidence: float) -> bytes:
    digits = torch.zeros(9, dtype=torch.uint8)
    return save({"labels": digits, "read": digits + 1, "confidence": torch.full((9,), confidence)})


PICKLE = pickle.dumps(Explosive())
FIGURES = ("train_loss", "validation_loss", "seconds", "learning_rate")
LONGER = [*json.loads(record(4).to_metadata()["epochs"]), {}]
ZIP = {
    "empty": lambda good: b"",
    "no zip": lambda good: b"PK\3\4 and so on" * 9,
    "cut": lambda good: good[:-1],
    "halved": lambda good: good[: len(good) // 2],
    "headless": lambda good: good[100:],
    "larger than an archive": lambda good: bytes(uploads.RUN_ARCHIVE) + good,
    "encrypted": with_header(b"PK\1\2", 8, b"\1"),
    "strongly encrypted": with_header(b"PK\1\2", 8, b"\x41"),
    "bad checksum": with_header(b"PK\1\2", 16, b"\0\0\0\0"),
    "zip64": lambda good: good[:-22] + b"PK\6\7" + bytes(16) + good[-22:],
    "lzma": lambda good: to_zip(from_zip(good), zipfile.ZIP_LZMA),
    "bzip2": lambda good: to_zip(from_zip(good), zipfile.ZIP_BZIP2),
    "symbolic link": lambda good: to_zip(from_zip(good), mode=stat.S_IFLNK | 0o777),
    "device": lambda good: to_zip(from_zip(good), mode=stat.S_IFCHR | 0o600),
    "doubled": lambda good: good.replace(b"last.safetensors", b"best.safetensors"),
    "null byte in a name": lambda good: good.replace(b"last.safetensors", b"run.json\0.pickle"),
    "many names": many_names,
    "lying bomb": lying_bomb,
    "bomb of a run": with_member(RUN, b" " * ((4 << 20) + 1)),
    "bomb of weights": with_member(BEST, bytes((64 << 20) + 1)),
    "bomb of predictions": with_member(PREDICTIONS, bytes((1 << 20) + 1)),
    "no run": without_member(RUN),
    "damaged uncertainty": with_member(archive_content.UNCERTAINTY, b"x"),
    "another network's": with_member(archive_content.UNCERTAINTY, foreign_uncertainty()),
    "uncertainty with one tensor": with_member(
        archive_content.UNCERTAINTY, save({"ood_threshold": torch.zeros(1)})
    ),
    **{
        f"name {name!r}": with_member(name, b"x")
        for name in (
            "../best.safetensors", "/tmp/best.safetensors", "..\\best.safetensors", "a/run.json",
            "best.safetensors/", "folder/", "C:run.json", "RUN.JSON", "best.pt", "best.pkl",
            "run.json ", "run.jso\u0144", ".", "", "store.sqlite",
        )
    },
}  # fmt: skip
NO_FIGURES = (math.nan, math.inf, -1.0, "low", None, True, 10**18, 10**400, [0.5])
NO_TIMES: tuple[object, ...] = (
    math.nan,
    math.inf,
    -1,
    "",
    "now",
    False,
    [],
    10**400,
    253_402_300_800,
)
NO_TEXTS = (7, None, ["a"], "x" * 10_001, "half \ud800")
# Values that run.json cannot have; a recipe's or the second epoch's as epochs__train_loss.
VALUES: dict[str, tuple[object, ...]] = {
    "format": ("mnistlab-run-0", None),
    "place": (1,),
    "state": ("asleep", "queued", "running", ["done"], None),
    "spec": ("8-banana", "8-p-p-p-p-p-p", "-".join(["1024"] * 9), None, "4-p4-8-p8-gap"),
    "recipe": (RECIPE.to_json(), None, []),
    "recipe__optimizer": ("magic",),
    "recipe__speed": (9,),
    "recipe__learning_rate": (math.nan, 10**400, "0.1"),
    "recipe__seed": (1,),
    "recipe__epochs": (3,),
    "epochs": (None, "", [], LONGER, LONGER[3::-1], [1], [EPOCHS[0].__dict__] * 4),
    "epochs__number": (3, 2.0, "2"),
    "epochs__note": ("x",),
    "epochs__train_accuracy": (*NO_FIGURES, 1.01),
    "epochs__validation_errors": (10_001, 0.5, -1),
    "epochs__validation_count": (0, 10**30, 199),
    **{f"epochs__{name}": NO_FIGURES for name in FIGURES},
    "test": ({"errors": 3, "count": 2}, {"errors": 3}, 0, [], {"errors": 59, "count": 10_000}),
    "created": (*NO_TIMES, None),
    "started": NO_TIMES,
    "ended": NO_TIMES,
    **{name: NO_TEXTS for name in ("owner", "tags", "notes", "message")},
    "name": (*NO_TEXTS, "x" * 81),
}
# Records that contradict this run.json.
RECORDED: dict[str, tuple[str, ...]] = {
    "name": ("x" * (1 << 20),),
    "format": ("mnistlab-99",),
    "spec": ("4-p4-8-p8-gap",),
    "recipe": (replace(RECIPE, seed=1).to_json(), '{"target_accuracy": 1' + "0" * 400 + "}"),
    "epochs": (record(4).to_metadata()["epochs"].replace("2.5", "2.6"), "[]"),
    "test": ('{"errors": 59, "count": 10000}',),
    "environment": ("[]", '{"threads": 4}'),
}
FILES = {
    "empty": b"",
    "pickle": PICKLE,
    "torch's pickle": torch_pickle(),
    "nested": struct.pack("<Q", 90_000) + b"[" * 90_000,
    "vast header": struct.pack("<Q", 2**63) + b"{}",
    "foreign": save({"weight": torch.zeros(3)}),
}
PARTS = (BEST, "last.safetensors", "resume.safetensors", PREDICTIONS)
CONTENTS = {
    **{f"{what} as {name}": with_member(name, FILES[what]) for what in FILES for name in PARTS},
    **{f"no numbers in {name}": weights(name, lambda t: t * math.nan) for name in PARTS[:3]},
    "endless": weights(BEST, lambda t: t + math.inf),
    "bfloat16": weights(BEST, lambda t: t.bfloat16()),
    "float8": weights(BEST, lambda t: t.to(torch.float8_e5m2)),
    "renamed": renamed_weights("conv1", "conv9"),
    "flipped bit": flipped_bit,
    **{
        f"{kind} in {name}": weights(name, lambda t, kind=kind: t.to(kind))  # type: ignore[misc]
        for kind in (torch.int32, torch.uint8, torch.bool, torch.float16, torch.float64)
        for name in PARTS[:3]
    },
    "transposed": weights(BEST, lambda t: t.mT.contiguous() if t.ndim > 1 else t),
    "flat": weights(BEST, lambda t: t.flatten()),
    "cut weights": weights(BEST, lambda t: t.reshape(-1)[:1].clone()),
    "confidence above 1": with_member(PREDICTIONS, flat_predictions(1.5)),
    "confidence not a number": with_member(PREDICTIONS, flat_predictions(math.nan)),
    "run is a pickle": with_member(RUN, PICKLE),
    "run is nested": with_member(RUN, b"[" * 100_000),
    "run is a list": with_member(RUN, b"[]"),
    "run is not text": with_member(RUN, b"\xff\xfe{"),
    "no field": with_unknown_field,
}
FORGERIES: dict[str, Forge] = {
    **ZIP,
    **{
        f"{k} {v!r:.30} {n}": with_values(**{k: v}) for k in VALUES for n, v in enumerate(VALUES[k])
    },
    **{f"best's {k} {v:.30}": weights(**{k: v}) for k in RECORDED for v in RECORDED[k]},
    **CONTENTS,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=map(ascii, FORGERIES))
def test_a_forgery_is_refused_in_a_sentence_and_changes_nothing(
    store: Store, good: bytes, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.folder)
    before, forged = content_of(store), forge(good)
    with pytest.raises(ArchiveError, match="Import failed: ") as caught:
        import_run(store, forged)
    assert content_of(store) == before and not Path("exploded").exists()
    assert len(str(caught.value).encode()) < 600 and "\n" not in str(caught.value)


def test_a_forgery_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError):
        import_run(Store(tmp_path / "runs"), b"PK")
    assert not (tmp_path / "runs").exists()


def test_harmless_changes_are_imported(store: Store, good: bytes) -> None:
    assert import_run(store, with_values(name="  a\n name ", tags="  x   y ")(good)) == 2
    run = run_of(store, 2)
    assert run.name == "a name" and run.tags == ("x", "y")
    assert import_run(store, with_values(created=1, name="", started=0, ended=None)(good)) == 3
    run = run_of(store, 3)
    assert (run.name, run.started, run.ended) == (str(SPEC), 0, None)
    for created, forge in enumerate(
        (
            lambda content: to_zip(from_zip(content), zipfile.ZIP_STORED),
            without_member("last.safetensors"),
            weights(),
            weights("last.safetensors"),
            with_member(PREDICTIONS, flat_predictions(0.5)),
        ),
        2,
    ):
        # Other times: otherwise they would be the same run.
        assert import_run(store, forge(with_values(created=created)(good)))


def fail(*args: object) -> None:
    raise OSError(28, "No space left on device")


def not_inserted(db: sqlite3.Connection, *rest: object) -> None:
    """What only the transaction's end finds wrong, when the files have their place already."""
    db.execute("PRAGMA defer_foreign_keys = ON")
    db.execute("INSERT INTO epochs VALUES (999, 1, 0, 0, 0, 0, 0, 0, 0, 0)")


@pytest.mark.parametrize("what", ["fsync", "rename", "insert", "commit"])
def test_an_import_that_fails_midway_changes_nothing(
    store: Store, good: bytes, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content_of(store)
    with monkeypatch.context() as broken:
        if what == "fsync":
            broken.setattr(os, "fsync", fail)
        elif what == "rename":
            broken.setattr(Path, "rename", fail)
        elif what == "insert":
            broken.setattr(store_module, "insert_epochs", lambda db, *rest: db.execute("nonsense"))
        else:
            broken.setattr(store_module, "insert_epochs", not_inserted)
        with pytest.raises((ArchiveError, StoreError), match=r"No space|nonsense|FOREIGN"):
            import_run(store, good)
    assert content_of(store) == before
    assert import_run(store, good) == 2


def test_damage_anywhere_is_refused_or_does_no_harm(tmp_path: Path, good: bytes) -> None:
    generator = random.Random(5)
    sound = new_store(tmp_path / "sound")
    expected, files = run_of(sound, import_run(sound, good)), files_of(sound, 1)
    taken = 0
    for turn in range(200):
        damaged = bytearray(good)
        # Half of the damage goes to the zip's own lists, at the end, where most of its sense is.
        at = generator.randrange(0 if turn % 2 else len(good) - 600, len(good))
        if turn % 5 == 0:
            del damaged[at:]
        elif turn % 5 == 1:
            del damaged[at : at + generator.randrange(1, 50)]
        else:
            damaged[at] ^= generator.randrange(1, 256)
        store = new_store(tmp_path / str(turn))
        try:
            run_id = import_run(store, bytes(damaged))
        except ArchiveError:
            assert not store.folder.exists()
        else:
            taken += 1
            assert run_of(store, run_id) == expected and files_of(store, run_id) == files
    assert 0 < taken < 100
