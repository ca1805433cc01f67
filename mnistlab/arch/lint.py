"""Advice about a design: what is amiss, why, and the one change that mends it.

A rule is a function from a ledger to its advice, and none of them asks what the others say.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from mnistlab.arch.budget import room
from mnistlab.arch.cost import VECTOR
from mnistlab.arch.edit import NARROWEST, inserted, like, removed, scaled, with_layer
from mnistlab.arch.ledger import BUDGET, INPUT_SIZE, Kind, Ledger, Row, ledger
from mnistlab.arch.spec import MAX_LAYERS, Conv, Head, Spec, SpecError, Transition, named

# MNIST's digits were scaled into a box of 20×20 pixels before they were centred in the 28×28, so a
# unit that sees 20 can hold a whole one. The article's networks see 22 before the head.
LEAST_FIELD = 20
# A unit at the image's edge looks half its field inwards: with twice the input's size even one in
# the corner sees every pixel. Only padded networks get there.
MOST_FIELD = 2 * INPUT_SIZE
CONVS_AFTER_POOL = 2
"""Fewer 3×3 convolutions cannot use what a pool has brought together; the article has four."""
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


Change = tuple[str, Spec]
NOTHING: tuple[str, None] = ("", None)


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
        *_first(result, _cheaper(result, row), _fits),
    )


def _cheaper(result: Ledger, row: Row) -> Iterator[Change]:
    """Ways to save, the least drastic first: in the largest row alone, then everywhere."""
    spec = result.spec
    for index, (name, layer) in enumerate(named(spec.layers)):
        if name == row.name and layer.filters:
            fits = layer.filters + (room(result, index) or 0)
            # A layer that has to lose more than half would choke the rest.
            if fits >= max(layer.filters / 2, NARROWEST):
                narrower = with_layer(spec, index, replace(layer, filters=fits))
                yield f"Narrow {name} to {fits} filters", narrower
    if row.kind is Kind.FULL:
        yield "Average the maps in the head instead", replace(spec, head=Head.GAP)
    if percent := _largest(99, lambda n: _buildable(scaled(spec, n / 100), BUDGET)):
        yield f"Scale every layer by {percent / 100:g}", scaled(spec, percent / 100)


def _largest(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `most` that fits, 0 if not even 1 does; smaller ones fit as well."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def partial_missing(result: Ledger) -> Iterator[Advice]:
    if result.total <= BUDGET:
        return
    spec = result.spec
    pools = (i for i, layer in enumerate(spec.layers) if _pooled(layer))
    first = next(pools, -1) + 1
    middle = (first + len(spec.layers)) / 2
    places = sorted(
        (at for at in _between_convs(spec) if at > first), key=lambda at: abs(at - middle)
    )
    names = [name for name, _ in named(spec.layers)]
    for at in places:
        label = f"Put a partial transition after {names[at - 1]}"
        ways = (
            (label, inserted(spec, at, Transition(filters, pooled=False)))
            for filters in range(WIDEST_PARTIAL, NARROWEST - 1, -1)
        )
        label, change = _first(result, ways, _fits)
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
    last = _before_head(result)
    if last.receptive_field >= LEAST_FIELD:
        return
    yield Advice(
        Rule.SHORT,
        last.name,
        f"A unit before the head sees {last.receptive_field} of {INPUT_SIZE} pixels. MNIST's "
        f"digits fill a box of {LEAST_FIELD}, so no unit sees a whole one.",
        *_longest(result),
    )


def _longest(result: Ledger) -> Change | tuple[str, None]:
    """The first change that lets a unit see a digit, else the one that lets it see the most."""

    def field(change: Change) -> int:
        return _before_head(ledger(change[1])).receptive_field

    ways = [way for way in _longer(result.spec) if _buildable(way[1], _ceiling(result))]
    enough = (way for way in ways if field(way) >= LEAST_FIELD)
    return next(enough, None) or max(ways, key=field, default=NOTHING)


def _longer(spec: Spec) -> Iterator[Change]:
    if len(spec.layers) == MAX_LAYERS:
        return
    end = len(spec.layers)
    yield "Add a 3×3 convolution before the head", inserted(spec, end, like(spec, end - 1))
    names = [name for name, _ in named(spec.layers)]
    for at in reversed(list(_between_convs(spec))):
        if _convs(spec, at) >= CONVS_AFTER_POOL:
            yield f"Pool after {names[at - 1]}", inserted(spec, at, Transition(None))


def far_field(result: Ledger) -> Iterator[Advice]:
    last = _before_head(result)
    if last.receptive_field <= MOST_FIELD:
        return
    yield Advice(
        Rule.FAR,
        last.name,
        f"A unit before the head sees {last.receptive_field} pixels. From {MOST_FIELD} on even one "
        f"in the corner sees all {INPUT_SIZE} of the image; what it sees beyond is padding.",
        *_first(
            result,
            _shorter(result.spec),
            lambda new: (
                LEAST_FIELD <= _before_head(new).receptive_field < last.receptive_field
                and (_late_pool(new) is None or _late_pool(result) is not None)
            ),
        ),
    )


def _shorter(spec: Spec) -> Iterator[Change]:
    """Without the last convolution; without the last pool, where that would come too late."""
    layers = list(enumerate(named(spec.layers)))
    for wanted in (lambda layer: isinstance(layer, Conv), _pooled):
        at, (name, layer) = next((one for one in reversed(layers) if wanted(one[1][1])), layers[0])
        if not wanted(layer) or len(layers) == 1:
            continue
        if isinstance(layer, Transition) and layer.filters:
            yield f"Leave out {name}'s pool", with_layer(spec, at, replace(layer, pooled=False))
        else:
            yield f"Remove {name}", removed(spec, at)


def late_pool(result: Ledger) -> Iterator[Advice]:
    at = _late_pool(result)
    if at is None:
        return
    spec = result.spec
    name = named(spec.layers)[at][0]
    left = "one 3×3 convolution" if _convs(spec, at) else "no 3×3 convolution"
    yield Advice(
        Rule.LATE_POOL,
        name,
        f"{name} halves the map with {left} left before the head. What it forgets of the strokes' "
        f"places is not found again; let {CONVS_AFTER_POOL} or more follow.",
        *_first(result, _earlier(spec, at), lambda new: _late_pool(new) is None),
    )


def _late_pool(result: Ledger) -> int | None:
    """Where the last pool stands, if too little follows it.

    A single convolution is enough if it covers the whole map: it weighs every place by itself.
    """
    spec = result.spec
    last = max((i for i, layer in enumerate(spec.layers) if _pooled(layer)), default=None)
    if last is None or _convs(spec, last) >= CONVS_AFTER_POOL:
        return None
    covered = _convs(spec, last) == 1 and any(
        row.kind is Kind.CONV and row.in_size == row.kernel and row.out_size == 1
        for row in result.rows
    )
    return None if covered else last


def _earlier(spec: Spec, at: int) -> Iterator[Change]:
    """The pool moved up, to behind one convolution after another."""
    names = [name for name, _ in named(spec.layers)]
    rest = removed(spec, at) if len(spec.layers) > 1 else spec
    for to in range(at - 1, 0, -1):
        if isinstance(rest.layers[to - 1], Conv):
            yield f"Move {names[at]} to after {names[to - 1]}", inserted(rest, to, spec.layers[at])


def late_partial(result: Ledger) -> Iterator[Advice]:
    spec = result.spec
    name, layer = named(spec.layers)[-1]
    if spec.head is not Head.FULL or _pooled(layer) or isinstance(layer, Conv):
        return
    row = _before_head(result)
    ways = [(f"Remove {name}", removed(spec, len(spec.layers) - 1))] if len(spec.layers) > 1 else []
    yield Advice(
        Rule.LATE_PARTIAL,
        name,
        f"{name} is a 1×1 convolution and the head begins with one. Its {row.total:,} parameters "
        "do more in a 3×3 convolution.",
        *_first(result, ways),
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
        *_first(result, [("Remove the wasted biases", replace(spec, conv_bias=False))]),
    )


def high_dropout(result: Ledger) -> Iterator[Advice]:
    spec, rate = result.spec, result.spec.dropout
    name, layer = named(spec.layers)[-1]
    averaged = spec.head is Head.GAP
    last = isinstance(layer, Conv) and rate > (0 if averaged else MOST_LAST_DROPOUT)
    if not last and not (_convs(spec) and rate > MOST_DROPOUT):
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
    yield Advice(Rule.DROPOUT, name if last else "network", reason, *_first(result, ways))


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
            *_first(result, [(f"Give {name} {NARROWEST} filters", wider)]),
        )


def missing_norm(result: Ledger) -> Iterator[Advice]:
    spec = result.spec
    convs = _convs(spec)
    if spec.batch_norm or convs <= CONVS_WITHOUT_NORM:
        return
    cost = 4 * sum(layer.filters for layer in spec.layers if isinstance(layer, Conv))
    yield Advice(
        Rule.NORM,
        "network",
        f"Without batch norm, {convs} convolutions of 3×3 need a smaller learning rate, and some "
        f"runs never begin to learn. Batch norm costs {cost:,} parameters, four for every map.",
        *_first(result, [("Add batch norm", replace(spec, batch_norm=True))]),
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
    ways = ((label, _rounded(spec, halfway)) for halfway in (VECTOR // 2, VECTOR // 2 - 1))
    yield Advice(
        Rule.EIGHTS,
        "network",
        f"A CPU works on {VECTOR} or {2 * VECTOR} numbers at a time, so filters in multiples of "
        f"{VECTOR} are the quickest. Others ({_listed(names)}) cost time, not accuracy.",
        *_first(result, ways),
    )


def _rounded(spec: Spec, more: int) -> Spec:
    layers = (
        replace(layer, filters=max((layer.filters + more) // VECTOR, 1) * VECTOR)
        if isinstance(layer, Conv)
        else layer
        for layer in spec.layers
    )
    return replace(spec, layers=tuple(layers))


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


def _first(
    result: Ledger, ways: Iterable[Change], mends: Callable[[Ledger], bool] = lambda new: True
) -> Change | tuple[str, None]:
    """The first way that can be built, does not break the budget, and mends what it should."""
    for label, change in ways:
        if _buildable(change, _ceiling(result)) and mends(ledger(change)):
            return label, change
    return NOTHING


def _buildable(spec: Spec, most: int) -> bool:
    """Whether it can be built from so many parameters."""
    try:
        return ledger(spec).total <= most
    except SpecError:
        return False


def _ceiling(result: Ledger) -> int:
    return max(BUDGET, result.total)


def _fits(result: Ledger) -> bool:
    return result.total <= BUDGET


def _before_head(result: Ledger) -> Row:
    """The last row of the body; either head has two rows."""
    return result.rows[-3]


def _pooled(layer: object) -> bool:
    return isinstance(layer, Transition) and layer.pooled


def _convs(spec: Spec, start: int = 0) -> int:
    """How many 3×3 convolutions there are from a layer on."""
    return sum(isinstance(layer, Conv) for layer in spec.layers[start:])


def _between_convs(spec: Spec) -> Iterator[int]:
    """Places where a layer can be put in between two 3×3 convolutions."""
    if len(spec.layers) < MAX_LAYERS:
        for at in range(1, len(spec.layers)):
            if isinstance(spec.layers[at - 1], Conv) and isinstance(spec.layers[at], Conv):
                yield at


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _listed(names: list[str]) -> str:
    if len(names) <= NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: NAMES - 1])} and {len(names) - NAMES + 1} more"
