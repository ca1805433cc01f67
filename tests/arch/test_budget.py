"""What a design's parameters are made of, against the ledger; what fits, against trying it."""

from dataclasses import replace

import pytest

from mnistlab.arch.budget import aligned, formula, price, room
from mnistlab.arch.edit import with_layer
from mnistlab.arch.ledger import BUDGET, ledger
from mnistlab.arch.presets import PRESETS, TARGETS
from mnistlab.arch.spec import MAX_FILTERS, Spec, parse
from tests.random_specs import possible

LEDGERS = [ledger(p.spec) for p in PRESETS] + possible(300)


def test_every_formula_gives_its_row_s_total() -> None:
    for result in LEDGERS:
        for row in result.rows:
            assert eval(formula(row).replace("·", "*") or "0") == row.total
    conv4 = ledger(TARGETS[1].spec).rows[5]
    assert formula(conv4) == "16·20·9 + 20"


def test_what_fits_fits_and_one_more_does_not() -> None:
    tried = 0
    for result in LEDGERS:
        for index, layer in enumerate(result.spec.layers):
            more = room(result, index)
            if layer.filters is None:
                assert more is None
                continue
            assert more is not None
            full = layer.filters + more
            if not 1 <= full < MAX_FILTERS:
                continue
            most, past = (
                ledger(with_layer(result.spec, index, replace(layer, filters=full + step))).total
                for step in (0, 1)
            )
            assert most <= BUDGET < past
            assert past - most == price(result.spec, index)
            tried += 1
    assert tried > 500


@pytest.mark.parametrize("other", [p.spec for p in PRESETS])
def test_rows_side_by_side_are_all_rows_in_their_order(other: Spec) -> None:
    for result in LEDGERS[:60]:
        theirs = ledger(other)
        pairs = aligned(result, theirs)
        assert [a for a, _ in pairs if a] == list(result.rows)
        assert [b for _, b in pairs if b] == list(theirs.rows)
        assert all(a.kind is b.kind for a, b in pairs if a and b)
        gaps = sum((a.total if a else 0) - (b.total if b else 0) for a, b in pairs)
        assert gaps == result.total - theirs.total


def test_one_layer_more_is_one_row_without_a_counterpart() -> None:
    mine, theirs = ledger(parse("8-16-p10-16-20-full")), ledger(parse("8-16-p10-16-full"))
    alone = [pair for pair in aligned(mine, theirs) if None in pair]
    assert len(alone) == 1 and alone[0][1] is None
