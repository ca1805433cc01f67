"""What a piece of advice is: a rule that a design breaks, why it matters, and one fix."""

from dataclasses import dataclass
from enum import StrEnum

from mnistlab.arch.spec import Spec


class Rule(StrEnum):
    """What an advice is about."""

    BUDGET = "over budget"
    PARTIAL = "partial transition missing"
    SMALL_FIELD = "short receptive field"
    LARGE_FIELD = "needlessly large receptive field"
    LATE_POOL = "late pool"
    LATE_PARTIAL = "late partial transition"
    BIAS = "bias before batch norm"
    DROPOUT = "high dropout"
    NARROW = "narrow transition"
    NORM = "no batch norm"
    SINGLE = "depthwise-separable on one channel"
    ALIGNMENT = "filters not multiples of eight"


@dataclass(frozen=True)
class Advice:
    """What is amiss in a layer (or "network"), why, and the design that a button makes of it.

    `label` is the button's; it is empty, and `change` None, where no single change helps. A change
    can always be built. It never takes a design over the budget, nor further over it.
    """

    rule: Rule
    layer: str
    reason: str
    label: str = ""
    change: Spec | None = None
