"""The state of a training between two epochs as a safetensors file, from which it is resumed.

Like a checkpoint, the file runs no code when it is read, and its header holds the record.
"""

from pathlib import Path

import safetensors
import torch
from safetensors.torch import load, save

from mnistlab.arch.spec import Spec
from mnistlab.atomic import write_atomic
from mnistlab.errors import CheckpointError
from mnistlab.training.record import TrainingRecord, read_record
from mnistlab.training.state import TrainingState


def save_training_state(path: Path, training: TrainingState, record: TrainingRecord) -> None:
    """Write the state durably, in place of the previous epoch's."""
    write_atomic(path, save(training.state_dict(), metadata=record.to_metadata()))


def load_training_state(path: Path, training: TrainingState, spec: Spec) -> None:
    """Let a fresh training go on where the file's stood.

    Raises CheckpointError if the file is damaged or holds another network's or recipe's training,
    or one on another kind of device; the training must then not be used.
    """
    found = _record(path)
    if (found.spec, found.recipe) != (spec, training.recipe):
        raise CheckpointError(
            f"{path.name} belongs to another training ({found.spec}; {found.recipe}). "
            "Train this network again from the start."
        )
    device = found.environment.get("device", training.device.type)
    if device != training.device.type:
        raise CheckpointError(
            f"{path.name} was trained on {device}, this machine trains on {training.device.type}; "
            "resume it there, or train again from the start."
        )
    try:
        tensors = load(path.read_bytes())
        if not all(torch.isfinite(v).all() for v in tensors.values() if v.is_floating_point()):
            raise ValueError("it holds values that are not numbers")
        training.load_state_dict(tensors, found.epochs)
    except (
        OSError,
        safetensors.SafetensorError,
        LookupError,
        TypeError,
        ValueError,
        RuntimeError,
    ) as error:
        raise _damaged(path, " ".join(str(error).split())[:200]) from None


def _record(path: Path) -> TrainingRecord:
    try:
        return read_record(path)
    except CheckpointError:
        raise _damaged(path, "its record cannot be read") from None


def _damaged(path: Path, what: str) -> CheckpointError:
    return CheckpointError(
        f"{path.name} is damaged ({what}); this training cannot go on. Train again from the "
        "start; the best epoch's checkpoint is kept."
    )
