"""Advice about networks: each fix can be built, and fixes the problem that it names."""

import pytest

from mnistlab.arch.advice.advise import advise
from mnistlab.arch.advice.rule import Advice, Rule
from mnistlab.arch.presets import PRESETS, resolve
from mnistlab.arch.spec import parse
from mnistlab.arch.summary import BUDGET, summarize
from tests.random_specs import possible

SUMMARIES = [summarize(p.spec) for p in PRESETS] + possible(300, 7000)


def by_rule(text: str) -> dict[Rule, Advice]:
    return {one.rule: one for one in advise(summarize(resolve(text)))}


# For each rule: a network that breaks it, the layer that is named, the network after the click
# (None where no click helps), and a neighbor that just does not break it.
CASES = [
    (
        Rule.BUDGET,
        "8-16-p10-16-20-16-20-16-full",
        "conv4",
        "8-16-p10-16-19-16-20-16-full",
        "8-16-p10-16-19-16-20-16-full",
    ),
    (
        Rule.PARTIAL,
        "8-16-p10-16-20-16-20-16-full",
        "conv4",
        "8-16-p10-16-20-t12-16-20-16-full",
        "8-16-p10-16-20-16-20-full",
    ),
    # No partial transition by itself saves target 1.
    (Rule.BUDGET, "target-1", "conv6", "3-5-p3-5-10-20-41-full", "target-2"),
    (Rule.SMALL_FIELD, "8-8-p-8-8-8-gap", "conv5", "8-8-p-8-8-8-8-gap", "8-8-p-8-8-8-8-gap"),
    (
        Rule.LARGE_FIELD,
        "8s-8s-p-8s-8s-p-8s-8s-p-8s-8s-gap",
        "conv8",
        "8s-8s-p-8s-8s-p-8s-8s-8s-8s-gap",
        "8s-8s-p-8s-8s-p-8s-8s-8s-8s-gap",
    ),
    (
        Rule.LATE_POOL,
        "8-8-8-8-8-p-8-full",
        "pool1",
        "8-8-8-8-p-8-8-full",
        "8-8-8-8-p-8-8-full",
    ),
    # One convolution that covers the whole map weighs every place by itself.
    (
        Rule.LATE_POOL,
        "8-8-p-8-8-8-p-full",
        "pool2",
        "8-8-p-8-p-8-8-full",
        "6-8-p-10-10-12-p-12-gap",
    ),
    (
        Rule.LATE_PARTIAL,
        "8-16-p10-16-20-16-20-t12-full",
        "transition2",
        "8-16-p10-16-20-16-20-full",
        "8-16-p10-16-20-16-20-t12-gap",
    ),
    (
        Rule.BIAS,
        "target-4",
        "network",
        "8-16-p10-16-20-t12-16-20-full-bn-nobias-drop0.05",
        "target-2",
    ),
    (
        Rule.DROPOUT,
        "8-16-p10-16-20-16-20-full-bn-drop0.25",
        "conv6",
        "8-16-p10-16-20-16-20-full-bn-drop0.05",
        "8-16-p10-16-20-16-20-full-bn-drop0.2",
    ),
    (
        Rule.DROPOUT,
        "8-16-p10-16-20-16-20-gap-bn-drop0.05",
        "conv6",
        "8-16-p10-16-20-16-20-gap-bn",
        "8-16-p10-16-20-16-20-full-bn-drop0.05",
    ),
    (
        Rule.DROPOUT,
        "8-16-p10-16-20-16-20-t12-gap-bn-drop0.4",
        "network",
        "8-16-p10-16-20-16-20-t12-gap-bn-drop0.05",
        "8-16-p10-16-20-16-20-t12-gap-bn-drop0.3",
    ),
    (
        Rule.NARROW,
        "8-16-p4-16-20-16-20-full",
        "transition1",
        "8-16-p10-16-20-16-20-full",
        "8-8-p10-16-20-16-20-full",
    ),
    (Rule.NORM, "8-8-p8-8-8-8-full", "network", "8-8-p8-8-8-8-full-bn", "8-8-p8-8-8-full"),
    (Rule.SINGLE, "8d-16d-p-16-16-full", "conv1", "8-16d-p-16-16-full", "8-16d-p-16-16-full"),
    # What residual connections tie together is narrowed, widened and rounded together.
    (
        Rule.BUDGET,
        "8-16-p-36-36r-gap",
        "conv4",
        "8-16-p-31-31r-gap",
        "8-16-p-31-31r-gap",
    ),
    (Rule.NARROW, "8-16-p4-4r-16-full", "transition1", "8-16-p10-10r-16-full", "8-p10-10r-full"),
    (Rule.ALIGNMENT, "8-12-12dr-p-16-full", "network", "8-16-16dr-p-16-full", "8-8r-p-16-full"),
    (Rule.ALIGNMENT, "8-12-p-16-16-full", "network", "8-16-p-16-16-full", "8-16-p10-16-16-full"),
]


@pytest.mark.parametrize(("rule", "broken", "layer", "fixed", "valid"), CASES)
def test_a_rule_names_the_layer_and_its_fix_and_not_a_similar_network(
    rule: Rule, broken: str, layer: str, fixed: str | None, valid: str
) -> None:
    one = by_rule(broken)[rule]
    assert (one.layer, one.fix and str(one.fix)) == (layer, fixed)
    assert rule not in by_rule(valid)
    if one.fix:
        assert rule not in {again.rule for again in advise(summarize(one.fix))}


def test_every_rule_has_its_case() -> None:
    assert {case[0] for case in CASES} == set(Rule)


def test_no_preset_breaks_a_layout_rule() -> None:
    plan = {
        Rule.SMALL_FIELD,
        Rule.LARGE_FIELD,
        Rule.LATE_POOL,
        Rule.LATE_PARTIAL,
        Rule.NARROW,
        Rule.DROPOUT,
    }
    for preset in PRESETS:
        assert not plan & set(by_rule(str(preset.spec))), preset.name


def test_a_fix_never_exceeds_the_budget_nor_increases_an_excess() -> None:
    for result in SUMMARIES:
        for one in advise(result):
            if one.fix:
                assert summarize(one.fix).total <= max(BUDGET, result.total)


def test_every_fix_can_be_built_and_sent_as_a_link() -> None:
    for result in SUMMARIES:
        found = advise(result)
        assert len(set(found)) == len(found)
        for one in found:
            assert one.layer and one.reason and bool(one.fix) == bool(one.label)
            if one.fix:
                assert summarize(one.fix).total
                assert str(parse(str(one.fix))) == str(one.fix)
                assert one.fix != result.spec


def test_only_networks_over_the_budget_get_its_advice() -> None:
    for result in SUMMARIES:
        found = [one for one in advise(result) if one.rule is Rule.BUDGET]
        assert bool(found) == (result.total > BUDGET)
