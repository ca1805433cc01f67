"""The checkpoints that trainings build on, in a folder of their own: teachers and initial weights.

A file is named by its content, so that a run finds its source whatever becomes of the run that
trained it. The checksum covers what the source computes, the network and its weights, and not the
record: a checkpoint that is saved again with another record is the same source.
"""

import hashlib
from pathlib import Path

from mnistlab.arch.spec import Spec
from mnistlab.arch.tensors import Tensors, tensor_shapes
from mnistlab.atomic import write_atomic
from mnistlab.data.options import Split
from mnistlab.errors import CheckpointError
from mnistlab.recipe.recipe import CHECKSUM_DIGITS
from mnistlab.training.record import SourceNetwork
from mnistlab.training.tensor_file import read_checkpoint, tensor_lines

MAX_BYTES = 64 << 20
"""Of a source's file; the largest preset's has 6 MB."""


def checksum(spec: Spec, tensors: Tensors) -> str:
    """A checkpoint's checksum: 64 hexadecimal digits.

    SHA-256 over the network string and a line feed, then `tensor_file.tensor_lines`.
    """
    digest = hashlib.sha256(f"{spec}\n".encode())
    for line in tensor_lines(tensors):
        digest.update(line)
    return digest.hexdigest()


def read_source(path: Path) -> SourceNetwork:
    """A checkpoint as a source, its weights checked. Raises CheckpointError if it is damaged."""
    try:
        is_large = path.stat().st_size > MAX_BYTES
    except OSError:
        is_large = False  # reading it says what is wrong
    if is_large:
        raise CheckpointError(
            f"{path.name} is larger than {MAX_BYTES >> 20} MB. Choose another checkpoint."
        )
    record, tensors = read_checkpoint(path)
    return SourceNetwork(
        checksum(record.spec, tensors),
        record.name,
        record.spec,
        record.reported_score,
        record.optimistic,
        record.recipe.split,
    )


def caveat(source: Split, training: Split) -> str:
    """What a source's protocol means for a training's accuracies, in a sentence; empty if nothing.

    What a source has learned from images, its weights or its probabilities may carry on.
    """
    if training is Split.HOLDOUT and source is Split.ARTICLE:
        return (
            "It was trained on the validation images, and its epoch was selected on the test "
            "images, so validation and test accuracy may be optimistic."
        )
    if training is Split.HOLDOUT and source is not Split.HOLDOUT:
        # All but hold-out train on all training images.
        return "It was trained on the validation images, so validation accuracy may be optimistic."
    if training is Split.ALL and source is Split.ARTICLE:
        return "Its epoch was selected on the test images, so test accuracy may be optimistic."
    return ""


def check_fits(source: SourceNetwork, spec: Spec) -> None:
    """Raise CheckpointError unless the source's weights fit a network, which may differ in what has
    no weights: dropout, activations, padding.
    """
    if tensor_shapes(source.spec) != tensor_shapes(spec):
        raise CheckpointError(
            f"The initial weights of {source.name} are those of another network, {source.spec}. "
            f"Choose a checkpoint of {spec}, or train that network."
        )


def source_path(folder: Path, short: str) -> Path:
    """Where the source that a recipe calls `short` is, or will be."""
    return folder / f"{short}.safetensors"


def saved_source(folder: Path, short: str) -> SourceNetwork:
    """The folder's source that a recipe calls `short`.

    Raises CheckpointError if its file is missing, damaged or another checkpoint's.
    """
    path = source_path(folder, short)
    if not path.is_file():
        raise CheckpointError(f"Checkpoint {short} is missing. {_remedy(path)}")
    try:
        source = read_source(path)
    except CheckpointError as error:
        raise CheckpointError(f"Checkpoint {short}: {error} {_remedy(path)}") from None
    if source.short != short:
        raise CheckpointError(
            f"Checkpoint {short}: {path.name} is another one, {source.short}. {_remedy(path)}"
        )
    return source


def _remedy(path: Path) -> str:
    return f"Import the run that it is from, or copy its checkpoint to {path}, then try again."


def save_source(folder: Path, checkpoint: Path) -> SourceNetwork:
    """Copy a checkpoint to the folder, unless it is there; as a source.

    A damaged copy is replaced. Raises CheckpointError if the checkpoint is damaged, the folder
    cannot be written, or another source there has the same first digits.
    """
    source = read_source(checkpoint)
    try:
        saved = saved_source(folder, source.short)
    except CheckpointError:
        saved = None
    if saved and saved.checksum != source.checksum:
        raise CheckpointError(
            f"{checkpoint.name}: the first {CHECKSUM_DIGITS} digits of its checksum are those of "
            f"another one, {saved.name}. Choose another checkpoint."
        )
    if not saved:
        path = source_path(folder, source.short)
        try:
            write_atomic(path, checkpoint.read_bytes())
        except OSError as error:
            raise CheckpointError(
                f"The checkpoint cannot be copied to {path}: {error}. Free some space or check its "
                "permissions."
            ) from None
    return source
