"""The difference of two accuracies, with its confidence interval and its p-value.

Several seeds are compared seed by seed (paired t-test), one seed image by image (McNemar's test).
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mnistlab.stats.inference import ALPHA, holm, significance, t_p_value, t_quantile
from mnistlab.stats.score import Z_95, Score
from mnistlab.text import percentage_points, percentage_points_range, quantity


@dataclass(frozen=True)
class AccuracyDifference:
    """A difference of accuracies (−1 to 1; above 0 the change is better) and its 95% CI.

    `confidence_interval` and `p_value` are None for one seed without the predictions of both runs.
    `n_pairs` is the number of seeds. `adjusted_p_value` is the p-value after Holm's correction, if
    the difference is one of several.
    """

    difference: float
    confidence_interval: tuple[float, float] | None
    n_pairs: int
    p_value: float | None = None
    adjusted_p_value: float | None = None

    @property
    def significant(self) -> bool | None:
        """Whether the difference is significant, after correction if there is one."""
        p_value = self._final_p_value
        return None if p_value is None else p_value < ALPHA

    @property
    def significance(self) -> str:
        """ "significant (p = 0.012)", "not significant (p = 0.31)" or "significance unknown"."""
        p_value = self._final_p_value
        return "significance unknown" if p_value is None else significance(p_value)

    @property
    def _final_p_value(self) -> float | None:
        return self.p_value if self.adjusted_p_value is None else self.adjusted_p_value

    def __str__(self) -> str:
        if self.confidence_interval is None:
            return percentage_points(self.difference)
        return (
            f"{percentage_points(self.difference)} (95% CI "
            f"{percentage_points_range(*self.confidence_interval)})"
        )


def paired_t(
    pairs: Sequence[tuple[Score, Score]], discordance: float | None = None
) -> AccuracyDifference:
    """The mean difference of the (before, after) scores of the same seeds: a paired t-test.

    `discordance` is `predictions.discordance` of the same pairs. The default is the largest that
    the errors allow: no image is misclassified both before and after. Raises ValueError without a
    pair, or if the scores differ in their number of images.

    The standard error of the t-test covers the seeds alone, and is 0 if a few seeds happen to
    agree. But all seeds use the same images, and other images would give another difference. So
    the standard error is at least that of the choice of images (`image_error`).
    """
    counts = {score.count for pair in pairs for score in pair}
    if len(counts) != 1:
        raise ValueError("no pairs, or scores with different numbers of images")
    (count,) = counts
    differences = [(before.errors - after.errors) / count for before, after in pairs]
    mean, n = statistics.mean(differences), len(pairs)
    if n == 1:
        return AccuracyDifference(mean, None, 1)
    if discordance is None:
        discordance = statistics.mean(one.errors + two.errors for one, two in pairs) / count
    # More seeds lower the error of the seeds, but not that of the images: it is a lower bound.
    seed_error = statistics.stdev(differences) / math.sqrt(n)
    error = max(seed_error, image_error(discordance, mean, count))
    half = t_quantile(n - 1) * error
    return AccuracyDifference(mean, (mean - half, mean + half), n, t_p_value(mean / error, n - 1))


def image_error(discordance: float, difference: float, count: int) -> float:
    """The standard error of a paired difference (−1 to 1) due to the choice of `count` images.

    `discordance` is the mean squared change of an image. With one seed a change is 1, 0 or −1, and
    discordance is the fraction of images that only one of the two networks classifies correctly.
    Half an image is added on either side, as in `paired_images`, so that no error is 0.
    """
    # A discordance from other images than the difference can be too small for it.
    variance = max(discordance - difference**2, 0.0)
    return math.sqrt((variance + 1 / count) / count)


def paired_images(
    only_before: int, only_after: int, count: int, p_value: float
) -> AccuracyDifference:
    """The difference on `count` images, from the numbers that only one run classifies correctly.

    `p_value` is McNemar's. The confidence interval is Wald's with half an image added to each of
    the four counts (A. Agresti and Y. Min, "Simple improved confidence intervals for comparing
    matched proportions", 2005). It covers the choice of images, not other seeds.
    """
    # Half an image for each of the four counts, so n grows by two: no interval has the length 0.
    before, after, n = only_before + 0.5, only_after + 0.5, count + 2
    middle = (after - before) / n
    # The variance of a difference of two paired proportions: (b + a − (a − b)² / n) / n².
    half = Z_95 * math.sqrt(before + after - (after - before) ** 2 / n) / n
    # The difference itself is reported without the added images.
    return AccuracyDifference(
        (only_after - only_before) / count, (middle - half, middle + half), 1, p_value
    )


def holm_corrected(differences: Sequence[AccuracyDifference]) -> list[AccuracyDifference]:
    """The differences of one table with `adjusted_p_value`, by Holm's correction."""
    adjusted = iter(holm([each.p_value for each in differences if each.p_value is not None]))
    return [
        each if each.p_value is None else replace(each, adjusted_p_value=next(adjusted))
        for each in differences
    ]


def describe(change: str, difference: AccuracyDifference) -> str:
    """A change, its difference of accuracies and its significance, in one line."""
    name = f"{change[:1].upper()}{change[1:]}"
    seeds = quantity(difference.n_pairs, "seed")
    interval = (
        f"; 95% CI {percentage_points_range(*difference.confidence_interval)}"
        if difference.confidence_interval
        else ""
    )
    line = (
        f"{name}: {percentage_points(difference.difference)} ({seeds}{interval}), "
        f"{difference.significance}."
    )
    if difference.n_pairs > 1:
        return line
    return f"{line} One seed covers the choice of images, not other seeds: train more."
