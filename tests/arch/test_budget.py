"""Parameter formulas against the network summary; filters to budget against trying them."""

from mnistlab.arch.budget import filters_to_budget, parameter_formula
from mnistlab.arch.edit import tied, with_filters
from mnistlab.arch.presets import ARTICLE_PRESETS, PRESETS
from mnistlab.arch.spec import MAX_FILTERS, parse
from mnistlab.arch.summary import BUDGET, summarize
from tests.random_specs import possible

SUMMARIES = [summarize(p.spec) for p in PRESETS] + possible(300)


def test_every_formula_gives_its_row_s_total() -> None:
    for result in SUMMARIES:
        for row in result.rows:
            assert eval(parameter_formula(row).replace("·", "*") or "0") == row.total
    conv4 = summarize(ARTICLE_PRESETS[1].spec).rows[5]
    assert parameter_formula(conv4) == "16·20·9 + 20"
    separable = summarize(parse("8-16d-gap-bn")).rows[1]
    assert parameter_formula(separable) == "8·9 + 8·16 + 16 + 4·16"


def test_the_largest_fitting_width_is_the_largest() -> None:
    tried = together = 0
    for result in SUMMARIES:
        for index, layer in enumerate(result.spec.layers):
            more = filters_to_budget(result, index)
            if layer.filters is None:
                assert more is None
                continue
            assert more is not None
            full = layer.filters + more
            # A residual connection to the image leaves one filter.
            if not 1 <= full < MAX_FILTERS or not more:
                continue
            most, past = (
                summarize(with_filters(result.spec, index, full + step)).total for step in (0, 1)
            )
            assert most <= BUDGET < past
            tried += 1
            together += len(tied(result.spec, index)) > 1
    assert tried > 500 and together > 30
