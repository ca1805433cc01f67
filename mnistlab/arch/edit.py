"""A network changed in one place; what the bench's buttons do.

Nothing here asks whether the result can be built: that is the Spec's and the ledger's business.
"""

from dataclasses import replace

from mnistlab.arch.spec import MAX_FILTERS, Conv, Layer, Spec, SpecError, Transition

NARROWEST = 10
"""Filters of a new transition: the article's narrowest has as many as there are classes."""


def with_layer(spec: Spec, index: int, layer: Layer) -> Spec:
    """Another layer in a layer's place."""
    return replace(spec, layers=(*spec.layers[:index], layer, *spec.layers[index + 1 :]))


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


def like(spec: Spec, index: int) -> Conv:
    """The convolution that fits beside a layer: as wide and as padded as the nearest before it."""
    before = [layer for layer in spec.layers[: index + 1] if isinstance(layer, Conv)]
    return before[-1] if before else Conv(8)


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
    return Transition(NARROWEST, pooled)
