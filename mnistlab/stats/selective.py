"""Selective classification: answer only when confident enough, and be right more often."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """For falling thresholds of confidence, all (M,) and from 0 to 1.

    `coverage` is the fraction of the images with at least that `confidence`, `risk` the fraction of
    those that are misclassified.
    """

    confidence: NDArray[np.float64]
    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]

    def coverage_at(self, risk: float) -> float:
        """The greatest coverage at which the risk is no greater; 0 if it is everywhere."""
        return float(self.coverage[self.risk <= risk].max(initial=0.0))

    def thinned(self, count: int) -> "RiskCoverage":
        """At most about `count` of the points, evenly along the coverage, with both ends."""
        if len(self.coverage) <= count:
            return self
        wanted = np.linspace(self.coverage[0], self.coverage[-1], count)
        places = np.unique(np.searchsorted(self.coverage, wanted - 1e-12))
        return RiskCoverage(self.confidence[places], self.coverage[places], self.risk[places])


def risk_coverage(confidence: ArrayLike, is_wrong: Sequence[bool] | ArrayLike) -> RiskCoverage:
    """The curve of predictions, both arguments (N,) with N > 0.

    R. El-Yaniv & Y. Wiener, "On the foundations of noise-free selective classification" (2010);
    for networks Y. Geifman & R. El-Yaniv, "Selective classification for deep neural networks"
    (2017), where the confidence is the softmax response as here.
    """
    scores = np.asarray(confidence, np.float64)
    order = np.argsort(-scores, kind="stable")
    scores, wrong = scores[order], np.asarray(is_wrong, np.float64)[order]
    answered = np.arange(1, len(scores) + 1)
    # Equal confidences are all answered or none of them: only the last of them is a point.
    is_last = np.append(scores[1:] < scores[:-1], True)
    return RiskCoverage(
        scores[is_last],
        (answered / len(scores))[is_last],
        (np.cumsum(wrong) / answered)[is_last],
    )
