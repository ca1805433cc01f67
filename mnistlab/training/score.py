"""An accuracy with its count of errors and the interval that such a count leaves open."""

import math
from dataclasses import dataclass

Z_95 = 1.959964
"""The standard normal's 97.5 % quantile."""


@dataclass(frozen=True)
class Score:
    """`errors` of `count` digits misread."""

    errors: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.count or self.count < 1:
            raise ValueError(f"{self.errors} errors of {self.count} digits cannot be")

    @property
    def accuracy(self) -> float:
        """The share read rightly, 0–1."""
        return 1 - self.errors / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval for the accuracy, 0–1.

        E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
        """
        n, p = self.count, self.accuracy
        middle = (p + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
        half = Z_95 / (1 + Z_95**2 / n) * math.sqrt(p * (1 - p) / n + (Z_95 / (2 * n)) ** 2)
        return middle - half, middle + half

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{percent(self.accuracy)} ({self.errors:,} errors of {self.count:,}, "
            f"95 % {percent(low)}–{percent(high)})"
        )


def percent(share: float, decimals: int = 2) -> str:
    """A share (0–1) in per cent, with the space that belongs before the sign."""
    return f"{100 * share:.{decimals}f} %"
