"""An accuracy with its number of errors and its confidence interval."""

import math
import statistics
from dataclasses import dataclass

from mnistlab.text import percent, percent_range

Z_95 = statistics.NormalDist().inv_cdf(0.975)
"""The half-width that holds 95% of the standard normal distribution."""


@dataclass(frozen=True)
class Score:
    """`errors` misclassified images of `count`."""

    errors: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.count or self.count < 1:
            raise ValueError(f"{self.errors} errors in {self.count} images are impossible")

    @property
    def accuracy(self) -> float:
        """The fraction of correct predictions, 0–1."""
        return 1 - self.errors / self.count

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """Wilson's 95% interval for the accuracy, 0–1.

        E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
        """
        n, p = self.count, self.accuracy
        middle = (p + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
        half = Z_95 / (1 + Z_95**2 / n) * math.sqrt(p * (1 - p) / n + (Z_95 / (2 * n)) ** 2)
        return middle - half, middle + half

    def __str__(self) -> str:
        low, high = self.confidence_interval
        return (
            f"{percent(self.accuracy)} ({self.errors:,} errors in {self.count:,}; "
            f"95% CI {percent_range(low, high)})"
        )
