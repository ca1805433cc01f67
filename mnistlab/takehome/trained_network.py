"""A trained network as plain values: what every file of this package is made from."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnistlab.training.record import TrainingRecord
from mnistlab.uncertainty.model import UncertaintyModel, load_uncertainty, uncertainty_path

if TYPE_CHECKING:
    from torch.nn import Module

Weights = dict[str, NDArray[np.float32]]
"""By PyTorch's names, such as `conv1.norm.running_mean`."""


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """`name` is for people; `uncertainty` is None if none was fitted."""

    name: str
    record: TrainingRecord
    weights: Weights
    uncertainty: UncertaintyModel | None = None

    @property
    def temperature(self) -> float:
        """What the logits are divided by; 1 if none was fitted."""
        return self.uncertainty.temperature if self.uncertainty else 1.0


def load_trained(path: Path, name: str) -> TrainedNetwork:
    """A checkpoint with its uncertainty model.

    Raises CheckpointError if a file is missing, damaged or does not fit its network.
    """
    from mnistlab.training.checkpoint import load_checkpoint

    loaded = load_checkpoint(path)
    uncertainty = load_uncertainty(uncertainty_path(path), loaded.record.spec)
    return TrainedNetwork(name, loaded.record, weights_of(loaded.network), uncertainty)


def weights_of(network: "Module") -> Weights:
    """A module's weights and batch norm's statistics."""
    return {
        key: value.numpy()
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
