"""A prediction: ten probabilities, its confidence, and whether the input looks like a digit."""

from dataclasses import dataclass
from enum import StrEnum

CONFIDENT_FROM = 0.97
"""At a lower probability the prediction is uncertain and names two candidates.

Chosen on half of the writers of `benchmarks/strokes.py`, such that 99.5% of the others are correct.
"""


class Verdict(StrEnum):
    CONFIDENT = "confident"
    UNCERTAIN = "uncertain"
    NOT_A_DIGIT = "not a digit"


@dataclass(frozen=True)
class Prediction:
    """Ten probabilities, for 0 to 9, that sum to one.

    `ood_score`: the odds that the input is no digit, in units of those at the threshold: above 1,
    it is taken for none; None without an OOD detector. `calibrated`: whether a temperature was
    fitted.
    """

    probabilities: tuple[float, ...]
    ood_score: float | None = None
    calibrated: bool = True

    @property
    def order(self) -> list[int]:
        """The digits, the most probable first."""
        return sorted(range(len(self.probabilities)), key=lambda d: -self.probabilities[d])

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return self.order[0]

    @property
    def confidence(self) -> float:
        """Its probability (0–1)."""
        return self.probabilities[self.digit]

    @property
    def verdict(self) -> Verdict:
        if self.ood_score is not None and self.ood_score > 1:
            return Verdict.NOT_A_DIGIT
        return Verdict.CONFIDENT if self.confidence >= CONFIDENT_FROM else Verdict.UNCERTAIN
