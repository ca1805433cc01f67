"""Advice about a design: what is amiss, why, and the one change that mends it.

A rule is a function from a ledger to its advice, and none of them asks what the others say.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from mnistlab.arch import mend
from mnistlab.arch.cost import VECTOR
from mnistlab.arch.edit import NARROWEST, inserted, removed, with_layer
from mnistlab.arch.ledger import BUDGET, INPUT_SIZE, Ledger, ledger
from mnistlab.arch.spec import Conv, Head, Spec, Transition, named

# A unit at the image's edge looks half its field inwards: with twice the input's size even one in
# the corner sees every pixel. Only padded networks get there.
MOST_FIELD = 2 * INPUT_SIZE
WIDEST_PARTIAL = 12
"""The article's partial transition."""
MOST_DROPOUT, MOST_LAST_DROPOUT, MILD_DROPOUT = 0.3, 0.2, 0.05
CONVS_WITHOUT_NORM = 4
"""As many 3×3 convolutions train well enough without batch norm."""
NAMES = 6
"""Layers that one sentence lists."""


class Rule(StrEnum):
    """What an advice is about."""

    BUDGET = "over budget"
    PARTIAL = "partial transition missing"
    SHORT = "short receptive field"
    FAR = "needlessly large receptive field"
    LATE_POOL = "late pool"
    LATE_PARTIAL = "late partial transition"
    BIAS = "bias before batch norm"
    DROPOUT = "high dropout"
    NARROW = "narrow transition"
    NORM = "no batch norm"
    EIGHTS = "filters not multiples of eight"


@dataclass(frozen=True)
class Advice:
    """What is amiss in a layer (or "network"), why, and the design that a button makes of it.

    `label` is the button's; it is empty, and `change` None, where no single change helps. A change
    can always be built. It never takes a design over the budget, nor further over it.
    """

    rule: Rule
    layer: str
    reason: str
    label: str = ""
    change: Spec | None = None


def advise(result: Ledger) -> tuple[Advice, ...]:
    """All there is to say about a design, the gravest first."""
    return tuple(advice for rule in RULES for advice in rule(result))


def over_budget(result: Ledger) -> Iterator[Advice]:
    if result.total <= BUDGET:
        return
    row = max(result.rows, key=lambda row: row.total)
    yield Advice(
        Rule.BUDGET,
        row.name,
        f"{result.total:,} parameters are {result.total - BUDGET:,} more than the budget of "
        f"{BUDGET:,}. {row.name} alone holds {_percent(row.total / result.total)} of them.",
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


def wasted_bias(result: Ledger) -> Iterator[Advice]:
    spec = result.spec
    wasted = sum(layer.filters for layer in spec.layers if isinstance(layer, Conv))
    if not (spec.batch_norm and spec.conv_bias and wasted):
        return
    yield Advice(
        Rule.BIAS,
        "network",
        "Batch norm subtracts each map's mean, and with it the bias that the convolution has just "
        f"added. Without those biases the network says the same with {wasted:,} parameters fewer.",
        *mend.first(result, [("Remove the wasted biases", replace(spec, conv_bias=False))]),
    )


def high_dropout(result: Ledger) -> Iterator[Advice]:
    spec, rate = result.spec, result.spec.dropout
    name, layer = named(spec.layers)[-1]
    averaged = spec.head is Head.GAP
    last = isinstance(layer, Conv) and rate > (0 if averaged else MOST_LAST_DROPOUT)
    if not last and not (mend.convs(spec) and rate > MOST_DROPOUT):
        return
    if last and averaged:
        reason = (
            f"Only an average and the ten scores follow {name}: what dropout takes from it, "
            f"{_percent(rate)}, is missing in the answer itself. The average evens out single "
            "elements, whole channels not at all."
        )
    elif last:
        reason = (
            f"Only the head follows {name}: the {_percent(rate)} that dropout takes from it are "
            "missing in the answer itself, and no 3×3 convolution is left to make up for them."
        )
    else:
        reason = (
            f"Dropout takes {_percent(rate)} of every 3×3 convolution's output. It keeps a network "
            f"from learning by heart; one of {result.total:,} parameters has little to do so with."
        )
    if rate > MILD_DROPOUT:
        label, change = f"Lower dropout to {_percent(MILD_DROPOUT)}", MILD_DROPOUT
    else:
        label, change = "Leave dropout out", 0.0
    ways = [(label, replace(spec, dropout=change))]
    yield Advice(Rule.DROPOUT, name if last else "network", reason, *mend.first(result, ways))


def narrow_transitions(result: Ledger) -> Iterator[Advice]:
    spec = result.spec
    rows = {row.name: row for row in result.rows}
    for index, (name, layer) in enumerate(named(spec.layers)):
        # Where fewer maps come in, the transition is not what makes it narrow.
        if not layer.filters or layer.filters >= min(NARROWEST, rows[name].in_channels):
            continue
        if isinstance(layer, Conv):
            continue
        wider = with_layer(spec, index, replace(layer, filters=NARROWEST))
        yield Advice(
            Rule.NARROW,
            name,
            f"{name} squeezes {rows[name].in_channels} maps into {layer.filters}. Ten classes must "
            f"still be told apart behind it; the article's narrowest has {NARROWEST} filters.",
            *mend.first(result, [(f"Give {name} {NARROWEST} filters", wider)]),
        )


def missing_norm(result: Ledger) -> Iterator[Advice]:
    spec = result.spec
    convs = mend.convs(spec)
    if spec.batch_norm or convs <= CONVS_WITHOUT_NORM:
        return
    cost = 4 * sum(layer.filters for layer in spec.layers if isinstance(layer, Conv))
    yield Advice(
        Rule.NORM,
        "network",
        f"Without batch norm, {convs} convolutions of 3×3 need a smaller learning rate, and some "
        f"runs never begin to learn. Batch norm costs {cost:,} parameters, four for every map.",
        *mend.first(result, [("Add batch norm", replace(spec, batch_norm=True))]),
    )


def uneven_filters(result: Ledger) -> Iterator[Advice]:
    spec = result.spec
    names = [
        name
        for name, layer in named(spec.layers)
        if isinstance(layer, Conv) and layer.filters % VECTOR
    ]
    if not names:
        return
    # What lies halfway goes up where the budget has room for it.
    label = f"Round filters to multiples of {VECTOR}"
    ways = ((label, mend.rounded(spec, halfway)) for halfway in (VECTOR // 2, VECTOR // 2 - 1))
    yield Advice(
        Rule.EIGHTS,
        "network",
        f"A CPU works on {VECTOR} or {2 * VECTOR} numbers at a time, so filters in multiples of "
        f"{VECTOR} are the quickest. Others ({_listed(names)}) cost time, not accuracy.",
        *mend.first(result, ways),
    )


RULES: tuple[Callable[[Ledger], Iterator[Advice]], ...] = (
    over_budget,
    partial_missing,
    short_field,
    far_field,
    late_pool,
    late_partial,
    wasted_bias,
    high_dropout,
    narrow_transitions,
    missing_norm,
    uneven_filters,
)


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


def _listed(names: list[str]) -> str:
    if len(names) <= NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: NAMES - 1])} and {len(names) - NAMES + 1} more"
