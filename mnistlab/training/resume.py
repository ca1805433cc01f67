"""The state of a training between two epochs as a safetensors file, from which it is resumed.

Like a checkpoint, the file runs no code when it is read, and its header holds the record.
"""

from dataclasses import replace
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load, save

from mnistlab import legacy
from mnistlab.arch.spec import Spec
from mnistlab.atomic import write_atomic
from mnistlab.errors import CheckpointError
from mnistlab.training.engine.selection import Kernels
from mnistlab.training.record import TrainingRecord, read_record
from mnistlab.training.state import TrainingState

KERNELS = "kernels"
"""The entry of a record's environment that names them."""


def save_training_state(path: Path, training: TrainingState, record: TrainingRecord) -> None:
    """Write the state durably, in place of the previous epoch's; the file names the kernels."""
    named = replace(record, environment=record.environment | {KERNELS: training.kernels.value})
    write_atomic(path, save(training.state_dict(), metadata=named.to_metadata()))


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
        tensors = legacy.upgrade_state(load(path.read_bytes()))
        if not all(torch.isfinite(v).all() for v in tensors.values() if v.is_floating_point()):
            raise ValueError("it has values that are NaN or infinite")
        training.load_state_dict(tensors, record.epochs)
    except (
        OSError,
        safetensors.SafetensorError,
        LookupError,
        TypeError,
        ValueError,
        RuntimeError,
    ) as error:
        raise _damaged(path, " ".join(str(error).split())[:200]) from None
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


def _damaged(path: Path, reason: str) -> CheckpointError:
    return CheckpointError(
        f"{path.name} is damaged ({reason}), so this run cannot continue. Train again; the best "
        "epoch's checkpoint remains."
    )
