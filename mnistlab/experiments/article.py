"""What was measured, compared with what the article reports."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mnistlab.arch.presets import ArticleResult
from mnistlab.data.dataset import MNIST
from mnistlab.stats.inference import t_quantile
from mnistlab.stats.score import Z_95
from mnistlab.text import percent, percentage_points
from mnistlab.training.epoch import Epoch

IMAGES = MNIST.n_test
"""The images that the article validates on: MNIST's test images."""


@dataclass(frozen=True)
class Comparison:
    """An accuracy here (0–1, the mean of so many seeds), and the article's.

    `noise` is the half-width of the difference's 95% interval: of the choice of images, and of the
    seeds where there are several; None where there is no interval to give.
    """

    what: str
    here: float
    article: float
    seeds: int
    noise: float | None

    def __str__(self) -> str:
        mean = f" (mean of {self.seeds} seeds)" if self.seeds > 1 else ""
        margin = ""
        if self.noise is not None:
            width = f"±{100 * self.noise:.2f} pp"
            one = f"; 95% CI of the images {width}; seeds not included"
            margin = one if self.seeds == 1 else f"; 95% CI of seeds and images {width}"
        return (
            f"{self.what}: {percent(self.here)} here{mean}, {percent(self.article)} in the "
            f"article ({percentage_points(self.here - self.article)}{margin})."
        )


def compare_with_article(
    article: ArticleResult, runs: Sequence[tuple[Sequence[Epoch], Epoch]]
) -> list[Comparison]:
    """Each accuracy that the article gives compared with this lab's, over (epochs, best epoch) of
    one or more seeds: the last epochs' training accuracy, the best epochs' validation accuracy.

    For runs on all 60,000 images. The training accuracy gets a difference and no interval: it is a
    running mean over an epoch in which the weights change and dropout is on, always on the same
    60,000 images, so that it is no sample of anything that an interval could be about.
    """
    train = [epochs[-1].train_accuracy for epochs, _ in runs]
    here = statistics.mean(train)
    found = [Comparison("Training", here, article.train / 100, len(runs), None)]
    if article.validation is not None:
        accuracies, there = [best.validation_accuracy for _, best in runs], article.validation / 100
        here, noise = statistics.mean(accuracies), _margin(accuracies, there)
        found.append(Comparison("Validation", here, there, len(runs), noise))
    return found


def _margin(here: Sequence[float], article: float) -> float:
    """The half-width of the 95% interval of mean(here) − article.

    One seed: two proportions of the same number of images by the normal distribution, taken as
    independent, because which images the article's network misread is not known; that they are the
    same images can only make it narrower. Several seeds: Student's t, in which the article's
    figure counts as one more seed, sd·√(1 + 1/n). A few seeds that happen to agree do not make the
    images' part go away: the interval is never narrower than one seed's.
    """
    mean, n = statistics.mean(here), len(here)
    images = Z_95 * math.sqrt((mean * (1 - mean) + article * (1 - article)) / IMAGES)
    if n == 1:
        return images
    return max(images, t_quantile(n - 1) * statistics.stdev(here) * math.sqrt(1 + 1 / n))
