"""Advice about designs: each mend is a network that can be built, and mends what it names."""

from mnistlab.arch.ledger import BUDGET, ledger
from mnistlab.arch.lint import Rule, advise
from mnistlab.arch.presets import PRESETS, TARGETS
from mnistlab.arch.spec import parse
from tests.random_specs import possible

LEDGERS = [ledger(p.spec) for p in PRESETS] + possible(300, 7000)


def rules(text: str) -> set[Rule]:
    return {one.rule for one in advise(ledger(parse(text)))}


def test_every_mend_can_be_built_and_sent_as_an_address() -> None:
    for result in LEDGERS:
        found = advise(result)
        assert len(set(found)) == len(found)
        for one in found:
            assert one.layer and one.reason and bool(one.change) == bool(one.label)
            if one.change:
                assert ledger(one.change).total
                assert str(parse(str(one.change))) == str(one.change)
                assert one.change != result.spec


def test_a_bias_before_batch_norm_is_noticed_and_its_mend_ends_that() -> None:
    bias = next(a for a in advise(ledger(TARGETS[3].spec)) if a.rule is Rule.BIAS)
    assert bias.change and not bias.change.conv_bias
    assert Rule.BIAS not in {one.rule for one in advise(ledger(bias.change))}
    assert Rule.BIAS not in rules("8-16-p10-16-20-t12-16-20-full")


def test_only_who_is_over_the_budget_hears_of_it() -> None:
    for result in LEDGERS:
        found = [one for one in advise(result) if one.rule is Rule.BUDGET]
        assert bool(found) == (result.total > BUDGET)
