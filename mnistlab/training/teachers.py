"""The checkpoints that trainings learn from, in a folder of their own.

A file is named by its content, so that a run finds its teacher whatever becomes of the run that
trained it. The checksum covers what the teacher computes, the network and its weights, and not the
record: a checkpoint that is saved again with another record is the same teacher.
"""

import hashlib
from pathlib import Path

from mnistlab.arch.spec import Spec
from mnistlab.arch.tensors import Tensors
from mnistlab.atomic import write_atomic
from mnistlab.data.options import Split
from mnistlab.errors import CheckpointError
from mnistlab.recipe.recipe import TEACHER_DIGITS
from mnistlab.training.record import Teacher
from mnistlab.training.tensor_file import read_checkpoint, tensor_lines

MAX_BYTES = 64 << 20
"""Of a teacher's file; the largest preset's has 6 MB."""


def checksum(spec: Spec, tensors: Tensors) -> str:
    """A checkpoint's checksum: 64 hexadecimal digits.

    SHA-256 over the network string and a line feed, then `tensor_file.tensor_lines`.
    """
    digest = hashlib.sha256(f"{spec}\n".encode())
    for line in tensor_lines(tensors):
        digest.update(line)
    return digest.hexdigest()


def read_teacher(path: Path) -> Teacher:
    """A checkpoint as a teacher, its weights checked. Raises CheckpointError if it is damaged."""
    try:
        is_large = path.stat().st_size > MAX_BYTES
    except OSError:
        is_large = False  # reading it says what is wrong
    if is_large:
        raise CheckpointError(
            f"{path.name} is larger than {MAX_BYTES >> 20} MB. Choose another teacher."
        )
    record, tensors = read_checkpoint(path)
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
