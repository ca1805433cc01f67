"""What a checkpoint reads in a drawing, and how far that is to be believed."""

from dataclasses import dataclass
from enum import StrEnum

CONFIDENT_FROM = 0.8
"""The least probability that an answer is given with; below it there are two candidates."""


class Verdict(StrEnum):
    CONFIDENT = "sure"
    UNCERTAIN = "not sure"
    NOT_A_DIGIT = "not a digit"


@dataclass(frozen=True)
class Prediction:
    """Ten probabilities, for 0 to 9, that sum to one.

    `strangeness` is how far the drawing lies from training digits, above 1 for what is none; None
    where the checkpoint has nothing to tell it by. `calibrated`: whether a temperature was fitted.
    """

    probabilities: tuple[float, ...]
    ood_score: float | None = None
    calibrated: bool = True

    @property
    def order(self) -> list[int]:
        """The digits, the likeliest first."""
        return sorted(range(len(self.probabilities)), key=lambda d: -self.probabilities[d])

    @property
    def digit(self) -> int:
        """The likeliest."""
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
