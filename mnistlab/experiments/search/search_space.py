"""The networks that a search tries, as parameters: each network has its parameters, and back.

Every network has six 3×3 convolutions and two transitions, as target 4 and the most accurate preset
have; what differs is where the transitions are, and all filter counts::

    article   8-16-p10-16-20-t12-16-20-full-bn      the second transition is partial
    gap       12-16-p-16-20-20-p-20s-gap-bn-nobias  pools alone; padded after the second one
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mnistlab.arch.spec import Conv, Head, Spec, Transition
from mnistlab.recipe.recipe import Recipe

ARTICLE, GAP = "article", "gap"
N_CONVOLUTIONS = 6
DECIMALS = 4
"""Of a dropout rate, as many as a network string may have."""

Value = str | int | float
Parameters = Mapping[str, Value]


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones if both ends are.

    `step` is between two neighbors, None for any number; `is_log`: on a logarithmic scale.
    """

    low: float
    high: float
    step: float | None = None
    is_log: bool = False

    @property
    def is_whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)

    def __contains__(self, value: object) -> bool:
        kind = int if self.is_whole else (int, float)
        if not isinstance(value, kind) or not self.low <= value <= self.high:
            return False
        n_steps = (value - self.low) / self.step if self.step else 0
        return math.isclose(n_steps, round(n_steps), abs_tol=1e-6)


# Logarithmic: half as many filters are as far from a number as twice as many, and small networks
# are tried as often as large ones.
FILTERS = Range(4, 32, is_log=True)
CONVOLUTIONS = tuple(f"filters_{number}" for number in range(1, N_CONVOLUTIONS + 1))
SPACE: Mapping[str, Range | tuple[str, ...]] = {
    "template": (ARTICLE, GAP),
    **dict.fromkeys(CONVOLUTIONS, FILTERS),
    # Convolutions before the first and before the second transition.
    "before_first": Range(1, 3),
    "before_second": Range(4, 5),
    "transition_filters": FILTERS,
    "partial_filters": FILTERS,
    "dropout": Range(0.0, 0.2, step=0.05),
    "learning_rate": Range(0.02, 0.5, is_log=True),
}
"""What a parameter may be, by its name."""
ONLY_ARTICLE = ("transition_filters", "partial_filters")


def names(template: Value) -> tuple[str, ...]:
    """The parameters of a template's networks, the template first."""
    return tuple(name for name in SPACE if template == ARTICLE or name not in ONLY_ARTICLE)


def design(parameters: Parameters, recipe: Recipe) -> tuple[Spec, Recipe]:
    """The network and the recipe, which differs from the given one in the learning rate.

    Raises SpecError if the parameters are no network's. `summarize` says whether it can be built.
    """
    is_article = parameters["template"] == ARTICLE
    first, second = int(parameters["before_first"]), int(parameters["before_second"])
    convolutions = [
        Conv(int(parameters[name]), padded=not is_article and index >= second)
        for index, name in enumerate(CONVOLUTIONS)
    ]
    if is_article:
        transition = Transition(int(parameters["transition_filters"]))
        partial = Transition(int(parameters["partial_filters"]), pooled=False)
    else:
        transition = partial = Transition(None)
    between = convolutions[first:second]
    spec = Spec(
        (*convolutions[:first], transition, *between, partial, *convolutions[second:]),
        head=Head.FULL if is_article else Head.GAP,
        batch_norm=True,
        conv_bias=is_article,
        dropout=round(float(parameters["dropout"]), DECIMALS),
    )
    return spec, replace(recipe, learning_rate=float(parameters["learning_rate"]))


def parameters_of(spec: Spec, recipe: Recipe) -> Parameters | None:
    """The parameters whose `design` this is; None if it is no network of the space."""
    filters = [layer.filters for layer in spec.layers if isinstance(layer, Conv)]
    places = [n for n, layer in enumerate(spec.layers) if isinstance(layer, Transition)]
    if len(filters) != N_CONVOLUTIONS or len(places) != 2:
        return None
    first, second = places
    template = ARTICLE if spec.head is Head.FULL else GAP
    values = {
        "template": template,
        **dict(zip(CONVOLUTIONS, filters, strict=True)),
        "before_first": first,
        "before_second": second - 1,
        "transition_filters": spec.layers[first].filters,
        "partial_filters": spec.layers[second].filters,
        "dropout": spec.dropout,
        "learning_rate": recipe.learning_rate,
    }
    parameters = {
        name: value
        for name in names(template)
        if (value := values[name]) is not None and value in SPACE[name]
    }
    # Whatever else a network has, such as another activation, is not in the parameters.
    is_complete = parameters.keys() == set(names(template))
    return parameters if is_complete and design(parameters, recipe)[0] == spec else None
