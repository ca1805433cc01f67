"""A network changed in one place; what the bench's buttons do.

Nothing here asks whether the result can be built: that is the Spec's and the ledger's business.
"""

from collections.abc import Collection
from dataclasses import replace

from mnistlab.arch.spec import MAX_FILTERS, Conv, Layer, Spec, SpecError, Transition

MIN_TRANSITION_FILTERS = 10
"""Filters of a new transition: the article's narrowest has as many as there are classes."""


def with_layer(spec: Spec, index: int, layer: Layer) -> Spec:
    """Another layer in a layer's place."""
    return replace(spec, layers=(*spec.layers[:index], layer, *spec.layers[index + 1 :]))


def tied(spec: Spec, index: int) -> list[int]:
    """The layers that must have as many filters as one with filters, itself among them.

    A residual connection ties its layer to the one whose output comes in; pools change nothing.
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
    """Another number of filters in a layer and in those tied to it."""
    for at in tied(spec, index):
        spec = with_layer(spec, at, replace(spec.layers[at], filters=filters))
    return spec


def with_options(conv: Conv, options: Collection[str]) -> Conv:
    """A convolution with exactly these of its choices, by their fields' names.

    A residual connection needs padding: to choose it pads, and to give up padding gives it up.
    """
    residual = "residual" in options and not (conv.padded and "padded" not in options)
    padded = "padded" in options or residual
    return replace(conv, padded=padded, residual=residual, separable="separable" in options)


def inserted(spec: Spec, index: int, layer: Layer) -> Spec:
    """A layer put in before the one at `index`; at the end if `index` is the layers' count."""
    return replace(spec, layers=(*spec.layers[:index], layer, *spec.layers[index:]))


def removed(spec: Spec, index: int) -> Spec:
    """Raises SpecError if it is the last layer there is."""
    return replace(spec, layers=spec.layers[:index] + spec.layers[index + 1 :])


def moved(spec: Spec, index: int, by: int) -> Spec:
    """A layer moved past `by` others, down if positive; as far as the ends allow."""
    layers = list(spec.layers)
    layer = layers.pop(index)
    layers.insert(max(index + by, 0), layer)
    return replace(spec, layers=tuple(layers))


def matching_conv(spec: Spec, index: int) -> Conv:
    """The convolution that fits beside a layer: like the nearest before it, without a shortcut."""
    before = [layer for layer in spec.layers[: index + 1] if isinstance(layer, Conv)]
    return replace(before[-1], residual=False) if before else Conv(8)


def scaled(spec: Spec, factor: float) -> Spec:
    """Every layer's filters times a factor, at least one each.

    Raises SpecError if a layer would have more than the lab takes.
    """

    def wide(filters: int) -> int:
        new = max(1, round(filters * factor))
        if new > MAX_FILTERS:
            raise SpecError(
                f"{filters:,} filters times {factor:g} are more than the lab's {MAX_FILTERS:,}; "
                "lower the widest layer first."
            )
        return new

    layers = (
        layer if layer.filters is None else replace(layer, filters=wide(layer.filters))
        for layer in spec.layers
    )
    return replace(spec, layers=tuple(layers))


def transition(pooled: bool) -> Transition:
    """A new transition, pooled or partial."""
    return Transition(MIN_TRANSITION_FILTERS, pooled)
