"""Teachers' files: a checksum that only the content decides, copies that are checked when read."""

import hashlib
import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load

from mnistlab import zoo
from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.data.options import Split
from mnistlab.errors import CheckpointError
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.training import sources
from mnistlab.training.checkpoint import load_checkpoint, save_checkpoint
from mnistlab.training.epoch import Epoch
from mnistlab.training.record import (
    SourceNetwork,
    TrainingRecord,
    read_record,
    record_from_metadata,
)
from mnistlab.training.sources import (
    caveat,
    checksum,
    read_source,
    save_source,
    saved_source,
    source_path,
)

SPEC = parse("4-p4-8-gap-bn")
EPOCH = Epoch(1, 0.1, 0.9, 0.1, 100, 10_000, 0.1, 1.0, 1000.0)
RECORD = TrainingRecord("mine", SPEC, Recipe(), (EPOCH,), 1, Score(60, 10_000))
PRETRAINED = {
    "most-accurate": "25e10dfb7ebec757",
    "sketch": "5250d71c355d4ff6",
    "smallest": "a17ef15871f1b67b",
    "target-4": "0e4c50316c80145d",
}
"""Recipes and addresses have these, so they stay what they are."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "best.safetensors"
    save_checkpoint(path, build(SPEC, 0), RECORD)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "teachers"


def test_the_checksum_is_sha_256_of_the_documented_bytes(source: Path) -> None:
    tensors = load(source.read_bytes())
    content = f"{SPEC}\n".encode()
    for name, values in sorted(tensors.items()):
        shape = ", ".join(map(str, values.shape))
        content += f'["{name}", "float32", [{shape}]]\n'.encode()
        content += b"".join(struct.pack("<f", value) for value in values.ravel().tolist())
    assert checksum(SPEC, tensors) == hashlib.sha256(content).hexdigest()
    assert read_source(source).checksum == hashlib.sha256(content).hexdigest()


def test_only_network_and_weights_decide_the_checksum(source: Path) -> None:
    first = read_source(source).checksum
    other = replace(RECORD, name="renamed", test=None, environment={"threads": "7"})
    save_checkpoint(source, load_checkpoint(source).network, other)
    assert read_source(source).checksum == first
    tensors = load(source.read_bytes())
    big_endian = {name: values.astype(">f4") for name, values in reversed(tensors.items())}
    fortran = {name: np.asfortranarray(values) for name, values in tensors.items()}
    assert checksum(SPEC, big_endian) == checksum(SPEC, fortran) == first
    name = "conv1.conv.weight"
    changed = tensors | {name: np.nextafter(tensors[name], np.float32(9))}
    renamed = {key.replace("conv1", "conv9"): values for key, values in tensors.items()}
    flat = tensors | {name: tensors[name].ravel()}
    others = [
        checksum(SPEC, changed),
        checksum(SPEC, renamed),
        checksum(SPEC, flat),
        checksum(parse("4-p4-8-gap-bn-gelu"), tensors),
    ]
    assert len({first, *others}) == 5


def test_the_pretrained_checkpoints_keep_their_checksums() -> None:
    assert {path.stem: read_source(path).short for path in zoo.checkpoints()} == PRETRAINED


def test_a_teacher_is_copied_once_and_is_what_was_copied(source: Path, folder: Path) -> None:
    teacher = save_source(folder, source)
    assert teacher == SourceNetwork(
        teacher.checksum, "mine", SPEC, Score(60, 10_000), False, Split.HOLDOUT
    )
    path = source_path(folder, teacher.short)
    assert path.read_bytes() == source.read_bytes()
    written = path.stat().st_mtime_ns
    save_checkpoint(source, build(SPEC, 0), replace(RECORD, name="another record"))
    assert save_source(folder, source).short == teacher.short
    assert path.stat().st_mtime_ns == written and saved_source(folder, teacher.short) == teacher
    assert [each.name for each in folder.iterdir()] == [path.name]


def test_a_missing_damaged_or_other_file_is_an_error_that_says_what_to_do(
    source: Path, folder: Path
) -> None:
    with pytest.raises(CheckpointError, match=r"missing.*Import the run"):
        saved_source(folder, "0" * 16)
    teacher = save_source(folder, source)
    path = source_path(folder, teacher.short)
    content = path.read_bytes()
    for wrong in (b"", content[:-8], content[:-1] + bytes([content[-1] ^ 1]), b"x" * 999):
        path.write_bytes(wrong)
        with pytest.raises(CheckpointError, match=f"{teacher.short}.*Import the run"):
            saved_source(folder, teacher.short)
        assert save_source(folder, source) == teacher, "another copy mends it"
        assert path.read_bytes() == content
    save_checkpoint(path, build(SPEC, 1), RECORD)
    with pytest.raises(CheckpointError, match="another one"):
        saved_source(folder, teacher.short)


def test_two_teachers_with_the_same_first_digits_are_refused(
    source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = save_source(folder, source)
    real = checksum

    def colliding(*content: object) -> str:
        return first.short + real(*content)[16:]  # type: ignore[arg-type]

    monkeypatch.setattr(sources, "checksum", colliding)
    save_checkpoint(source, build(SPEC, 1), RECORD)
    saved = source_path(folder, first.short).read_bytes()
    with pytest.raises(CheckpointError, match="another one"):
        save_source(folder, source)
    assert source_path(folder, first.short).read_bytes() == saved


def test_a_file_that_cannot_be_a_teacher_is_an_error(
    source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CheckpointError, match="missing"):
        read_source(source.with_name("nowhere.safetensors"))
    save_checkpoint(source, build(parse("4-p4-8-gap"), 0), RECORD)
    with pytest.raises(CheckpointError, match="do not fit"):
        save_source(folder, source)
    monkeypatch.setattr(sources, "MAX_BYTES", 100)
    with pytest.raises(CheckpointError, match="larger than"):
        save_source(folder, source)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_an_error(source: Path, folder: Path) -> None:
    folder.write_text("in the way")
    with pytest.raises(CheckpointError, match="cannot be copied"):
        save_source(folder, source)


def test_the_record_names_the_teacher(source: Path) -> None:
    teacher = read_source(source)
    assert str(teacher) == "mine · 99.40% · 494 parameters"
    assert "optimistic" in str(replace(teacher, optimistic=True))
    record = replace(RECORD, recipe=Recipe(teacher=teacher.short), teacher=teacher)
    save_checkpoint(source, build(SPEC, 0), record)
    assert read_record(source) == record and read_record(source).teacher == teacher


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"checksum": "00"},
        {"checksum": None},
        {"name": 7},
        {"spec": "nonsense"},
        {"score": None},
        {"score": {"errors": 9, "count": 3}},
        {"optimistic": "no"},
        {"split": "half"},
        {"more": 1},
        {"checksum": "f" * 64},
    ],
)
def test_a_record_with_a_wrong_teacher_is_an_error(source: Path, values: dict[str, object]) -> None:
    teacher = read_source(source)
    record = replace(RECORD, recipe=Recipe(teacher=teacher.short), teacher=teacher)
    metadata = record.to_metadata()
    assert record_from_metadata(metadata, "here") == record
    changed = json.loads(metadata["teacher"]) | values if values else values
    with pytest.raises(CheckpointError, match="here"):
        record_from_metadata(metadata | {"teacher": json.dumps(changed)}, "here")


def test_the_copy_gives_the_same_logits(source: Path, folder: Path) -> None:
    teacher = save_source(folder, source)
    copy = load_checkpoint(source_path(folder, teacher.short)).network
    images = torch.rand(5, 1, 28, 28)
    assert torch.equal(copy(images), load_checkpoint(source).network(images))


@pytest.mark.parametrize("student", list(Split))
@pytest.mark.parametrize("teacher", list(Split))
def test_what_a_teacher_has_seen_is_named(teacher: Split, student: Split) -> None:
    has_validation = student is Split.HOLDOUT and teacher is not Split.HOLDOUT
    has_test = student is not Split.ARTICLE and teacher is Split.ARTICLE
    sentence = caveat(teacher, student)
    assert ("validation" in sentence) is has_validation
    assert ("test" in sentence) is has_test
    assert bool(sentence) is (has_validation or has_test)
