"""What a checkpoint reads in a drawing, and how far that is to be believed."""

from dataclasses import dataclass
from enum import StrEnum

SURE_FROM = 0.8
"""The least probability that an answer is given with; below it there are two candidates."""


class Verdict(StrEnum):
    SURE = "sure"
    UNSURE = "not sure"
    STRANGE = "not a digit"


@dataclass(frozen=True)
class Reading:
    """Ten probabilities, for 0 to 9, that sum to one.

    `strangeness` is how far the drawing lies from training digits, above 1 for what is none; None
    where the checkpoint has nothing to tell it by. `calibrated`: whether a temperature was fitted.
    """

    probabilities: tuple[float, ...]
    strangeness: float | None = None
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
    def sure(self) -> float:
        """Its probability (0–1)."""
        return self.probabilities[self.digit]

    @property
    def verdict(self) -> Verdict:
        if self.strangeness is not None and self.strangeness > 1:
            return Verdict.STRANGE
        return Verdict.SURE if self.sure >= SURE_FROM else Verdict.UNSURE
