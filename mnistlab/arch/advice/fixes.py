"""Changes that mend a design, and the questions about its build that they turn on.

What mends is given as ways, the least drastic first; `first` takes the one that can be built.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from mnistlab.arch.blocks import LayerType
from mnistlab.arch.budget import filters_to_budget
from mnistlab.arch.edit import (
    MIN_TRANSITION_FILTERS,
    inserted,
    matching_conv,
    removed,
    scaled,
    tied,
    with_filters,
    with_layer,
)
from mnistlab.arch.primitives import SIMD_WIDTH
from mnistlab.arch.spec import MAX_LAYERS, Conv, Head, Spec, SpecError, Transition, named
from mnistlab.arch.summary import BUDGET, LayerSummary, NetworkSummary, summarize

# MNIST's digits were scaled into a box of 20×20 pixels before they were centerd in the 28×28, so a
# unit that sees 20 can hold a whole one. The article's networks see 22 before the head.
MIN_FIELD = 20
CONVS_AFTER_POOL = 2
"""Fewer 3×3 convolutions cannot use what a pool has brought together; the article has four."""

Change = tuple[str, Spec]
"""What a button says, and the design that it makes."""
NO_FIX: tuple[str, None] = ("", None)


def first_valid(
    result: NetworkSummary,
    ways: Iterable[Change],
    mends: Callable[[NetworkSummary], bool] = lambda new: True,
) -> Change | tuple[str, None]:
    """The first way that can be built, does not break the budget, and mends what it should."""
    for label, change in ways:
        if buildable(change, parameter_limit(result)) and mends(summarize(change)):
            return label, change
    return NO_FIX


def buildable(spec: Spec, most: int) -> bool:
    """Whether it can be built from so many parameters."""
    try:
        return summarize(spec).total <= most
    except SpecError:
        return False


def parameter_limit(result: NetworkSummary) -> int:
    return max(BUDGET, result.total)


def within_budget(result: NetworkSummary) -> bool:
    return result.total <= BUDGET


def cheaper(result: NetworkSummary, row: LayerSummary) -> Iterator[Change]:
    """Ways to save, the least drastic first: in the largest row alone, then everywhere."""
    spec = result.spec
    for index, (name, layer) in enumerate(named(spec.layers)):
        if name == row.name and layer.filters:
            fits = layer.filters + (filters_to_budget(result, index) or 0)
            # A layer that has to lose more than half would choke the rest.
            if fits >= max(layer.filters / 2, MIN_TRANSITION_FILTERS):
                names = [named(spec.layers)[at][0] for at in tied(spec, index)]
                label = f"Narrow {' and '.join(names)} to {fits} filters"
                yield label, with_filters(spec, index, fits)
    if row.kind is LayerType.FULL:
        yield "Average the maps in the head instead", replace(spec, head=Head.GAP)
    if percent := largest_fitting(99, lambda n: buildable(scaled(spec, n / 100), BUDGET)):
        yield f"Scale every layer by {percent / 100:g}", scaled(spec, percent / 100)


def largest_fitting(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `most` that fits, 0 if not even 1 does; smaller ones fit as well."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def largest_field(result: NetworkSummary) -> Change | tuple[str, None]:
    """The first change that lets a unit see a digit, else the one that lets it see the most."""

    def field(change: Change) -> int:
        return before_head(summarize(change[1])).receptive_field

    ways = [way for way in larger_field(result.spec) if buildable(way[1], parameter_limit(result))]
    enough = (way for way in ways if field(way) >= MIN_FIELD)
    return next(enough, None) or max(ways, key=field, default=NO_FIX)


def larger_field(spec: Spec) -> Iterator[Change]:
    if len(spec.layers) == MAX_LAYERS:
        return
    end = len(spec.layers)
    yield "Add a 3×3 convolution before the head", inserted(spec, end, matching_conv(spec, end - 1))
    names = [name for name, _ in named(spec.layers)]
    for at in reversed(list(between_convs(spec))):
        if conv_count(spec, at) >= CONVS_AFTER_POOL:
            yield f"Pool after {names[at - 1]}", inserted(spec, at, Transition(None))


def smaller_field(spec: Spec) -> Iterator[Change]:
    """Without the last convolution; without the last pool, where that would come too late."""
    layers = list(enumerate(named(spec.layers)))
    for wanted in (lambda layer: isinstance(layer, Conv), is_pooled):
        at, (name, layer) = next((one for one in reversed(layers) if wanted(one[1][1])), layers[0])
        if not wanted(layer) or len(layers) == 1:
            continue
        if isinstance(layer, Transition) and layer.filters:
            yield f"Leave out {name}'s pool", with_layer(spec, at, replace(layer, pooled=False))
        else:
            yield f"Remove {name}", removed(spec, at)


def late_pool_index(result: NetworkSummary) -> int | None:
    """Where the last pool stands, if too little follows it.

    A single convolution is enough if it covers the whole map: it weighs every place by itself.
    """
    spec = result.spec
    last = max((i for i, layer in enumerate(spec.layers) if is_pooled(layer)), default=None)
    if last is None or conv_count(spec, last) >= CONVS_AFTER_POOL:
        return None
    covered = conv_count(spec, last) == 1 and any(
        row.kind is LayerType.CONV and row.in_size == row.kernel and row.out_size == 1
        for row in result.rows
    )
    return None if covered else last


def earlier_pool(spec: Spec, at: int) -> Iterator[Change]:
    """The pool moved up, to behind one convolution after another."""
    names = [name for name, _ in named(spec.layers)]
    rest = removed(spec, at) if len(spec.layers) > 1 else spec
    for to in range(at - 1, 0, -1):
        if isinstance(rest.layers[to - 1], Conv):
            yield f"Move {names[at]} to after {names[to - 1]}", inserted(rest, to, spec.layers[at])


def rounded_filters(spec: Spec, more: int) -> Spec:
    """Every convolution's filters, and what is tied to them, in multiples of VECTOR."""
    for at, layer in enumerate(spec.layers):
        if isinstance(layer, Conv):
            filters = (
                max((spec.layers[at].filters or 0) + more, SIMD_WIDTH) // SIMD_WIDTH * SIMD_WIDTH
            )
            spec = with_filters(spec, at, filters)
    return spec


def before_head(result: NetworkSummary) -> LayerSummary:
    """The last row of the body; either head has two rows."""
    return result.rows[-3]


def is_pooled(layer: object) -> bool:
    return isinstance(layer, Transition) and layer.pooled


def conv_count(spec: Spec, start: int = 0) -> int:
    """How many 3×3 convolutions there are from a layer on."""
    return sum(isinstance(layer, Conv) for layer in spec.layers[start:])


def between_convs(spec: Spec) -> Iterator[int]:
    """Places where a layer can be put in between two 3×3 convolutions."""
    if len(spec.layers) < MAX_LAYERS:
        for at in range(1, len(spec.layers)):
            if isinstance(spec.layers[at - 1], Conv) and isinstance(spec.layers[at], Conv):
                yield at
