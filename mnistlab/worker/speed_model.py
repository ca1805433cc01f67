"""How long an epoch takes on this machine: a linear model, fitted to networks that were timed.

The seconds for one image are a sum of the network's work (`mnistlab.arch.cost.Work`), each quantity
times what a unit of it costs here. Costs are not negative; they are fitted by least squares on the
relative error.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mnistlab.arch.cost import CostTerms, layer_cost
from mnistlab.arch.spec import parse
from mnistlab.arch.summary import LayerSummary, NetworkSummary, summarize
from mnistlab.errors import LabError
from mnistlab.training.recipe import Recipe


@dataclass(frozen=True)
class Timing:
    """A network that was timed: its text, the batch, and the seconds for one training image."""

    network: str
    batch: int
    seconds: float


@dataclass(frozen=True)
class SpeedModel:
    """What was timed on this machine, and what a unit of each quantity in Work costs, in seconds.

    `error` is the typical error where nothing was timed, as a share. `threads` trained at the same
    time; `day` is an ISO date, `versions` say with what.
    """

    timings: tuple[Timing, ...]
    costs: CostTerms
    error: float
    threads: int
    day: str
    versions: dict[str, str]

    def row_seconds(self, result: NetworkSummary, row: LayerSummary, batch: int) -> float:
        """A row's share of the seconds for one training image."""
        return _dot(self.costs, layer_cost(row, batch))

    def image_seconds(self, result: NetworkSummary, batch: int) -> float:
        """Seconds for one training image, its share of the epoch's validation included."""
        return self.costs.images + sum(self.row_seconds(result, row, batch) for row in result.rows)

    def epoch_seconds(self, result: NetworkSummary, recipe: Recipe) -> float:
        """Seconds for one epoch of a recipe."""
        return recipe.images_per_epoch * self.image_seconds(result, recipe.batch_size)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)


def network_work(timing: Timing) -> CostTerms:
    """A whole timed network's work for one image."""
    result = summarize(parse(timing.network))
    rows = [astuple(layer_cost(row, timing.batch)) for row in result.rows]
    return replace(CostTerms(*map(sum, zip(*rows, strict=True))), images=1.0)


def fit_costs(timings: Sequence[Timing]) -> CostTerms:
    """The costs, none negative, that explain the timings best.

    Six unknowns are few enough to try every choice of those that cost anything at all: the best
    one whose plain least squares has no negative cost is the non-negative least squares' solution
    (Lawson & Hanson, "Solving Least Squares Problems", 1974, chapter 23). Raises ValueError if
    there is nothing to fit.
    """
    if not timings:
        raise ValueError("there are no timings to fit")
    work = np.array([astuple(network_work(one)) for one in timings])
    relative = work / np.array([[one.seconds] for one in timings])
    scale = relative.max(axis=0)
    used = [column for column in range(len(scale)) if scale[column] > 0]
    best: tuple[float, NDArray[np.float64]] = (math.inf, np.zeros(len(scale)))
    for count in range(1, len(used) + 1):
        for chosen in map(list, combinations(used, count)):
            scaled = relative[:, chosen] / scale[chosen]
            found = np.linalg.lstsq(scaled, np.ones(len(timings)), rcond=None)[0]
            error = float(((scaled @ found - 1) ** 2).sum())
            if (found >= 0).all() and error < best[0]:
                costs = np.zeros(len(scale))
                costs[chosen] = found / scale[chosen]
                best = (error, costs)
    return CostTerms(*best[1].tolist())


def cross_validated_error(timings: Sequence[Timing]) -> float:
    """The median error, as a share, of foretelling each timed network from all the others."""
    errors = []
    for timing in timings:
        costs = fit_costs([one for one in timings if one != timing])
        errors.append(abs(_dot(costs, network_work(timing)) / timing.seconds - 1))
    return float(np.median(errors))


def _dot(costs: CostTerms, work: CostTerms) -> float:
    return float(sum(a * b for a, b in zip(astuple(costs), astuple(work), strict=True)))


_DAMAGED = (
    *(LabError, ValueError, TypeError, LookupError),
    *(AttributeError, ArithmeticError, RecursionError),
)
"""What reading a file that is no calibration may end in."""


def from_json(text: str) -> SpeedModel:
    """Read back what `to_json` wrote. Raises LabError on anything else."""
    try:
        values = json.loads(text)
        timings = tuple(Timing(**one) for one in values.pop("timings"))
        costs = CostTerms(**values.pop("costs"))
        calibration = SpeedModel(timings=timings, costs=costs, **values)
        numbers = [*astuple(costs), calibration.error, *(one.seconds for one in timings)]
        whole = all(isinstance(n, int | float) and 0 <= n < math.inf for n in numbers)
        if not (whole and timings and len(values) == len(fields(SpeedModel)) - 2):
            raise ValueError("a number is amiss")
        for one in timings:
            network_work(one)
    except _DAMAGED as error:
        raise LabError(f"The stored calibration cannot be read ({error}); measure again.") from None
    return calibration
