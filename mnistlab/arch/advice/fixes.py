"""Changes that fix a design, and the checks that they depend on.

Candidates come in order, the smallest change first; `first_valid` takes the first that works.
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

# MNIST's digits were scaled to fit 20×20 pixels, then centered in the 28×28, so a receptive field
# of 20 px can cover a whole digit. The article's networks have 22 px before the head.
MIN_FIELD = 20
CONVS_AFTER_POOL = 2
"""The fewest 3×3 convolutions after a pool that can use its larger field; the article has four."""

Change = tuple[str, Spec]
"""A button's label, and the network that it produces."""
NO_FIX: tuple[str, None] = ("", None)


def first_valid(
    result: NetworkSummary,
    candidates: Iterable[Change],
    solves: Callable[[NetworkSummary], bool] = lambda new: True,
) -> Change | tuple[str, None]:
    """The first candidate that can be built, keeps to the budget, and solves the problem."""
    for label, fix in candidates:
        if buildable(fix, parameter_limit(result)) and solves(summarize(fix)):
            return label, fix
    return NO_FIX


def buildable(spec: Spec, max_parameters: int) -> bool:
    """Whether a network can be built with at most so many parameters."""
    try:
        return summarize(spec).total <= max_parameters
    except SpecError:
        return False


def parameter_limit(result: NetworkSummary) -> int:
    """The most parameters that a fix may have: the budget, or the present total if larger."""
    return max(BUDGET, result.total)


def within_budget(result: NetworkSummary) -> bool:
    return result.total <= BUDGET


def cheaper(result: NetworkSummary, row: LayerSummary) -> Iterator[Change]:
    """Cheaper networks, the smallest change first: in one row alone, then in all."""
    spec = result.spec
    for index, (name, layer) in enumerate(named(spec.layers)):
        if name == row.name and layer.filters:
            filters = layer.filters + (filters_to_budget(result, index) or 0)
            # With less than half its filters the layer would become a bottleneck.
            if filters >= max(layer.filters / 2, MIN_TRANSITION_FILTERS):
                names = [named(spec.layers)[at][0] for at in tied(spec, index)]
                label = f"Reduce {' and '.join(names)} to {filters} filters"
                yield label, with_filters(spec, index, filters)
    if row.kind is LayerType.FULL:
        yield "Use global average pooling", replace(spec, head=Head.GAP)
    if percent := largest_fitting(99, lambda n: buildable(scaled(spec, n / 100), BUDGET)):
        yield f"Scale all filters by {percent / 100:g}", scaled(spec, percent / 100)


def largest_fitting(upper: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `upper` that fits, 0 if not even 1 does.

    A binary search: every number below one that fits must fit as well.
    """
    low, high = 0, upper
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def largest_field(result: NetworkSummary) -> Change | tuple[str, None]:
    """The first change with a field of MIN_FIELD, else the one with the largest field."""

    def field(change: Change) -> int:
        return before_head(summarize(change[1])).receptive_field

    limit = parameter_limit(result)
    candidates = [change for change in larger_field(result.spec) if buildable(change[1], limit)]
    large_enough = (change for change in candidates if field(change) >= MIN_FIELD)
    return next(large_enough, None) or max(candidates, key=field, default=NO_FIX)


def larger_field(spec: Spec) -> Iterator[Change]:
    """With one more convolution; with one more pool, as late as possible."""
    if len(spec.layers) == MAX_LAYERS:
        return
    end = len(spec.layers)
    yield "Add a 3×3 convolution", inserted(spec, end, matching_conv(spec, end - 1))
    names = [name for name, _ in named(spec.layers)]
    for at in reversed(list(between_convs(spec))):
        if conv_count(spec, at) >= CONVS_AFTER_POOL:
            yield f"Add a pool after {names[at - 1]}", inserted(spec, at, Transition(None))


def smaller_field(spec: Spec) -> Iterator[Change]:
    """Without the last convolution; without the last pool."""
    layers = list(enumerate(named(spec.layers)))
    for wanted in (lambda layer: isinstance(layer, Conv), is_pooled):
        at, (name, layer) = next((one for one in reversed(layers) if wanted(one[1][1])), layers[0])
        if not wanted(layer) or len(layers) == 1:
            continue
        if isinstance(layer, Transition) and layer.filters:
            yield f"Remove the pool of {name}", with_layer(spec, at, replace(layer, pooled=False))
        else:
            yield f"Remove {name}", removed(spec, at)


def late_pool_index(result: NetworkSummary) -> int | None:
    """The index of the last pool, if too few convolutions follow it.

    One convolution is enough if it covers the whole map: it has a weight for every position.
    """
    spec = result.spec
    last = max((i for i, layer in enumerate(spec.layers) if is_pooled(layer)), default=None)
    if last is None or conv_count(spec, last) >= CONVS_AFTER_POOL:
        return None
    covers_map = conv_count(spec, last) == 1 and any(
        row.kind is LayerType.CONV and row.in_size == row.kernel and row.out_size == 1
        for row in result.rows
    )
    return None if covers_map else last


def earlier_pool(spec: Spec, at: int) -> Iterator[Change]:
    """The pool moved up, after each earlier convolution in turn."""
    names = [name for name, _ in named(spec.layers)]
    without_pool = removed(spec, at) if len(spec.layers) > 1 else spec
    for to in range(at - 1, 0, -1):
        if isinstance(without_pool.layers[to - 1], Conv):
            label = f"Move {names[at]} after {names[to - 1]}"
            yield label, inserted(without_pool, to, spec.layers[at])


def rounded_filters(spec: Spec, offset: int) -> Spec:
    """Add `offset` to every convolution's filters, then round down to multiples of SIMD_WIDTH.

    Tied layers change together; no layer gets fewer than SIMD_WIDTH filters.
    """
    for at, layer in enumerate(spec.layers):
        if isinstance(layer, Conv):
            # A layer tied to an earlier one has changed already, hence `spec` and not `layer`.
            filters = max((spec.layers[at].filters or 0) + offset, SIMD_WIDTH)
            spec = with_filters(spec, at, filters // SIMD_WIDTH * SIMD_WIDTH)
    return spec


def before_head(result: NetworkSummary) -> LayerSummary:
    """The last row before the head; either head has two rows."""
    return result.rows[-3]


def is_pooled(layer: object) -> bool:
    return isinstance(layer, Transition) and layer.pooled


def conv_count(spec: Spec, start: int = 0) -> int:
    """The number of 3×3 convolutions from a layer on."""
    return sum(isinstance(layer, Conv) for layer in spec.layers[start:])


def between_convs(spec: Spec) -> Iterator[int]:
    """Indices where a layer can be inserted between two 3×3 convolutions."""
    if len(spec.layers) < MAX_LAYERS:
        for at in range(1, len(spec.layers)):
            if isinstance(spec.layers[at - 1], Conv) and isinstance(spec.layers[at], Conv):
                yield at
