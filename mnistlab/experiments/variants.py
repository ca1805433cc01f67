"""Variants for ablations: a network and its recipe with one setting changed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from mnistlab.arch.blocks import LayerType
from mnistlab.arch.edit import MIN_TRANSITION_FILTERS, inserted, moved, removed, scaled
from mnistlab.arch.spec import Activation, Conv, Spec, SpecError, Transition, named
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Recipe, RecipeError
from mnistlab.recipe.schedules import Schedule

DROPOUT = 0.05
"""The rate of the presets; the article gives none."""
DROPOUT_RATES = (0.05, 0.1, 0.2)
"""Further dropout rates to try."""


@dataclass(frozen=True)
class Variant:
    """One setting changed: its name on the command line, its label, the network and the recipe."""

    name: str
    label: str
    spec: Spec
    recipe: Recipe


Candidate = tuple[str, str, Spec]
"""A variant's name, label and network, which may not be valid yet."""


def variants(spec: Spec, recipe: Recipe) -> tuple[Variant, ...]:
    """All valid variants of a network and its recipe; each changes one setting alone."""
    candidates = (
        *_regularization(spec),
        *_convolutions(spec),
        *_transitions(spec),
        *_filters(spec),
    )
    valid = (Variant(name, label, new, recipe) for name, label, new in candidates if _is_valid(new))
    return (*valid, *_training(spec, recipe))


def find_variant(spec: Spec, recipe: Recipe, name: str) -> Variant:
    """The variant with a name. Raises LabError with the names of all variants."""
    by_name = {each.name: each for each in variants(spec, recipe)}
    if name not in by_name:
        raise LabError(f"Unknown variant “{name}”. Choose one of {', '.join(by_name)}.")
    return by_name[name]


def _is_valid(spec: Spec) -> bool:
    try:
        summarize(spec)
    except SpecError:
        return False
    return True


def _regularization(spec: Spec) -> Iterator[Candidate]:
    """Batch norm, and dropout with its rate."""
    if not spec.batch_norm:
        yield "batch-norm", "with batch norm", replace(spec, batch_norm=True)
    elif spec.conv_bias:
        yield "batch-norm", "without batch norm", replace(spec, batch_norm=False)
    if spec.dropout:
        yield "dropout", "without dropout", replace(spec, dropout=0.0)
        for rate in DROPOUT_RATES:
            if rate != spec.dropout:
                yield f"dropout-{rate:g}", f"dropout {rate:g}", replace(spec, dropout=rate)
    else:
        yield "dropout", f"with dropout {DROPOUT:g}", replace(spec, dropout=DROPOUT)


def _convolutions(spec: Spec) -> Iterator[Candidate]:
    """The activation, residual connections and depthwise-separable convolutions."""
    for other in Activation:
        if other is not spec.activation:
            new = replace(spec, activation=other)
            yield f"activation-{other}", f"{other.label} activation", new
    convs = [layer for layer in spec.layers if isinstance(layer, Conv)]
    if any(layer.residual for layer in convs):
        yield "residual", "without residual connections", _with_options(spec, residual=False)
    elif names := _can_be_residual(spec):
        yield "residual", "with residual connections", _with_options(spec, names, residual=True)
    if any(layer.separable for layer in convs):
        yield "separable", "ordinary 3×3 convolutions", _with_options(spec, separable=False)
    elif names := [name for name, channels in _in_channels(spec).items() if channels > 1]:
        label = "depthwise-separable 3×3 convolutions"
        yield "separable", label, _with_options(spec, names, separable=True)


def _with_options(spec: Spec, names: Collection[str] | None = None, **options: bool) -> Spec:
    """Change options of every 3×3 convolution, or of those in `names`."""
    layers = (
        replace(layer, **options)
        if isinstance(layer, Conv) and (names is None or name in names)
        else layer
        for name, layer in named(spec.layers)
    )
    return replace(spec, layers=tuple(layers))


def _can_be_residual(spec: Spec) -> list[str]:
    """The 3×3 convolutions whose output has the shape of their input."""
    in_channels = _in_channels(spec)
    return [
        name
        for name, layer in named(spec.layers)
        if isinstance(layer, Conv) and layer.padded and in_channels[name] == layer.filters
    ]


def _in_channels(spec: Spec) -> dict[str, int]:
    """The input channels of each 3×3 convolution."""
    return {row.name: row.in_channels for row in summarize(spec).rows if row.kind is LayerType.CONV}


def _transitions(spec: Spec) -> Iterator[Candidate]:
    """The partial transition removed or inserted; the first pool one layer earlier or later."""
    layers = spec.layers
    partial = [n for n, layer in enumerate(layers) if _transition(layer, pooled=False)]
    pools = [n for n, layer in enumerate(layers) if _transition(layer, pooled=True)]
    if partial:
        yield "partial-transition", "without the partial transition", removed(spec, partial[0])
    elif middle := _middle(spec, pools):
        before = layers[middle - 1].filters or MIN_TRANSITION_FILTERS
        partial_transition = Transition(max(MIN_TRANSITION_FILTERS, before // 2), pooled=False)
        label = f"with a partial transition to {partial_transition.filters}"
        yield "partial-transition", label, inserted(spec, middle, partial_transition)
    if pools:
        first = pools[0]
        if first > 1 and isinstance(layers[first - 1], Conv):
            yield "early-pool", "pool one layer earlier", moved(spec, first, -1)
        if first + 1 < len(layers) and isinstance(layers[first + 1], Conv):
            yield "late-pool", "pool one layer later", moved(spec, first, 1)


def _transition(layer: object, pooled: bool) -> bool:
    return isinstance(layer, Transition) and layer.pooled is pooled


def _middle(spec: Spec, pools: list[int]) -> int | None:
    """The index for a partial transition: midway between the first pool and the head."""
    after = pools[0] + 1 if pools else 0
    convolutions = range(after, len(spec.layers))
    return after + len(convolutions) // 2 if len(convolutions) > 1 else None


def _filters(spec: Spec) -> Iterator[Candidate]:
    """Fewer or more filters in all layers."""
    for name, label, factor in (
        ("filters-halved", "half the filters", 0.5),
        ("filters-more", "1.5× the filters", 1.5),
    ):
        try:
            yield name, label, scaled(spec, factor)
        except SpecError:
            continue


def _training(spec: Spec, recipe: Recipe) -> Iterator[Variant]:
    """The learning-rate schedule and the batch size."""
    is_constant = recipe.schedule is Schedule.CONSTANT
    schedule = Schedule.PLATEAU if is_constant else Schedule.CONSTANT
    label = "learning-rate decay" if is_constant else "constant learning rate"
    yield Variant("learning-rate", label, spec, replace(recipe, schedule=schedule))
    for name, label, size in (
        ("smaller-batch", "half the batch size", recipe.batch_size // 2),
        ("larger-batch", "twice the batch size", recipe.batch_size * 2),
    ):
        try:
            yield Variant(name, label, spec, replace(recipe, batch_size=size))
        except RecipeError:
            continue
