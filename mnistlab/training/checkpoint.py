"""Weights and their record in one safetensors file, which never runs code when it is read."""

from dataclasses import dataclass
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load, save
from torch import nn

from mnistlab.arch.build import build
from mnistlab.atomic import write_atomic
from mnistlab.errors import CheckpointError
from mnistlab.training.record import TrainingRecord, read_record


@dataclass(frozen=True)
class Checkpoint:
    """A network in evaluation mode, with its record."""

    network: nn.Sequential
    record: TrainingRecord


def save_checkpoint(path: Path, network: nn.Module, record: TrainingRecord) -> None:
    """Put a network's weights and its record on the disk, in place of the file before."""
    # The record says which epoch this is; the counter of batches would add a tensor for nothing.
    state = {
        key: value.detach().cpu().contiguous()
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    write_atomic(path, save(state, metadata=record.to_metadata()))


def load_checkpoint(path: Path) -> Checkpoint:
    """Build the network that a file describes and fill in its weights.

    Raises CheckpointError if the file is no checkpoint, was cut short, or does not fit its Spec.
    """
    record = read_record(path)
    network = build(record.spec, seed=0)
    try:
        # Not mapped into memory: a file that is cut while it is mapped kills the process.
        state = load(path.read_bytes())
        expected = {
            key: value.shape
            for key, value in network.state_dict().items()
            if not key.endswith("num_batches_tracked")
        }
        if {key: value.shape for key, value in state.items()} != expected:
            raise CheckpointError(f"{path.name}: its weights do not fit its network {record.spec}.")
        network.load_state_dict(state, strict=False)
    except (OSError, safetensors.SafetensorError, RuntimeError) as error:
        raise CheckpointError(
            f"{path.name} is damaged ({error}); choose another checkpoint or train again."
        ) from None
    if not all(torch.isfinite(value).all() for value in state.values()):
        raise CheckpointError(f"{path.name} holds weights that are not numbers; train again.")
    return Checkpoint(network.eval(), record)
