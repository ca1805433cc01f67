"""The state of a training between two epochs as a safetensors file, from which it is resumed.

Like a checkpoint, the file runs no code when it is read, and its header holds the record.
"""

from dataclasses import replace
from pathlib import Path

import torch

from mnistlab import legacy
from mnistlab.arch.spec import Spec
from mnistlab.atomic import write_atomic
from mnistlab.errors import CheckpointError
from mnistlab.training.engine.selection import Kernels
from mnistlab.training.record import TrainingRecord, read_record
from mnistlab.training.state import TrainingState
from mnistlab.training.tensor_file import check_state, damaged, packed, unpacked

KERNELS = "kernels"
"""The entry of a record's environment that names them."""


def save_training_state(path: Path, training: TrainingState, record: TrainingRecord) -> None:
    """Write the state durably, in place of the previous epoch's; the file names the kernels."""
    named = replace(record, environment=record.environment | {KERNELS: training.kernels.value})
    tensors = {name: value.numpy() for name, value in training.state_dict().items()}
    write_atomic(path, packed(tensors, named.to_metadata()))


def load_training_state(path: Path, training: TrainingState, spec: Spec) -> TrainingRecord:
    """Load the file's state into a new training, which then continues after the last epoch; its
    record.

    It continues with the kernels that it began with.

    Raises CheckpointError if the file is damaged or belongs to another network, recipe or kind of
    device; the training must then not be used.
    """
    record = _record(path)
    if (record.spec, record.recipe) != (spec, training.recipe):
        raise CheckpointError(
            f"{path.name} belongs to another training ({record.spec}; {record.recipe}). "
            "Train this network again."
        )
    device = record.environment.get("device", training.device.type)
    if device != training.device.type:
        raise CheckpointError(
            f"{path.name} was trained on {device}, but this machine trains on "
            f"{training.device.type}. Resume it there, or train again."
        )
    training.kernels = _kernels(path, record)
    try:
        arrays = legacy.upgrade_state(unpacked(path.read_bytes())[0])
        check_state(spec, training.recipe, arrays)
        tensors = {name: torch.from_numpy(values.copy()) for name, values in arrays.items()}
        training.load_state_dict(tensors, record.epochs)
    except (OSError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise _damaged(path, error) from None
    return record


def _kernels(path: Path, record: TrainingRecord) -> Kernels:
    """The kernels that the training began with; PyTorch's in records that do not name them."""
    name = record.environment.get(KERNELS, Kernels.TORCH.value)
    if name in list(Kernels) and Kernels(name).available:
        return Kernels(name)
    raise CheckpointError(
        f"{path.name} was trained with the kernels {name!r}, which this machine does not have. "
        "Install mnistlab's requirements.txt and resume, or train again."
    )


def _record(path: Path) -> TrainingRecord:
    try:
        return read_record(path)
    except CheckpointError:
        raise _damaged(path, "its record cannot be read") from None


def _damaged(path: Path, reason: object) -> CheckpointError:
    return damaged(
        path.name,
        reason,
        "So this run cannot continue. Train again; the best epoch's checkpoint remains.",
    )
