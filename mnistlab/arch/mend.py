"""Changes that mend a design, and the questions about its build that they turn on.

What mends is given as ways, the least drastic first; `first` takes the one that can be built.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from mnistlab.arch.blocks import Kind
from mnistlab.arch.budget import room
from mnistlab.arch.edit import (
    NARROWEST,
    inserted,
    like,
    removed,
    scaled,
    tied,
    with_filters,
    with_layer,
)
from mnistlab.arch.ledger import BUDGET, Ledger, Row, ledger
from mnistlab.arch.primitives import VECTOR
from mnistlab.arch.spec import MAX_LAYERS, Conv, Head, Spec, SpecError, Transition, named

# MNIST's digits were scaled into a box of 20×20 pixels before they were centred in the 28×28, so a
# unit that sees 20 can hold a whole one. The article's networks see 22 before the head.
LEAST_FIELD = 20
CONVS_AFTER_POOL = 2
"""Fewer 3×3 convolutions cannot use what a pool has brought together; the article has four."""

Change = tuple[str, Spec]
"""What a button says, and the design that it makes."""
NOTHING: tuple[str, None] = ("", None)


def first(
    result: Ledger, ways: Iterable[Change], mends: Callable[[Ledger], bool] = lambda new: True
) -> Change | tuple[str, None]:
    """The first way that can be built, does not break the budget, and mends what it should."""
    for label, change in ways:
        if buildable(change, ceiling(result)) and mends(ledger(change)):
            return label, change
    return NOTHING


def buildable(spec: Spec, most: int) -> bool:
    """Whether it can be built from so many parameters."""
    try:
        return ledger(spec).total <= most
    except SpecError:
        return False


def ceiling(result: Ledger) -> int:
    return max(BUDGET, result.total)


def fits(result: Ledger) -> bool:
    return result.total <= BUDGET


def cheaper(result: Ledger, row: Row) -> Iterator[Change]:
    """Ways to save, the least drastic first: in the largest row alone, then everywhere."""
    spec = result.spec
    for index, (name, layer) in enumerate(named(spec.layers)):
        if name == row.name and layer.filters:
            fits = layer.filters + (room(result, index) or 0)
            # A layer that has to lose more than half would choke the rest.
            if fits >= max(layer.filters / 2, NARROWEST):
                names = [named(spec.layers)[at][0] for at in tied(spec, index)]
                label = f"Narrow {' and '.join(names)} to {fits} filters"
                yield label, with_filters(spec, index, fits)
    if row.kind is Kind.FULL:
        yield "Average the maps in the head instead", replace(spec, head=Head.GAP)
    if percent := largest(99, lambda n: buildable(scaled(spec, n / 100), BUDGET)):
        yield f"Scale every layer by {percent / 100:g}", scaled(spec, percent / 100)


def largest(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `most` that fits, 0 if not even 1 does; smaller ones fit as well."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def longest(result: Ledger) -> Change | tuple[str, None]:
    """The first change that lets a unit see a digit, else the one that lets it see the most."""

    def field(change: Change) -> int:
        return before_head(ledger(change[1])).receptive_field

    ways = [way for way in longer(result.spec) if buildable(way[1], ceiling(result))]
    enough = (way for way in ways if field(way) >= LEAST_FIELD)
    return next(enough, None) or max(ways, key=field, default=NOTHING)


def longer(spec: Spec) -> Iterator[Change]:
    if len(spec.layers) == MAX_LAYERS:
        return
    end = len(spec.layers)
    yield "Add a 3×3 convolution before the head", inserted(spec, end, like(spec, end - 1))
    names = [name for name, _ in named(spec.layers)]
    for at in reversed(list(between_convs(spec))):
        if convs(spec, at) >= CONVS_AFTER_POOL:
            yield f"Pool after {names[at - 1]}", inserted(spec, at, Transition(None))


def shorter(spec: Spec) -> Iterator[Change]:
    """Without the last convolution; without the last pool, where that would come too late."""
    layers = list(enumerate(named(spec.layers)))
    for wanted in (lambda layer: isinstance(layer, Conv), pooled):
        at, (name, layer) = next((one for one in reversed(layers) if wanted(one[1][1])), layers[0])
        if not wanted(layer) or len(layers) == 1:
            continue
        if isinstance(layer, Transition) and layer.filters:
            yield f"Leave out {name}'s pool", with_layer(spec, at, replace(layer, pooled=False))
        else:
            yield f"Remove {name}", removed(spec, at)


def late_pool(result: Ledger) -> int | None:
    """Where the last pool stands, if too little follows it.

    A single convolution is enough if it covers the whole map: it weighs every place by itself.
    """
    spec = result.spec
    last = max((i for i, layer in enumerate(spec.layers) if pooled(layer)), default=None)
    if last is None or convs(spec, last) >= CONVS_AFTER_POOL:
        return None
    covered = convs(spec, last) == 1 and any(
        row.kind is Kind.CONV and row.in_size == row.kernel and row.out_size == 1
        for row in result.rows
    )
    return None if covered else last


def earlier(spec: Spec, at: int) -> Iterator[Change]:
    """The pool moved up, to behind one convolution after another."""
    names = [name for name, _ in named(spec.layers)]
    rest = removed(spec, at) if len(spec.layers) > 1 else spec
    for to in range(at - 1, 0, -1):
        if isinstance(rest.layers[to - 1], Conv):
            yield f"Move {names[at]} to after {names[to - 1]}", inserted(rest, to, spec.layers[at])


def rounded(spec: Spec, more: int) -> Spec:
    """Every convolution's filters, and what is tied to them, in multiples of VECTOR."""
    for at, layer in enumerate(spec.layers):
        if isinstance(layer, Conv):
            filters = max((spec.layers[at].filters or 0) + more, VECTOR) // VECTOR * VECTOR
            spec = with_filters(spec, at, filters)
    return spec


def before_head(result: Ledger) -> Row:
    """The last row of the body; either head has two rows."""
    return result.rows[-3]


def pooled(layer: object) -> bool:
    return isinstance(layer, Transition) and layer.pooled


def convs(spec: Spec, start: int = 0) -> int:
    """How many 3×3 convolutions there are from a layer on."""
    return sum(isinstance(layer, Conv) for layer in spec.layers[start:])


def between_convs(spec: Spec) -> Iterator[int]:
    """Places where a layer can be put in between two 3×3 convolutions."""
    if len(spec.layers) < MAX_LAYERS:
        for at in range(1, len(spec.layers)):
            if isinstance(spec.layers[at - 1], Conv) and isinstance(spec.layers[at], Conv):
                yield at
