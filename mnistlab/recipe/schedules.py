"""How the learning rate changes over a run: the schedules, their constants and their formulas."""

import math
from collections.abc import Sequence

from mnistlab.choice import Choice

PLATEAU_PATIENCE = 3
PLATEAU_FACTOR = 0.5
STEPS = ((0.5, 0.1), (0.75, 0.01))
"""Of the step schedule: after which fraction of the run, which fraction of the peak."""
WARM_UP = 0.2
"""Fraction of the run over which the one-cycle schedule raises the rate."""
WARM_UP_START = 0.1
"""Of the peak: where it begins."""


class Schedule(Choice):
    """How the learning rate changes over a run; `learning_rate_at` has the formulas."""

    CONSTANT = "constant", "Constant"
    STEP = "step", "Step decay"
    PLATEAU = "plateau", "Reduce on plateau"
    COSINE = "cosine", "Cosine decay"
    ONE_CYCLE = "one-cycle", "One cycle"

    @property
    def help(self) -> str:
        """The formula in words, with the numbers that it has."""
        match self:
            case Schedule.CONSTANT:
                return "The same rate for the whole run."
            case Schedule.STEP:
                steps = ", ".join(f"{part:.3g} after {end:.3g}" for end, part in STEPS)
                return f"Falls to fractions of the peak: {steps} of the run."
            case Schedule.PLATEAU:
                return (
                    f"Multiplies the rate by {PLATEAU_FACTOR:g} after {PLATEAU_PATIENCE} epochs "
                    "without improvement, as in the article."
                )
            case Schedule.COSINE:
                return "Half a cosine from the peak down to 0."
            case Schedule.ONE_CYCLE:
                return (
                    f"Up from {WARM_UP_START:g} of the peak over the first {WARM_UP:.3g} of the "
                    "run, then along a cosine down to 0. Tolerates higher peak rates."
                )


def learning_rate_at(
    schedule: Schedule, peak: float, progress: float, validation: Sequence[float] = ()
) -> float:
    """The learning rate when the fraction `progress` (0–1) of all steps is done.

    `validation` are the validation accuracies so far; only the plateau schedule uses them.
    """
    match schedule:
        case Schedule.CONSTANT:
            return peak
        case Schedule.STEP:
            # The last step that has been passed; before the first one, the peak itself.
            return peak * next((part for end, part in reversed(STEPS) if progress >= end), 1.0)
        case Schedule.PLATEAU:
            return peak * PLATEAU_FACTOR ** _plateaus(validation)
        case Schedule.COSINE:
            # (1 + cos) / 2 falls from 1 to 0 while its angle goes from 0 to π.
            return peak * (1 + math.cos(math.pi * progress)) / 2
        case Schedule.ONE_CYCLE:
            # A line up to the peak, then the same cosine over the rest of the run.
            if progress < WARM_UP:
                return peak * (WARM_UP_START + (1 - WARM_UP_START) * progress / WARM_UP)
            return peak * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))) / 2


def _plateaus(validation: Sequence[float]) -> int:
    """How often the best accuracy or the last reduction was `PLATEAU_PATIENCE` epochs ago."""
    count, waited, best = 0, 0, -math.inf
    for accuracy in validation:
        waited = 0 if accuracy > best else waited + 1
        best = max(best, accuracy)
        if waited == PLATEAU_PATIENCE:
            count, waited = count + 1, 0
    return count
