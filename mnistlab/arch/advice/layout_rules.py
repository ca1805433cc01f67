"""Rules about the layout of a network: its size, its receptive field, its pools and transitions."""

from collections.abc import Iterator

from mnistlab.arch.advice import fixes
from mnistlab.arch.advice.rule import Advice, Rule
from mnistlab.arch.edit import MIN_TRANSITION_FILTERS, inserted, removed, with_filters
from mnistlab.arch.spec import INPUT_SIZE, Conv, Head, Transition, named
from mnistlab.arch.summary import BUDGET, NetworkSummary, summarize
from mnistlab.text import short_percent

# Half the receptive field of a unit in the image's corner lies inside the image: at twice the image
# size it covers every pixel. Only padded networks reach that.
MAX_FIELD = 2 * INPUT_SIZE
MAX_PARTIAL_FILTERS = 12
"""The article's partial transition has 12."""


def over_budget(result: NetworkSummary) -> Iterator[Advice]:
    if result.total <= BUDGET:
        return
    row = max(result.rows, key=lambda row: row.total)
    yield Advice(
        Rule.BUDGET,
        row.name,
        f"{result.total - BUDGET:,} parameters over budget; {row.name} holds "
        f"{short_percent(row.total / result.total)} of the total.",
        *fixes.first_valid(result, fixes.cheaper(result, row), fixes.within_budget),
    )


def partial_missing(result: NetworkSummary) -> Iterator[Advice]:
    if result.total <= BUDGET:
        return
    spec = result.spec
    pools = (i for i, layer in enumerate(spec.layers) if fixes.is_pooled(layer))
    first = next(pools, -1) + 1
    middle = (first + len(spec.layers)) / 2
    indices = sorted(
        (at for at in fixes.between_convs(spec) if at > first), key=lambda at: abs(at - middle)
    )
    names = [name for name, _ in named(spec.layers)]
    for at in indices:
        label = f"Insert a partial transition after {names[at - 1]}"
        candidates = (
            (label, inserted(spec, at, Transition(filters, pooled=False)))
            for filters in range(MAX_PARTIAL_FILTERS, MIN_TRANSITION_FILTERS - 1, -1)
        )
        label, fix = fixes.first_valid(result, candidates, fixes.within_budget)
        if fix:
            yield Advice(
                Rule.PARTIAL,
                names[at - 1],
                f"A 1×1 to {fix.layers[at].filters} channels between {names[at - 1]} and "
                f"{names[at]} lowers the total to {summarize(fix).total:,}.",
                label,
                fix,
            )
            return


def small_field(result: NetworkSummary) -> Iterator[Advice]:
    last = fixes.before_head(result)
    if last.receptive_field >= fixes.MIN_FIELD:
        return
    yield Advice(
        Rule.SMALL_FIELD,
        last.name,
        f"The receptive field before the head is {last.receptive_field} px; digits fill "
        f"{fixes.MIN_FIELD} px.",
        *fixes.largest_field(result),
    )


def large_field(result: NetworkSummary) -> Iterator[Advice]:
    last = fixes.before_head(result)
    if last.receptive_field <= MAX_FIELD:
        return
    yield Advice(
        Rule.LARGE_FIELD,
        last.name,
        f"The receptive field before the head is {last.receptive_field} px. Beyond {MAX_FIELD} px "
        "it covers only padding.",
        *fixes.first_valid(
            result,
            fixes.smaller_field(result.spec),
            lambda new: (
                fixes.MIN_FIELD <= fixes.before_head(new).receptive_field < last.receptive_field
                and (
                    fixes.late_pool_index(new) is None or fixes.late_pool_index(result) is not None
                )
            ),
        ),
    )


def late_pool(result: NetworkSummary) -> Iterator[Advice]:
    at = fixes.late_pool_index(result)
    if at is None:
        return
    spec = result.spec
    name = named(spec.layers)[at][0]
    yield Advice(
        Rule.LATE_POOL,
        name,
        f"{name} pools with fewer than two 3×3 convolutions left; move it earlier.",
        *fixes.first_valid(
            result, fixes.earlier_pool(spec, at), lambda new: fixes.late_pool_index(new) is None
        ),
    )


def late_partial(result: NetworkSummary) -> Iterator[Advice]:
    spec = result.spec
    name, layer = named(spec.layers)[-1]
    if spec.head is not Head.FULL or fixes.is_pooled(layer) or isinstance(layer, Conv):
        return
    row = fixes.before_head(result)
    candidates = (
        [(f"Remove {name}", removed(spec, len(spec.layers) - 1))] if len(spec.layers) > 1 else []
    )
    yield Advice(
        Rule.LATE_PARTIAL,
        name,
        f"{name} is a 1×1 convolution, and the head starts with another. Its {row.total:,} "
        "parameters are better spent in a 3×3 convolution.",
        *fixes.first_valid(result, candidates),
    )


def narrow_transitions(result: NetworkSummary) -> Iterator[Advice]:
    spec = result.spec
    rows = {row.name: row for row in result.rows}
    for index, (name, layer) in enumerate(named(spec.layers)):
        # With fewer input channels than that, the transition is not the bottleneck.
        if not layer.filters or layer.filters >= min(
            MIN_TRANSITION_FILTERS, rows[name].in_channels
        ):
            continue
        if isinstance(layer, Conv):
            continue
        wider = with_filters(spec, index, MIN_TRANSITION_FILTERS)
        yield Advice(
            Rule.NARROW,
            name,
            f"{name} cuts {rows[name].in_channels} channels to {layer.filters}; keep at least "
            f"{MIN_TRANSITION_FILTERS}.",
            *fixes.first_valid(
                result, [(f"Increase {name} to {MIN_TRANSITION_FILTERS} filters", wider)]
            ),
        )
