"""What was measured, held against what the article reports."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mnistlab.arch.presets import Reported
from mnistlab.data.dataset import MNIST
from mnistlab.training.epoch import Epoch
from mnistlab.training.score import Z_95, percent

IMAGES = MNIST.n_test
"""That the article validates on: MNIST's test images."""
DIGITS = MNIST.n_train
"""That it trains on."""


@dataclass(frozen=True)
class Comparison:
    """An accuracy here (0–1) beside the article's, and whether they differ by more than noise."""

    what: str
    here: float
    article: float
    noise: float
    """How far two such accuracies lie apart by the images' chance alone, in 95 of 100 cases."""

    @property
    def apart(self) -> bool:
        return abs(self.here - self.article) > self.noise

    def __str__(self) -> str:
        figures = f"{self.what} {percent(self.here)} here, {percent(self.article)} in the article"
        if not self.apart:
            return f"{figures}: no more apart than chance would put them."
        way = "above" if self.here > self.article else "below"
        return (
            f"{figures}: this lab is {abs(100 * (self.here - self.article)):.2f} points {way}, "
            f"more than the {100 * self.noise:.2f} that chance would explain."
        )


def against(article: Reported, epochs: Sequence[Epoch], kept: Epoch) -> list[Comparison]:
    """Each figure that the article gives beside this lab's: its last epoch's training accuracy, its
    kept epoch's validation accuracy. For runs on all 60,000 digits.
    """
    found = [_compared("Training", epochs[-1].train_accuracy, article.train / 100, DIGITS)]
    if article.validation is not None:
        here, there = kept.validation_accuracy, article.validation / 100
        found.append(_compared("Validation", here, there, IMAGES))
    return found


def _compared(what: str, here: float, article: float, count: int) -> Comparison:
    """Two proportions of as many images, by the normal distribution."""
    variance = (here * (1 - here) + article * (1 - article)) / count
    return Comparison(what, here, article, Z_95 * math.sqrt(variance))
