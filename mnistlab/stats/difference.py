"""What a changed choice did to the accuracy: a difference, its interval, its p value.

With several seeds both ways are compared seed by seed, with one seed image by image.
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
    """A difference of accuracies (−1–1; above 0 the change is better) and its 95% interval.

    `interval` and `p` are None where there is none to give: for one seed without the predictions
    of both runs. `pairs` are the seeds behind it. `adjusted_p` is `p` after Holm's correction,
    where the effect is one of several.
    """

    difference: float
    confidence_interval: tuple[float, float] | None
    n_pairs: int
    p_value: float | None = None
    adjusted_p_value: float | None = None

    @property
    def significant(self) -> bool | None:
        """Whether it is significant, among its like where it was corrected; None if not known."""
        p = self.p_value if self.adjusted_p_value is None else self.adjusted_p_value
        return None if p is None else p < ALPHA

    @property
    def significance(self) -> str:
        """ "significant (p = 0.012)", "not significant (p = 0.31)" or "significance unknown"."""
        p = self.p_value if self.adjusted_p_value is None else self.adjusted_p_value
        return "significance unknown" if p is None else significance(p)

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
    """The mean difference of the (before, after) scores of the same seeds: a paired t test.

    `discordance` is `readings.discordance` of the same pairs. Without it the largest that the
    errors allow is taken: that no image is misread both before and after. Raises ValueError
    without a pair, or if the scores are not all of as many images.

    The standard error of Student's test is that of the seeds alone, and a few seeds that happen to
    agree make it 0. All of them are tried on the same images, though, and other images would give
    another difference: the standard error is never taken to be less than theirs.
    """
    counts = {score.count for pair in pairs for score in pair}
    if len(counts) != 1:
        raise ValueError("no pairs, or pairs of different counts")
    (count,) = counts
    differences = [(before.errors - after.errors) / count for before, after in pairs]
    mean, n = statistics.mean(differences), len(pairs)
    if n == 1:
        return AccuracyDifference(mean, None, 1)
    if discordance is None:
        discordance = statistics.mean(one.errors + two.errors for one, two in pairs) / count
    # The seeds' part shrinks with their number; the images' part does not, so it is a floor.
    seeds = statistics.stdev(differences) / math.sqrt(n)
    error = max(seeds, image_error(discordance, mean, count))
    half = t_quantile(n - 1) * error
    return AccuracyDifference(mean, (mean - half, mean + half), n, t_p_value(mean / error, n - 1))


def image_error(discordance: float, difference: float, count: int) -> float:
    """The standard error that the choice of `count` images gives to a paired difference (−1–1).

    `discordance` is the mean over the images of the squared change (1, 0 or −1 with one seed: then
    it is the share of the images that one of two networks alone reads). Half an image is added on
    either side, as in `by_images`, so that no error is 0.
    """
    # Of other images than the difference's, the discordance may be too small for it.
    variance = max(discordance - difference**2, 0.0)
    return math.sqrt((variance + 1 / count) / count)


def paired_images(only_before: int, only_after: int, count: int, p: float) -> AccuracyDifference:
    """The difference on `count` images of which each run alone reads so many; `p` is McNemar's.

    The interval is A. Agresti and Y. Min's ("Simple improved confidence intervals for comparing
    matched proportions", 2005): Wald's, with half an image added to each of the four counts. It
    covers the images, not other seeds.
    """
    before, after, n = only_before + 0.5, only_after + 0.5, count + 2
    middle = (after - before) / n
    half = Z_95 * math.sqrt(before + after - (after - before) ** 2 / n) / n
    return AccuracyDifference(
        (only_after - only_before) / count, (middle - half, middle + half), 1, p
    )


def holm_corrected(effects: Sequence[AccuracyDifference]) -> list[AccuracyDifference]:
    """The effects of one table with `adjusted_p`: Holm's correction over those that have a p."""
    adjusted = iter(holm([each.p_value for each in effects if each.p_value is not None]))
    return [
        each if each.p_value is None else replace(each, adjusted_p_value=next(adjusted))
        for each in effects
    ]


def describe(change: str, effect: AccuracyDifference) -> str:
    """What the change did and whether that is significant, in one line."""
    what = f"{change[:1].upper()}{change[1:]}"
    seeds = quantity(effect.n_pairs, "seed")
    interval = (
        f"; 95% CI {percentage_points_range(*effect.confidence_interval)}"
        if effect.confidence_interval
        else ""
    )
    line = (
        f"{what}: {percentage_points(effect.difference)} ({seeds}{interval}), "
        f"{effect.significance}."
    )
    if effect.n_pairs > 1:
        return line
    return f"{line} One seed covers the choice of images, not other seeds: train more."
