"""Single choices of a network and its recipe, switched one at a time: what an ablation compares."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mnistlab.arch.edit import NARROWEST, inserted, moved, removed, scaled
from mnistlab.arch.ledger import ledger
from mnistlab.arch.spec import Conv, Spec, SpecError, Transition
from mnistlab.errors import LabError
from mnistlab.training.recipe import Recipe, RecipeError, Schedule

DROPOUT = 0.05
"""The article's, as the presets have it."""
RATES = (0.1, 0.2)
"""Further rates of dropout to try."""


@dataclass(frozen=True)
class Switch:
    """One choice changed: its name on the command line, what it does, and what comes of it."""

    name: str
    label: str
    spec: Spec
    recipe: Recipe


Changed = tuple[str, str, Spec]


def switches(spec: Spec, recipe: Recipe) -> tuple[Switch, ...]:
    """Every switch of a network and its recipe that can be built; each changes one choice alone."""
    networks = (*_parts(spec), *_transitions(spec), *_widths(spec))
    built = (Switch(name, label, new, recipe) for name, label, new in networks if _builds(new))
    return (*built, *_training(spec, recipe))


def switch(spec: Spec, recipe: Recipe, name: str) -> Switch:
    """The switch of that name. Raises LabError with those that there are."""
    there = {each.name: each for each in switches(spec, recipe)}
    if name not in there:
        raise LabError(f"“{name}” is no switch of this network; there are {', '.join(there)}.")
    return there[name]


def _builds(spec: Spec) -> bool:
    try:
        ledger(spec)
    except SpecError:
        return False
    return True


def _parts(spec: Spec) -> Iterator[Changed]:
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


def _transitions(spec: Spec) -> Iterator[Changed]:
    """The partial transition taken out or put in; the first pool one convolution away."""
    layers = spec.layers
    partial = [n for n, layer in enumerate(layers) if _transition(layer, pooled=False)]
    pools = [n for n, layer in enumerate(layers) if _transition(layer, pooled=True)]
    if partial:
        yield "partial-transition", "without the partial transition", removed(spec, partial[0])
    elif middle := _middle(spec, pools):
        before = layers[middle - 1].filters or NARROWEST
        squeeze = Transition(max(NARROWEST, before // 2), pooled=False)
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


def _widths(spec: Spec) -> Iterator[Changed]:
    for name, label, factor in (
        ("filters-halved", "half the filters everywhere", 0.5),
        ("filters-more", "one and a half times the filters", 1.5),
    ):
        try:
            yield name, label, scaled(spec, factor)
        except SpecError:
            continue


def _training(spec: Spec, recipe: Recipe) -> Iterator[Switch]:
    """The learning rate's fall, and the batch's size."""
    fixed = recipe.schedule is Schedule.CONSTANT
    schedule = Schedule.PLATEAU if fixed else Schedule.CONSTANT
    label = "a learning rate that falls" if fixed else "a fixed learning rate"
    yield Switch("learning-rate", label, spec, replace(recipe, schedule=schedule))
    for name, label, size in (
        ("smaller-batch", "half the batch", recipe.batch_size // 2),
        ("larger-batch", "twice the batch", recipe.batch_size * 2),
    ):
        try:
            yield Switch(name, label, spec, replace(recipe, batch_size=size))
        except RecipeError:
            continue
