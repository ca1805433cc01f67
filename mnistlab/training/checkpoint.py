"""Checkpoints: weights and their record in one safetensors file, which runs no code when read."""

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
    """Write a network's weights and its record, in place of an earlier file."""
    # Batch norm's counter of batches is left out: with a fixed momentum nothing uses it.
    state = {
        key: value.detach().cpu().contiguous()
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    write_atomic(path, save(state, metadata=record.to_metadata()))


def load_checkpoint(path: Path) -> Checkpoint:
    """Build the network that a file describes and load its weights.

    Raises CheckpointError if the file is not a checkpoint, is truncated, or does not fit its Spec.
    """
    record = read_record(path)
    network = build(record.spec, seed=0)
    try:
        # Read, not memory-mapped: if another process truncates a mapped file, this one is killed.
        state = load(path.read_bytes())
        expected = {
            key: value.shape
            for key, value in network.state_dict().items()
            if not key.endswith("num_batches_tracked")
        }
        if {key: value.shape for key, value in state.items()} != expected:
            raise CheckpointError(
                f"{path.name}: its weights do not fit its network {record.spec}. Train again."
            )
        network.load_state_dict(state, strict=False)
    except (OSError, safetensors.SafetensorError, RuntimeError) as error:
        raise CheckpointError(
            f"{path.name} is damaged ({error}). Choose another checkpoint or train again."
        ) from None
    if not all(torch.isfinite(value).all() for value in state.values()):
        raise CheckpointError(f"{path.name} has weights that are NaN or infinite. Train again.")
    return Checkpoint(network.eval(), record)
