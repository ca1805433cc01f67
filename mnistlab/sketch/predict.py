"""What a checkpoint reads in a Digit."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mnistlab.data.looks import looks
from mnistlab.sketch.digit import Digit
from mnistlab.sketch.reading import Reading
from mnistlab.training import checkpoint, doubt
from mnistlab.training.doubt import Doubt
from mnistlab.training.features import scores_and_features
from mnistlab.training.record import Record


class Reader:
    """A checkpoint, loaded once and ready to read.

    `lent` is the doubt of a checkpoint that has none of its own. Raises CheckpointError where
    loading does.
    """

    def __init__(self, path: Path, lent: Doubt | None = None) -> None:
        loaded = checkpoint.read(path)
        self.record: Record = loaded.record
        self.network = loaded.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.doubt = doubt.read(doubt.beside(path), self.record.spec) or lent

    def read(self, digit: Digit, several: bool = True) -> Reading:
        """Read a drawing, in several looks at it or in the one alone."""
        image = torch.from_numpy(digit.pixels.copy())
        seen = looks(image) if several else image[None]
        scores, features = scores_and_features(self.network, seen)
        # The views' logits are averaged, then tempered, then made probabilities (softmax).
        mean = scores.mean(0) / (self.doubt.temperature if self.doubt else 1.0)
        shares = np.exp(mean - mean.max())
        probabilities = shares / shares.sum()
        # How strange it is, is told by the drawing itself, which is the first view.
        strange = self.doubt.strangeness(features[:1]) if self.doubt else None
        return Reading(
            tuple(probabilities.tolist()),
            None if strange is None else float(strange[0]),
            self.doubt is not None,
        )


def seen(digit: Digit) -> NDArray[np.uint8]:
    """The looks (N, 28, 28) at a drawing that an answer is the mean of."""
    return looks(torch.from_numpy(digit.pixels.copy())).numpy()
