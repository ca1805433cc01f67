"""The checkpoints that trainings learn from, in a folder of their own.

A file is named by its content, so that a run finds its teacher whatever becomes of the run that
trained it. The checksum covers what the teacher computes, the network and its weights, and not the
record: a checkpoint that is saved again with another record is the same teacher.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import load

from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.atomic import write_atomic
from mnistlab.data.options import Split
from mnistlab.errors import CheckpointError
from mnistlab.recipe.recipe import TEACHER_DIGITS
from mnistlab.training.record import Teacher, read_record

MAX_BYTES = 64 << 20
"""Of a teacher's file; the largest preset's has 6 MB."""


def checksum(spec: Spec, tensors: Mapping[str, NDArray[np.generic]]) -> str:
    """A checkpoint's checksum: 64 hexadecimal digits.

    SHA-256 over lines that end in a line feed: first the network string, then for each tensor, by
    name, the JSON list of name, type and shape; each such line is followed by the tensor's bytes,
    little-endian and in C order.
    """
    digest = hashlib.sha256(f"{spec}\n".encode())
    for name in sorted(tensors):
        values = tensors[name]
        ordered = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        heading = json.dumps([name, ordered.dtype.name, list(values.shape)])
        digest.update(f"{heading}\n".encode())
        digest.update(ordered.tobytes())
    return digest.hexdigest()


def read_teacher(path: Path) -> Teacher:
    """A checkpoint as a teacher, its weights checked. Raises CheckpointError if it is damaged."""
    record = read_record(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointError(
                f"{path.name} is larger than {MAX_BYTES >> 20} MB. Choose another teacher."
            )
        tensors = load(path.read_bytes())
    except (OSError, safetensors.SafetensorError, LookupError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is damaged ({error}). Choose another checkpoint."
        ) from None
    if sum(values.size for values in tensors.values()) != summarize(record.spec).total:
        raise CheckpointError(
            f"{path.name}: its weights do not fit its network {record.spec}. Choose another one."
        )
    return Teacher(
        checksum(record.spec, tensors),
        record.name,
        record.spec,
        record.reported_score,
        record.optimistic,
        record.recipe.split,
    )


def caveat(teacher: Split, student: Split) -> str:
    """What a teacher's protocol means for a student's accuracies, in a sentence; empty if nothing.

    What a teacher has learned from images, its probabilities of other images may carry on.
    """
    if student is Split.HOLDOUT and teacher is Split.ARTICLE:
        return (
            "It was trained on the validation images, and its epoch was selected on the test "
            "images, so validation and test accuracy may be optimistic."
        )
    if student is Split.HOLDOUT and teacher is not Split.HOLDOUT:
        # All but hold-out train on all training images.
        return "It was trained on the validation images, so validation accuracy may be optimistic."
    if student is Split.ALL and teacher is Split.ARTICLE:
        return "Its epoch was selected on the test images, so test accuracy may be optimistic."
    return ""


def teacher_path(folder: Path, short: str) -> Path:
    """Where the teacher that a recipe calls `short` is, or will be."""
    return folder / f"{short}.safetensors"


def saved_teacher(folder: Path, short: str) -> Teacher:
    """The folder's teacher that a recipe calls `short`.

    Raises CheckpointError if its file is missing, damaged or another checkpoint's.
    """
    path = teacher_path(folder, short)
    if not path.is_file():
        raise CheckpointError(f"Teacher {short} is missing. {_remedy(path)}")
    try:
        teacher = read_teacher(path)
    except CheckpointError as error:
        raise CheckpointError(f"Teacher {short}: {error} {_remedy(path)}") from None
    if teacher.short != short:
        raise CheckpointError(
            f"Teacher {short}: {path.name} is another checkpoint, {teacher.short}. {_remedy(path)}"
        )
    return teacher


def _remedy(path: Path) -> str:
    return f"Import the run that it is from, or copy its checkpoint to {path}, then try again."


def save_teacher(folder: Path, source: Path) -> Teacher:
    """Copy a checkpoint to the folder, unless it is there; as a teacher.

    A damaged copy is replaced. Raises CheckpointError if the checkpoint is damaged, the folder
    cannot be written, or another teacher there has the same first digits.
    """
    teacher = read_teacher(source)
    try:
        saved = saved_teacher(folder, teacher.short)
    except CheckpointError:
        saved = None
    if saved and saved.checksum != teacher.checksum:
        raise CheckpointError(
            f"{source.name}: the first {TEACHER_DIGITS} digits of its checksum are those of "
            f"another teacher, {saved.name}. Choose another checkpoint."
        )
    if not saved:
        path = teacher_path(folder, teacher.short)
        try:
            write_atomic(path, source.read_bytes())
        except OSError as error:
            raise CheckpointError(
                f"The teacher cannot be copied to {path}: {error}. Free some space or check its "
                "permissions."
            ) from None
    return teacher
