"""Rules about the layout of a network: its size, its receptive field, its pools and transitions."""

from collections.abc import Iterator

from mnistlab.arch.advice import fixes
from mnistlab.arch.advice.rule import Advice, Rule
from mnistlab.arch.edit import MIN_TRANSITION_FILTERS, inserted, removed, with_filters
from mnistlab.arch.spec import INPUT_SIZE, Conv, Head, Transition, named
from mnistlab.arch.summary import BUDGET, NetworkSummary, summarize
from mnistlab.text import short_percent

# A unit at the image's edge looks half its field inwards: with twice the input's size even one in
# the corner sees every pixel. Only padded networks get there.
MAX_FIELD = 2 * INPUT_SIZE
MAX_PARTIAL_FILTERS = 12
"""The article's partial transition."""


def over_budget(result: NetworkSummary) -> Iterator[Advice]:
    if result.total <= BUDGET:
        return
    row = max(result.rows, key=lambda row: row.total)
    yield Advice(
        Rule.BUDGET,
        row.name,
        f"{result.total:,} parameters are {result.total - BUDGET:,} more than the budget of "
        f"{BUDGET:,}. {row.name} alone holds {short_percent(row.total / result.total)} of them.",
        *fixes.first_valid(result, fixes.cheaper(result, row), fixes.within_budget),
    )


def partial_missing(result: NetworkSummary) -> Iterator[Advice]:
    if result.total <= BUDGET:
        return
    spec = result.spec
    pools = (i for i, layer in enumerate(spec.layers) if fixes.is_pooled(layer))
    first = next(pools, -1) + 1
    middle = (first + len(spec.layers)) / 2
    places = sorted(
        (at for at in fixes.between_convs(spec) if at > first), key=lambda at: abs(at - middle)
    )
    names = [name for name, _ in named(spec.layers)]
    for at in places:
        label = f"Put a partial transition after {names[at - 1]}"
        ways = (
            (label, inserted(spec, at, Transition(filters, pooled=False)))
            for filters in range(MAX_PARTIAL_FILTERS, MIN_TRANSITION_FILTERS - 1, -1)
        )
        label, change = fixes.first_valid(result, ways, fixes.within_budget)
        if change:
            yield Advice(
                Rule.PARTIAL,
                names[at - 1],
                f"{names[at]} pays for every map that {names[at - 1]} hands it. A partial "
                f"transition between them, 1×1 to {change.layers[at].filters} maps without a pool, "
                f"brings the network down to {summarize(change).total:,} parameters.",
                label,
                change,
            )
            return


def small_field(result: NetworkSummary) -> Iterator[Advice]:
    last = fixes.before_head(result)
    if last.receptive_field >= fixes.MIN_FIELD:
        return
    yield Advice(
        Rule.SMALL_FIELD,
        last.name,
        f"A unit before the head sees {last.receptive_field} of {INPUT_SIZE} pixels. MNIST's "
        f"digits fill a box of {fixes.MIN_FIELD}, so no unit sees a whole one.",
        *fixes.largest_field(result),
    )


def large_field(result: NetworkSummary) -> Iterator[Advice]:
    last = fixes.before_head(result)
    if last.receptive_field <= MAX_FIELD:
        return
    yield Advice(
        Rule.LARGE_FIELD,
        last.name,
        f"A unit before the head sees {last.receptive_field} pixels. From {MAX_FIELD} on even one "
        f"in the corner sees all {INPUT_SIZE} of the image; what it sees beyond is padding.",
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
    left = "one 3×3 convolution" if fixes.conv_count(spec, at) else "no 3×3 convolution"
    yield Advice(
        Rule.LATE_POOL,
        name,
        f"{name} halves the map with {left} left before the head. What it forgets of the strokes' "
        f"places is not found again; let {fixes.CONVS_AFTER_POOL} or more follow.",
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
    ways = [(f"Remove {name}", removed(spec, len(spec.layers) - 1))] if len(spec.layers) > 1 else []
    yield Advice(
        Rule.LATE_PARTIAL,
        name,
        f"{name} is a 1×1 convolution and the head begins with one. Its {row.total:,} parameters "
        "do more in a 3×3 convolution.",
        *fixes.first_valid(result, ways),
    )


def narrow_transitions(result: NetworkSummary) -> Iterator[Advice]:
    spec = result.spec
    rows = {row.name: row for row in result.rows}
    for index, (name, layer) in enumerate(named(spec.layers)):
        # Where fewer maps come in, the transition is not what makes it narrow.
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
            f"{name} squeezes {rows[name].in_channels} maps into {layer.filters}. Ten classes must "
            "still be told apart behind it; the article's narrowest has "
            f"{MIN_TRANSITION_FILTERS} filters.",
            *fixes.first_valid(result, [(f"Give {name} {MIN_TRANSITION_FILTERS} filters", wider)]),
        )
