"""Our accuracies compared with those that the article reports."""

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
"""The article validates on MNIST's test images."""


@dataclass(frozen=True)
class Comparison:
    """Our accuracy (0–1, a mean over `n_seeds` seeds) and the article's.

    `margin_95` is the half-width of the difference's 95% interval. It covers the sampling of the
    images, and of the seeds if there are several; None if no interval can be given.
    """

    name: str
    ours: float
    article: float
    n_seeds: int
    margin_95: float | None

    def __str__(self) -> str:
        mean = f" (mean of {self.n_seeds} seeds)" if self.n_seeds > 1 else ""
        margin = ""
        if self.margin_95 is not None:
            width = f"±{100 * self.margin_95:.2f} pp"
            if self.n_seeds == 1:
                margin = f"; 95% CI of the images {width}; seeds not included"
            else:
                margin = f"; 95% CI of seeds and images {width}"
        return (
            f"{self.name}: {percent(self.ours)} here{mean}, {percent(self.article)} in the "
            f"article ({percentage_points(self.ours - self.article)}{margin})."
        )


def compare_with_article(
    article: ArticleResult, runs: Sequence[tuple[Sequence[Epoch], Epoch]]
) -> list[Comparison]:
    """Compare each accuracy in the article with ours.

    `runs` are (epochs, best epoch) of one or more seeds, trained on all 60,000 images. Training
    accuracy is the last epoch's, validation accuracy the best epoch's. Training accuracy has no
    interval: it is a running mean over an epoch while the weights change and dropout is on, always
    on the same 60,000 images, so it is not a sample of a larger population.
    """
    train = statistics.mean(epochs[-1].train_accuracy for epochs, _ in runs)
    comparisons = [Comparison("Training", train, article.train / 100, len(runs), None)]
    if article.validation is not None:
        ours, theirs = [best.validation_accuracy for _, best in runs], article.validation / 100
        mean, margin = statistics.mean(ours), _margin_95(ours, theirs)
        comparisons.append(Comparison("Validation", mean, theirs, len(runs), margin))
    return comparisons


def _margin_95(ours: Sequence[float], article: float) -> float:
    """The half-width of the 95% interval of mean(ours) − article.

    One seed: the normal approximation for two independent proportions of the same number of
    images. They are treated as independent because the article does not list its errors; the
    shared images can only make the interval narrower. Several seeds: Student's t, in which the
    article's accuracy counts as one more seed, sd·√(1 + 1/n). The sampling of the images remains
    even if a few seeds agree, so the interval is never narrower than that of one seed.
    """
    mean, n = statistics.mean(ours), len(ours)
    images = Z_95 * math.sqrt((mean * (1 - mean) + article * (1 - article)) / IMAGES)
    if n == 1:
        return images
    return max(images, t_quantile(n - 1) * statistics.stdev(ours) * math.sqrt(1 + 1 / n))
