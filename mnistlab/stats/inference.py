"""Student's t, the exact binomial test and Holm's correction.

The distributions are those of `scipy.special`, imported inside the functions. `scipy.stats` is not
used because its import takes a second, which every page would wait for.
"""

import math
import statistics
from collections.abc import Sequence
from typing import cast

ALPHA = 0.05
"""The significance level: differences with a smaller p-value are called significant."""


def t_quantile(degrees_of_freedom: int) -> float:
    """The half-width that holds 95% of Student's t-distribution."""
    from scipy.special import stdtrit

    return cast(float, stdtrit(degrees_of_freedom, 1 - ALPHA / 2).item())


def t_p_value(t: float, degrees_of_freedom: int) -> float:
    """The two-sided p-value of a t-statistic."""
    from scipy.special import stdtr

    return cast(float, 2 * stdtr(degrees_of_freedom, -abs(t)).item())


def t_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The 95% confidence interval of the values' mean; None for fewer than two values.

    "Student", "The probable error of a mean" (1908).
    """
    if len(values) < 2:
        return None
    mean, error = statistics.mean(values), statistics.stdev(values) / math.sqrt(len(values))
    half = t_quantile(len(values) - 1) * error
    return mean - half, mean + half


def sign_test(few: int, many: int) -> float:
    """The exact two-sided p-value of a split into `few` and `many` if both are equally likely."""
    from scipy.special import bdtr

    tail = bdtr(min(few, many), few + many, 0.5).item()
    # The two tails overlap if the split is even.
    return cast(float, min(1.0, 2 * tail))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted for multiple comparisons, in the given order.

    S. Holm, "A simple sequentially rejective multiple test procedure" (1979): the smallest of n is
    multiplied by n, the next by n − 1 and so on, keeping their order. If nothing differs, at most
    5% of such lists have a significant p-value, even if the tests depend on each other.
    """
    adjusted, highest = [0.0] * len(p_values), 0.0
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def significance(p_value: float) -> str:
    """ "significant (p = 0.012)" or "not significant (p = 0.31)"."""
    word = "significant" if p_value < ALPHA else "not significant"
    if p_value < 0.001:
        return f"{word} (p < 0.001)"
    return f"{word} (p = {p_value:.2g})" if p_value < 0.1 else f"{word} (p = {p_value:.2f})"
