"""Advice about a design: every rule that it breaks, with the fix where there is one.

A rule is a function from a ledger to its advice, and none of them asks what the others say.
"""

from collections.abc import Callable, Iterator

from mnistlab.arch import rules_layout, rules_training
from mnistlab.arch.ledger import Ledger
from mnistlab.arch.rule import Advice


def advise(result: Ledger) -> tuple[Advice, ...]:
    """All there is to say about a design, the gravest first."""
    return tuple(advice for rule in RULES for advice in rule(result))


RULES: tuple[Callable[[Ledger], Iterator[Advice]], ...] = (
    rules_layout.over_budget,
    rules_layout.partial_missing,
    rules_layout.short_field,
    rules_layout.far_field,
    rules_layout.late_pool,
    rules_layout.late_partial,
    rules_training.wasted_bias,
    rules_training.high_dropout,
    rules_layout.narrow_transitions,
    rules_training.missing_norm,
    rules_training.single_channel,
    rules_training.uneven_filters,
)
