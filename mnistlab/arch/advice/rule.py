"""A piece of advice: the rule that a design breaks, the reason, and one fix."""

from dataclasses import dataclass
from enum import StrEnum

from mnistlab.arch.spec import Spec


class Rule(StrEnum):
    """What a piece of advice is about."""

    BUDGET = "over budget"
    PARTIAL = "missing partial transition"
    SMALL_FIELD = "small receptive field"
    LARGE_FIELD = "large receptive field"
    LATE_POOL = "late pool"
    LATE_PARTIAL = "late partial transition"
    BIAS = "bias before batch norm"
    DROPOUT = "high dropout"
    NARROW = "narrow transition"
    NORM = "no batch norm"
    SINGLE = "depthwise-separable on one channel"
    ALIGNMENT = "filters not multiples of 8"


@dataclass(frozen=True)
class Advice:
    """A problem in a layer (or "network"), its reason, and the fixed network.

    `label` is the button's; it is empty, and `fix` None, where no single change helps. A fix can
    always be built. It never takes a network over the budget, nor further over it.
    """

    rule: Rule
    layer: str
    reason: str
    label: str = ""
    fix: Spec | None = None
