"""A network changed in one place, as the Design page's buttons do.

Nothing here checks whether the result can be built: Spec and `summarize` do that.
"""

from collections.abc import Collection
from dataclasses import replace

from mnistlab.arch.spec import MAX_FILTERS, Conv, Layer, Spec, SpecError, Transition

MIN_TRANSITION_FILTERS = 10
"""Filters of a new transition: the article's smallest has 10, one per class."""


def with_layer(spec: Spec, index: int, layer: Layer) -> Spec:
    """Replace a layer."""
    return replace(spec, layers=(*spec.layers[:index], layer, *spec.layers[index + 1 :]))


def tied(spec: Spec, index: int) -> list[int]:
    """The layers that must have as many filters as the one at `index`, including itself.

    A residual connection ties its layer to the one whose output it receives; pools change nothing.
    """
    filtered = [at for at, layer in enumerate(spec.layers) if layer.filters is not None]
    first = last = filtered.index(index)
    while first > 0 and _residual(spec.layers[filtered[first]]):
        first -= 1
    while last + 1 < len(filtered) and _residual(spec.layers[filtered[last + 1]]):
        last += 1
    return filtered[first : last + 1]


def _residual(layer: Layer) -> bool:
    return isinstance(layer, Conv) and layer.residual


def with_filters(spec: Spec, index: int, filters: int) -> Spec:
    """Set the number of filters of a layer and of the layers tied to it."""
    for at in tied(spec, index):
        spec = with_layer(spec, at, replace(spec.layers[at], filters=filters))
    return spec


def with_options(conv: Conv, options: Collection[str]) -> Conv:
    """A convolution with exactly these options, named after its fields.

    A residual connection needs padding: adding it adds padding, removing padding removes it.
    """
    residual = "residual" in options and not (conv.padded and "padded" not in options)
    padded = "padded" in options or residual
    return replace(conv, padded=padded, residual=residual, separable="separable" in options)


def inserted(spec: Spec, index: int, layer: Layer) -> Spec:
    """Insert a layer before the one at `index`; at the end if `index` is the layer count."""
    return replace(spec, layers=(*spec.layers[:index], layer, *spec.layers[index:]))


def removed(spec: Spec, index: int) -> Spec:
    """Remove a layer. Raises SpecError if it is the only one."""
    return replace(spec, layers=spec.layers[:index] + spec.layers[index + 1 :])


def moved(spec: Spec, index: int, by: int) -> Spec:
    """Move a layer past `by` others, down if positive; the ends limit it."""
    layers = list(spec.layers)
    layer = layers.pop(index)
    layers.insert(max(index + by, 0), layer)
    return replace(spec, layers=tuple(layers))


def matching_conv(spec: Spec, index: int) -> Conv:
    """A new convolution to put after a layer: like the nearest one before, but not residual."""
    before = [layer for layer in spec.layers[: index + 1] if isinstance(layer, Conv)]
    return replace(before[-1], residual=False) if before else Conv(8)


def scaled(spec: Spec, factor: float) -> Spec:
    """Multiply every layer's filters by a factor, keeping at least one each.

    Raises SpecError if a layer would exceed MAX_FILTERS.
    """

    def scaled_filters(filters: int) -> int:
        new = max(1, round(filters * factor))
        if new > MAX_FILTERS:
            raise SpecError(
                f"{filters:,} filters × {factor:g} exceeds the limit of {MAX_FILTERS:,}. "
                "Reduce the largest layer first."
            )
        return new

    layers = (
        layer if layer.filters is None else replace(layer, filters=scaled_filters(layer.filters))
        for layer in spec.layers
    )
    return replace(spec, layers=tuple(layers))


def transition(pooled: bool) -> Transition:
    """A new transition, pooled or partial."""
    return Transition(MIN_TRANSITION_FILTERS, pooled)
