"""What a checkpoint reads in a Digit."""

from dataclasses import dataclass
from pathlib import Path

import torch

from mnistlab.sketch.digit import Digit
from mnistlab.training import checkpoint
from mnistlab.training.evaluate import logits
from mnistlab.training.record import Record


@dataclass(frozen=True)
class Reading:
    """Ten probabilities, for 0 to 9, that sum to one."""

    probabilities: tuple[float, ...]

    @property
    def digit(self) -> int:
        """The likeliest."""
        return self.probabilities.index(max(self.probabilities))


class Reader:
    """A checkpoint, loaded once and ready to read. Raises CheckpointError where loading does."""

    def __init__(self, path: Path) -> None:
        loaded = checkpoint.read(path)
        self.record: Record = loaded.record
        self._network = loaded.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def read(self, digit: Digit) -> Reading:
        images = torch.from_numpy(digit.pixels.copy())[None]
        return Reading(tuple(logits(self._network, images)[0].softmax(0).tolist()))
