"""Rules about the layout of a network: its size, its receptive field, its pools and transitions."""

from collections.abc import Iterator

from mnistlab.arch import mend
from mnistlab.arch.edit import NARROWEST, inserted, removed, with_filters
from mnistlab.arch.ledger import BUDGET, Ledger, ledger
from mnistlab.arch.rule import Advice, Rule, percent
from mnistlab.arch.spec import INPUT_SIZE, Conv, Head, Transition, named

# A unit at the image's edge looks half its field inwards: with twice the input's size even one in
# the corner sees every pixel. Only padded networks get there.
MOST_FIELD = 2 * INPUT_SIZE
WIDEST_PARTIAL = 12
"""The article's partial transition."""


def over_budget(result: Ledger) -> Iterator[Advice]:
    if result.total <= BUDGET:
        return
    row = max(result.rows, key=lambda row: row.total)
    yield Advice(
        Rule.BUDGET,
        row.name,
        f"{result.total:,} parameters are {result.total - BUDGET:,} more than the budget of "
        f"{BUDGET:,}. {row.name} alone holds {percent(row.total / result.total)} of them.",
        *mend.first(result, mend.cheaper(result, row), mend.fits),
    )


def partial_missing(result: Ledger) -> Iterator[Advice]:
    if result.total <= BUDGET:
        return
    spec = result.spec
    pools = (i for i, layer in enumerate(spec.layers) if mend.pooled(layer))
    first = next(pools, -1) + 1
    middle = (first + len(spec.layers)) / 2
    places = sorted(
        (at for at in mend.between_convs(spec) if at > first), key=lambda at: abs(at - middle)
    )
    names = [name for name, _ in named(spec.layers)]
    for at in places:
        label = f"Put a partial transition after {names[at - 1]}"
        ways = (
            (label, inserted(spec, at, Transition(filters, pooled=False)))
            for filters in range(WIDEST_PARTIAL, NARROWEST - 1, -1)
        )
        label, change = mend.first(result, ways, mend.fits)
        if change:
            yield Advice(
                Rule.PARTIAL,
                names[at - 1],
                f"{names[at]} pays for every map that {names[at - 1]} hands it. A partial "
                f"transition between them, 1×1 to {change.layers[at].filters} maps without a pool, "
                f"brings the network down to {ledger(change).total:,} parameters.",
                label,
                change,
            )
            return


def short_field(result: Ledger) -> Iterator[Advice]:
    last = mend.before_head(result)
    if last.receptive_field >= mend.LEAST_FIELD:
        return
    yield Advice(
        Rule.SHORT,
        last.name,
        f"A unit before the head sees {last.receptive_field} of {INPUT_SIZE} pixels. MNIST's "
        f"digits fill a box of {mend.LEAST_FIELD}, so no unit sees a whole one.",
        *mend.longest(result),
    )


def far_field(result: Ledger) -> Iterator[Advice]:
    last = mend.before_head(result)
    if last.receptive_field <= MOST_FIELD:
        return
    yield Advice(
        Rule.FAR,
        last.name,
        f"A unit before the head sees {last.receptive_field} pixels. From {MOST_FIELD} on even one "
        f"in the corner sees all {INPUT_SIZE} of the image; what it sees beyond is padding.",
        *mend.first(
            result,
            mend.shorter(result.spec),
            lambda new: (
                mend.LEAST_FIELD <= mend.before_head(new).receptive_field < last.receptive_field
                and (mend.late_pool(new) is None or mend.late_pool(result) is not None)
            ),
        ),
    )


def late_pool(result: Ledger) -> Iterator[Advice]:
    at = mend.late_pool(result)
    if at is None:
        return
    spec = result.spec
    name = named(spec.layers)[at][0]
    left = "one 3×3 convolution" if mend.convs(spec, at) else "no 3×3 convolution"
    yield Advice(
        Rule.LATE_POOL,
        name,
        f"{name} halves the map with {left} left before the head. What it forgets of the strokes' "
        f"places is not found again; let {mend.CONVS_AFTER_POOL} or more follow.",
        *mend.first(result, mend.earlier(spec, at), lambda new: mend.late_pool(new) is None),
    )


def late_partial(result: Ledger) -> Iterator[Advice]:
    spec = result.spec
    name, layer = named(spec.layers)[-1]
    if spec.head is not Head.FULL or mend.pooled(layer) or isinstance(layer, Conv):
        return
    row = mend.before_head(result)
    ways = [(f"Remove {name}", removed(spec, len(spec.layers) - 1))] if len(spec.layers) > 1 else []
    yield Advice(
        Rule.LATE_PARTIAL,
        name,
        f"{name} is a 1×1 convolution and the head begins with one. Its {row.total:,} parameters "
        "do more in a 3×3 convolution.",
        *mend.first(result, ways),
    )


def narrow_transitions(result: Ledger) -> Iterator[Advice]:
    spec = result.spec
    rows = {row.name: row for row in result.rows}
    for index, (name, layer) in enumerate(named(spec.layers)):
        # Where fewer maps come in, the transition is not what makes it narrow.
        if not layer.filters or layer.filters >= min(NARROWEST, rows[name].in_channels):
            continue
        if isinstance(layer, Conv):
            continue
        wider = with_filters(spec, index, NARROWEST)
        yield Advice(
            Rule.NARROW,
            name,
            f"{name} squeezes {rows[name].in_channels} maps into {layer.filters}. Ten classes must "
            f"still be told apart behind it; the article's narrowest has {NARROWEST} filters.",
            *mend.first(result, [(f"Give {name} {NARROWEST} filters", wider)]),
        )
