"""What a changed choice did to the accuracy: a difference, its interval, and a sentence about it.

With several seeds both ways are compared seed by seed, with one seed image by image.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mnistlab.training.score import Z_95


@dataclass(frozen=True)
class Effect:
    """A difference of accuracies (−1–1; above 0 the change is better) and its 95 % interval.

    `interval` is None where there is none to give. `pairs` are the seeds behind it; with one seed
    `p` is McNemar's, None without the readings of both runs.
    """

    difference: float
    interval: tuple[float, float] | None
    pairs: int
    p: float | None = None

    @property
    def shown(self) -> bool | None:
        """Whether it is more than noise; None where nothing can be said."""
        if self.pairs == 1:
            return None if self.p is None else self.p < 0.05
        if self.interval is None:
            return None
        return not self.interval[0] <= 0 <= self.interval[1]

    def __str__(self) -> str:
        low, high = self.interval or (math.nan, math.nan)
        between = f" (95 % {points(low)} to {points(high)})" if self.interval else ""
        return f"{points(self.difference)} points{between}"


def points(share: float) -> str:
    """A difference of accuracies in percentage points, with its sign."""
    shown = f"{100 * share:+.2f}".replace("-", "−")
    return "0.00" if shown in ("+0.00", "−0.00") else shown


def by_seeds(pairs: Sequence[tuple[float, float]]) -> Effect:
    """The mean difference of (before, after) accuracies (0–1) of the same seeds.

    Student's t on the paired differences ("Student", "The probable error of a mean", 1908); how
    much seeds differ is in it, that all of them read the same images is not. Raises ValueError
    without a pair.
    """
    if not pairs:
        raise ValueError("no pairs")
    differences = [after - before for before, after in pairs]
    mean = statistics.mean(differences)
    if len(pairs) == 1:
        return Effect(mean, None, 1)
    half = t_quantile(len(pairs) - 1) * statistics.stdev(differences) / math.sqrt(len(pairs))
    return Effect(mean, (mean - half, mean + half), len(pairs))


def by_images(only_before: int, only_after: int, count: int, p: float) -> Effect:
    """The difference on `count` images of which each run alone reads so many; `p` is McNemar's.

    The interval is A. Agresti and Y. Min's ("Simple improved confidence intervals for comparing
    matched proportions", 2005): Wald's, with half an image added to each of the four counts. It
    says nothing of other seeds.
    """
    before, after, n = only_before + 0.5, only_after + 0.5, count + 2
    middle = (after - before) / n
    half = Z_95 * math.sqrt(before + after - (after - before) ** 2 / n) / n
    return Effect((only_after - only_before) / count, (middle - half, middle + half), 1, p)


def t_quantile(freedom: int) -> float:
    """Student's t: what 95 % of its values lie within, for so many degrees of freedom."""
    low, high = 0.0, 1000.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < 0.95 else (low, middle)
    return high


def _within(t: float, freedom: int) -> float:
    """The share of Student's t that lies between −t and t.

    M. Abramowitz and I. Stegun, "Handbook of mathematical functions" (1964), 26.7.3 and 26.7.4.
    """
    angle, odd = math.atan(t / math.sqrt(freedom)), freedom % 2
    term, total = (math.cos(angle) if odd else 1.0), 0.0
    for k in range(2 + odd, freedom + 1, 2):
        total += term
        term *= math.cos(angle) ** 2 * (k - 1) / k
    inside = math.sin(angle) * total
    return 2 / math.pi * (angle + inside) if odd else inside


def verdict(change: str, effect: Effect) -> str:
    """One plain sentence: what the change did, and whether that is more than noise."""
    what = f"{change[:1].upper()}{change[1:]}"
    gained = "gains" if effect.difference > 0 else "costs"
    amount = f"{what} {gained} {abs(100 * effect.difference):.2f} points"
    seeds = "one seed" if effect.pairs == 1 else f"{effect.pairs} seeds"
    match effect.shown:
        case None:
            return f"{amount} with {seeds}; whether that is noise cannot be said yet."
        case True if effect.pairs == 1:
            return (
                f"{amount}: on these images more than chance would do (McNemar's p = "
                f"{effect.p:.2g}). It is one seed; others may differ, so train more."
            )
        case True:
            return f"{amount} with {seeds}: more than noise."
    if points(effect.difference) == "0.00":
        return f"{what} changes nothing that {seeds} can show."
    return f"{amount} with {seeds}: no more than noise would do."
