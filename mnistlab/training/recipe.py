"""How to train, as a value: optimiser, learning rate and schedule, batch, epochs, data, seed."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import lru_cache

from mnistlab.data.kinds import Augmentation, Split
from mnistlab.errors import LabError
from mnistlab.training.epoch import Epoch, best
from mnistlab.training.score import percent


class RecipeError(LabError):
    """A recipe that cannot be followed, with the value and the mend."""


class Optimiser(StrEnum):
    SGD = "sgd"
    """Stochastic gradient descent with Nesterov momentum 0.9."""
    ADAM = "adam"
    """AdamW: Adam with decoupled weight decay."""


class Schedule(StrEnum):
    CONSTANT = "constant"
    STEP = "step"
    """A tenth after each half of what remains: at 1/2 and 3/4 of the run."""
    PLATEAU = "plateau"
    """Halved when the best validation accuracy is three epochs old: the article's."""
    COSINE = "cosine"
    ONE_CYCLE = "one-cycle"
    """Up from a tenth over the first fifth, then along a cosine to nought."""


PLATEAU_PATIENCE = 3
WARM_UP = 0.2


@dataclass(frozen=True)
class Recipe:
    """Everything that a training depends on beside the network and the images.

    `learning_rate` is the schedule's peak; `subset` the number of training digits, None for all.
    `patience` ends the run once the best epoch is that many epochs old, `goal` once an epoch's
    validation accuracy (0–1) reaches it; None leaves either out. `label_smoothing` is the share of
    the training target that is spread evenly over the ten classes (Szegedy et al., "Rethinking the
    Inception Architecture", 2016, section 7). Raises RecipeError if a value is
    out of its bounds.
    """

    optimiser: Optimiser = Optimiser.SGD
    learning_rate: float = 0.1
    schedule: Schedule = Schedule.ONE_CYCLE
    batch_size: int = 128
    epochs: int = 10
    weight_decay: float = 5e-4
    augmentation: Augmentation = Augmentation.AFFINE
    split: Split = Split.STRICT
    subset: int | None = None
    seed: int = 0
    patience: int | None = None
    goal: float | None = None
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        _within("learning rate", self.learning_rate, 1e-6, 10.0)
        _within("weight decay", self.weight_decay, 0.0, 1.0)
        _within("label smoothing", self.label_smoothing, 0.0, 0.9)
        _whole("batch size", self.batch_size, 8, 4096)
        _whole("epochs", self.epochs, 1, 1000)
        _whole("seed", self.seed, 0, 2**31 - 1)
        if self.subset is not None:
            _whole("subset", self.subset, 64, 60_000)
        if self.patience is not None:
            _whole("patience", self.patience, 1, 1000)
        if self.goal is not None:
            _within("goal", self.goal, 0.5, 1.0)
        if self.split is Split.ALL and (self.patience or self.goal):
            raise RecipeError(
                "The split “all” keeps no digits apart, so nothing can say when to end early; "
                "leave patience and goal out, or choose another split."
            )

    def __str__(self) -> str:
        digits = f"{self.subset:,} digits" if self.subset else "all digits"
        return (
            f"{self.epochs} epochs · {self.optimiser} at {self.learning_rate:g}, {self.schedule}, "
            f"weight decay {self.weight_decay:g} · batch {self.batch_size} · {digits} · "
            f"augmentation {self.augmentation} · {self.split} split · seed {self.seed}"
            + (f" · labels smoothed by {self.label_smoothing:g}" if self.label_smoothing else "")
            + (f" · ends when the best is {self.patience} epochs old" if self.patience else "")
            + (f" · ends at {percent(self.goal)}" if self.goal else "")
        )

    @property
    def digits(self) -> int:
        """Digits of one epoch, before the last batch that is not whole is left out."""
        return self.subset or self.split.digits

    def to_json(self) -> str:
        return json.dumps(asdict(self))


@lru_cache(maxsize=1024)
def recipe_from_json(text: str) -> Recipe:
    """Read back what `to_json` wrote. Raises RecipeError, naming the field, on anything else."""
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise RecipeError("The recipe is not a JSON object.")
    known = {field.name for field in fields(Recipe)}
    if strange := set(values) - known:
        raise RecipeError(f"The recipe has an unknown field: {sorted(strange)[0]}.")
    for name, kind in ENUMS.items():
        if name in values:
            values[name] = choice(name, values[name], kind)
    return Recipe(**values)


ENUMS: dict[str, type[StrEnum]] = {
    "optimiser": Optimiser,
    "schedule": Schedule,
    "augmentation": Augmentation,
    "split": Split,
}


def choice(name: str, value: object, kind: type[StrEnum]) -> StrEnum:
    """Read an enum's value. Raises RecipeError with the values that there are."""
    try:
        return kind(str(value))
    except ValueError:
        raise RecipeError(f"{name}: {value!r} is not one of {', '.join(kind)}.") from None


def _within(name: str, value: object, low: float, high: float) -> None:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if not (numeric and low <= value <= high):  # type: ignore[operator]
        raise RecipeError(f"{name}: {value} is not a number between {low:g} and {high:g}.")


def _whole(name: str, value: object, low: int, high: int) -> None:
    if not (isinstance(value, int) and not isinstance(value, bool) and low <= value <= high):
        raise RecipeError(f"{name}: {value} is not a whole number between {low:,} and {high:,}.")


def learning_rate_at(recipe: Recipe, share: float, validation: Sequence[float] = ()) -> float:
    """The learning rate when `share` (0–1) of all steps is done.

    `validation` are the validation accuracies so far; only the plateau schedule asks for them.
    """
    peak = recipe.learning_rate
    match recipe.schedule:
        case Schedule.CONSTANT:
            return peak
        case Schedule.STEP:
            return peak * (1.0 if share < 0.5 else 0.1 if share < 0.75 else 0.01)
        case Schedule.PLATEAU:
            return peak * 0.5 ** _plateaus(validation)
        case Schedule.COSINE:
            return peak * (1 + math.cos(math.pi * share)) / 2
        case Schedule.ONE_CYCLE:
            if share < WARM_UP:
                return peak * (0.1 + 0.9 * share / WARM_UP)
            return peak * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP))) / 2


def kept(recipe: Recipe, epochs: Sequence[Epoch]) -> Epoch | None:
    """The epoch whose checkpoint is kept: the best, or the last where nothing is chosen.

    `runs.derived` says the same in SQL.
    """
    if recipe.split is Split.ALL:
        return epochs[-1] if epochs else None
    return best(epochs)


def early_end(recipe: Recipe, epochs: Sequence[Epoch]) -> str | None:
    """Why a run ends before its planned epochs, as a sentence; None if it goes on."""
    top = best(epochs)
    if top is None or len(epochs) >= recipe.epochs:
        return None
    if recipe.goal is not None and top.validation_accuracy >= recipe.goal:
        return f"Reached its goal of {percent(recipe.goal)} in epoch {top.number}."
    if recipe.patience is not None and len(epochs) - top.number >= recipe.patience:
        return f"Ended early: no epoch was better than epoch {top.number}."
    return None


def _plateaus(validation: Sequence[float]) -> int:
    """How often the best accuracy, or the last fall of the rate, was `PLATEAU_PATIENCE` ago."""
    count, waited, best = 0, 0, -math.inf
    for accuracy in validation:
        waited = 0 if accuracy > best else waited + 1
        best = max(best, accuracy)
        if waited == PLATEAU_PATIENCE:
            count, waited = count + 1, 0
    return count
