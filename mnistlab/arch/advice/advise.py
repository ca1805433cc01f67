"""Advice about a design: every rule that it breaks, with the fix where there is one.

A rule is a function from a ledger to its advice, and none of them asks what the others say.
"""

from collections.abc import Callable, Iterator

from mnistlab.arch.advice import layout_rules, training_rules
from mnistlab.arch.advice.rule import Advice
from mnistlab.arch.summary import NetworkSummary


def advise(result: NetworkSummary) -> tuple[Advice, ...]:
    """All there is to say about a design, the gravest first."""
    return tuple(advice for rule in RULES for advice in rule(result))


RULES: tuple[Callable[[NetworkSummary], Iterator[Advice]], ...] = (
    layout_rules.over_budget,
    layout_rules.partial_missing,
    layout_rules.small_field,
    layout_rules.large_field,
    layout_rules.late_pool,
    layout_rules.late_partial,
    training_rules.wasted_bias,
    training_rules.high_dropout,
    layout_rules.narrow_transitions,
    training_rules.missing_norm,
    training_rules.single_channel,
    training_rules.filter_alignment,
)
