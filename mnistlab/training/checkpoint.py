"""Checkpoints: weights and their record in one safetensors file, which runs no code when read."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from mnistlab.arch.build import build
from mnistlab.arch.tensors import BATCH_COUNT
from mnistlab.atomic import write_atomic
from mnistlab.training.record import TrainingRecord
from mnistlab.training.tensor_file import packed, read_checkpoint


@dataclass(frozen=True)
class Checkpoint:
    """A network in evaluation mode, with its record."""

    network: nn.Sequential
    record: TrainingRecord


def save_checkpoint(path: Path, network: nn.Module, record: TrainingRecord) -> None:
    """Write a network's weights and its record, in place of an earlier file."""
    state = {
        key: value.detach().cpu().contiguous().numpy()
        for key, value in network.state_dict().items()
        if not key.endswith(BATCH_COUNT)
    }
    write_atomic(path, packed(state, record.to_metadata()))


def load_checkpoint(path: Path) -> Checkpoint:
    """Build the network that a file describes and load its weights.

    Raises CheckpointError if the file is not a checkpoint, is damaged, or does not fit its Spec.
    """
    record, tensors = read_checkpoint(path)
    network = build(record.spec, seed=0)
    # Copied, because the arrays are the file's own bytes.
    state = {name: torch.from_numpy(values.copy()) for name, values in tensors.items()}
    network.load_state_dict(state, strict=False)
    return Checkpoint(network.eval(), record)
