"""All advice about a design: one piece for every rule that it breaks.

A rule is a function from a network summary to its advice, independent of the other rules.
"""

from collections.abc import Callable, Iterator

from mnistlab.arch.advice import layout_rules, training_rules
from mnistlab.arch.advice.rule import Advice
from mnistlab.arch.summary import NetworkSummary


def advise(result: NetworkSummary) -> tuple[Advice, ...]:
    """All advice about a design, the most important first."""
    return tuple(advice for rule in RULES for advice in rule(result))


RULES: tuple[Callable[[NetworkSummary], Iterator[Advice]], ...] = (
    layout_rules.over_budget,
    layout_rules.partial_missing,
    layout_rules.small_field,
    layout_rules.large_field,
    layout_rules.late_pool,
    layout_rules.late_partial,
    training_rules.redundant_bias,
    training_rules.high_dropout,
    layout_rules.narrow_transitions,
    training_rules.missing_norm,
    training_rules.single_channel,
    training_rules.filter_alignment,
)
