"""Estimated time per epoch on this machine: a linear model, fitted to networks that were timed.

The seconds for one image are the sum of the network's `mnistlab.arch.cost.CostTerms`, each times
its cost per unit. Costs are non-negative and fitted by least squares on the relative error.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace

import numpy as np

from mnistlab.arch.cost import CostTerms, layer_cost
from mnistlab.arch.spec import parse
from mnistlab.arch.summary import LayerSummary, NetworkSummary, summarize
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Recipe

STEPS_PER_VALIDATION = 5
"""Training steps per validation step while networks are timed: MNIST has five or six training
images per validation image."""


@dataclass(frozen=True)
class Timing:
    """A timed network: its text, the batch size and the seconds per training image."""

    network: str
    batch: int
    seconds: float


@dataclass(frozen=True)
class SpeedModel:
    """The timings on this machine, and the seconds that a unit of each cost term takes.

    `error` is the median relative error in cross-validation, `threads` the number of training
    threads, `day` an ISO date, `versions` those of Python and torch.
    """

    timings: tuple[Timing, ...]
    costs: CostTerms
    error: float
    threads: int
    day: str
    versions: dict[str, str]

    def row_seconds(self, row: LayerSummary, batch: int) -> float:
        """A layer's seconds per training image."""
        return _dot(self.costs, layer_cost(row, batch))

    def image_seconds(self, result: NetworkSummary, batch: int) -> float:
        """Seconds per training image, including its fraction of the epoch's validation."""
        return self.costs.images + sum(self.row_seconds(row, batch) for row in result.rows)

    def epoch_seconds(self, result: NetworkSummary, recipe: Recipe) -> float:
        """Seconds per epoch of a recipe."""
        return recipe.images_per_epoch * self.image_seconds(result, recipe.batch_size)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)


def network_work(timing: Timing) -> CostTerms:
    """The cost terms of a timed network for one image."""
    result = summarize(parse(timing.network))
    rows = [astuple(layer_cost(row, timing.batch)) for row in result.rows]
    return replace(CostTerms(*map(sum, zip(*rows, strict=True))), images=1.0)


def fit_costs(timings: Sequence[Timing]) -> CostTerms:
    """The non-negative costs that fit the timings best. Raises ValueError without timings.

    Least squares on the relative error: each row is divided by its timed seconds, so the costs are
    to give 1 for every network, fast or slow.
    """
    # Not at the top: it takes a third of a second, and most uses only read a fitted model.
    from scipy.optimize import nnls

    if not timings:
        raise ValueError("there are no timings to fit")
    work = np.array([astuple(network_work(one)) for one in timings])
    relative = work / np.array([[one.seconds] for one in timings])
    # The terms differ by ten orders of magnitude (a call, a MAC): each column is scaled to 1. A
    # term that no timed network has stays a column of zeros and costs nothing.
    largest = relative.max(axis=0)
    scale = np.where(largest > 0, largest, 1.0)
    solution, _ = nnls(relative / scale, np.ones(len(timings)))
    return CostTerms(*(solution / scale).tolist())


def cross_validated_error(timings: Sequence[Timing]) -> float:
    """The median relative error (0–1) of each timed network, estimated from all the others."""
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
"""What reading a file that is not a speed model may raise."""


def from_json(text: str) -> SpeedModel:
    """Read back what `to_json` wrote. Raises LabError on anything else."""
    try:
        values = json.loads(text)
        timings = tuple(Timing(**one) for one in values.pop("timings"))
        costs = CostTerms(**values.pop("costs"))
        speed_model = SpeedModel(timings=timings, costs=costs, **values)
        numbers = [*astuple(costs), speed_model.error, *(one.seconds for one in timings)]
        valid = all(isinstance(n, int | float) and 0 <= n < math.inf for n in numbers)
        if not (valid and timings and len(values) == len(fields(SpeedModel)) - 2):
            raise ValueError("a number is missing or out of range")
        for one in timings:
            network_work(one)
    except _DAMAGED as error:
        raise LabError(
            f"The saved benchmark cannot be read ({error}). Run the benchmark again."
        ) from None
    return speed_model
