"""Single choices of a network and its recipe, switched one at a time: what an ablation compares."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from mnistlab.arch.blocks import LayerType
from mnistlab.arch.edit import MIN_TRANSITION_FILTERS, inserted, moved, removed, scaled
from mnistlab.arch.spec import Activation, Conv, Spec, SpecError, Transition, named
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.training.recipe import Recipe, RecipeError
from mnistlab.training.schedules import Schedule

DROPOUT = 0.05
"""The article's, as the presets have it."""
RATES = (0.1, 0.2)
"""Further rates of dropout to try."""


@dataclass(frozen=True)
class Variant:
    """One choice changed: its name on the command line, what it does, and what comes of it."""

    name: str
    label: str
    spec: Spec
    recipe: Recipe


Candidate = tuple[str, str, Spec]


def variants(spec: Spec, recipe: Recipe) -> tuple[Variant, ...]:
    """Every switch of a network and its recipe that can be built; each changes one choice alone."""
    networks = (*_regularization(spec), *_kinds(spec), *_transitions(spec), *_widths(spec))
    built = (Variant(name, label, new, recipe) for name, label, new in networks if _builds(new))
    return (*built, *_training(spec, recipe))


def find_variant(spec: Spec, recipe: Recipe, name: str) -> Variant:
    """The switch of that name. Raises LabError with those that there are."""
    there = {each.name: each for each in variants(spec, recipe)}
    if name not in there:
        raise LabError(f"“{name}” is no switch of this network; there are {', '.join(there)}.")
    return there[name]


def _builds(spec: Spec) -> bool:
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
        for rate in RATES:
            if rate != spec.dropout:
                yield f"dropout-{rate:g}", f"dropout of {rate:g}", replace(spec, dropout=rate)
    else:
        yield "dropout", f"with dropout of {DROPOUT:g}", replace(spec, dropout=DROPOUT)


def _kinds(spec: Spec) -> Iterator[Candidate]:
    """The activation, residual connections and depthwise-separable convolutions."""
    for other in Activation:
        if other is not spec.activation:
            new = replace(spec, activation=other)
            yield f"activation-{other}", f"{other.label} as activation", new
    convs = [layer for layer in spec.layers if isinstance(layer, Conv)]
    if any(layer.residual for layer in convs):
        yield "residual", "without residual connections", _each(spec, residual=False)
    elif fitting := _fitting(spec):
        yield "residual", "with residual connections", _each(spec, fitting, residual=True)
    if any(layer.separable for layer in convs):
        yield "separable", "ordinary 3×3 convolutions", _each(spec, separable=False)
    elif tta := [name for name, channels in _incoming(spec).items() if channels > 1]:
        label = "depthwise-separable 3×3 convolutions"
        yield "separable", label, _each(spec, tta, separable=True)


def _each(spec: Spec, names: Collection[str] | None = None, **choice: bool) -> Spec:
    """Every 3×3 convolution, or those named, with another choice."""
    layers = (
        replace(layer, **choice)
        if isinstance(layer, Conv) and (names is None or name in names)
        else layer
        for name, layer in named(spec.layers)
    )
    return replace(spec, layers=tuple(layers))


def _fitting(spec: Spec) -> list[str]:
    """The 3×3 convolutions whose output has the shape of their input."""
    incoming = _incoming(spec)
    return [
        name
        for name, layer in named(spec.layers)
        if isinstance(layer, Conv) and layer.padded and incoming[name] == layer.filters
    ]


def _incoming(spec: Spec) -> dict[str, int]:
    """The channels that come into each 3×3 convolution."""
    return {row.name: row.in_channels for row in summarize(spec).rows if row.kind is LayerType.CONV}


def _transitions(spec: Spec) -> Iterator[Candidate]:
    """The partial transition taken out or put in; the first pool one convolution away."""
    layers = spec.layers
    partial = [n for n, layer in enumerate(layers) if _transition(layer, pooled=False)]
    pools = [n for n, layer in enumerate(layers) if _transition(layer, pooled=True)]
    if partial:
        yield "partial-transition", "without the partial transition", removed(spec, partial[0])
    elif middle := _middle(spec, pools):
        before = layers[middle - 1].filters or MIN_TRANSITION_FILTERS
        squeeze = Transition(max(MIN_TRANSITION_FILTERS, before // 2), pooled=False)
        label = f"with a partial transition to {squeeze.filters}"
        yield "partial-transition", label, inserted(spec, middle, squeeze)
    if pools:
        first = pools[0]
        if first > 1 and isinstance(layers[first - 1], Conv):
            yield "early-pool", "the pool one convolution earlier", moved(spec, first, -1)
        if first + 1 < len(layers) and isinstance(layers[first + 1], Conv):
            yield "late-pool", "the pool one convolution later", moved(spec, first, 1)


def _transition(layer: object, pooled: bool) -> bool:
    return isinstance(layer, Transition) and layer.pooled is pooled


def _middle(spec: Spec, pools: list[int]) -> int | None:
    """Where a partial transition goes: in the middle between the first pool and the output."""
    after = pools[0] + 1 if pools else 0
    convolutions = range(after, len(spec.layers))
    return after + len(convolutions) // 2 if len(convolutions) > 1 else None


def _widths(spec: Spec) -> Iterator[Candidate]:
    for name, label, factor in (
        ("filters-halved", "half the filters everywhere", 0.5),
        ("filters-more", "one and a half times the filters", 1.5),
    ):
        try:
            yield name, label, scaled(spec, factor)
        except SpecError:
            continue


def _training(spec: Spec, recipe: Recipe) -> Iterator[Variant]:
    """The learning rate's fall, and the batch's size."""
    fixed = recipe.schedule is Schedule.CONSTANT
    schedule = Schedule.PLATEAU if fixed else Schedule.CONSTANT
    label = "a learning rate that falls" if fixed else "a fixed learning rate"
    yield Variant("learning-rate", label, spec, replace(recipe, schedule=schedule))
    for name, label, size in (
        ("smaller-batch", "half the batch", recipe.batch_size // 2),
        ("larger-batch", "twice the batch", recipe.batch_size * 2),
    ):
        try:
            yield Variant(name, label, spec, replace(recipe, batch_size=size))
        except RecipeError:
            continue
