"""How to train, as a value: optimizer, learning rate, batch size, epochs, images, seed."""

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import lru_cache

from mnistlab.choice import Choice
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import Augmentation, Split
from mnistlab.errors import LabError
from mnistlab.text import percent
from mnistlab.training.schedules import Schedule

MOMENTUM = 0.9
"""Of SGD with Nesterov's momentum."""
RATE_WITH_BATCH_NORM, RATE_WITHOUT = 0.1, 0.02
"""Peak learning rates of SGD to start from."""
ADAM_RATE = 0.003
"""The article's targets with batch norm are trained with it here."""
NORM_BATCH_SIZE = 128
"""Images that batch norm normalizes over where the recipe says nothing and a batch is large."""
MIN_BATCH = 8
MAX_LABEL_SMOOTHING = 0.9


class RecipeError(LabError):
    """A recipe that cannot be followed, with the value and the mend."""


class Optimizer(Choice):
    SGD = "sgd", "SGD"
    """Stochastic gradient descent with Nesterov momentum."""
    ADAM = "adam", "Adam"
    """AdamW: Adam with decoupled weight decay."""

    @property
    def help(self) -> str:
        """What it does, and the learning rate to start from."""
        match self:
            case Optimizer.SGD:
                return (
                    f"SGD with Nesterov momentum {MOMENTUM:g}. Start near {RATE_WITH_BATCH_NORM:g} "
                    f"with batch norm, {RATE_WITHOUT:g} without."
                )
            case Optimizer.ADAM:
                return f"AdamW adapts the rate of each weight. Start near {ADAM_RATE:g}."


@dataclass(frozen=True)
class Recipe:
    """Everything that a training depends on beside the network and the images.

    `learning_rate` is the schedule's peak; `subset` the number of training images, None for all.
    `patience` ends the run once the best epoch is that many epochs old, `goal` once an epoch's
    validation accuracy (0–1) reaches it; None leaves either out. `label_smoothing` is the share of
    the training target that is spread evenly over the ten classes (Szegedy et al., "Rethinking the
    Inception Architecture", 2016, section 7). `norm_batch_size` is over how many images of a batch
    batch norm normalizes, at least; None leaves it to `shard_count`. Raises RecipeError if a value
    is out of its bounds.
    """

    optimizer: Optimizer = Optimizer.SGD
    learning_rate: float = RATE_WITH_BATCH_NORM
    schedule: Schedule = Schedule.ONE_CYCLE
    batch_size: int = 128
    epochs: int = 10
    weight_decay: float = 5e-4
    augmentation: Augmentation = Augmentation.AFFINE
    split: Split = Split.HOLDOUT
    train_size: int | None = None
    seed: int = 0
    patience: int | None = None
    target_accuracy: float | None = None
    label_smoothing: float = 0.0
    norm_batch_size: int | None = None

    def __post_init__(self) -> None:
        _within("learning rate", self.learning_rate, 1e-6, 10.0)
        _within("weight decay", self.weight_decay, 0.0, 1.0)
        _within("label smoothing", self.label_smoothing, 0.0, MAX_LABEL_SMOOTHING)
        _whole("batch size", self.batch_size, MIN_BATCH, 4096)
        _whole("epochs", self.epochs, 1, 1000)
        _whole("seed", self.seed, 0, 2**31 - 1)
        if self.train_size is not None:
            _whole("train size", self.train_size, 64, MNIST.n_train)
        if self.patience is not None:
            _whole("patience", self.patience, 1, 1000)
        if self.target_accuracy is not None:
            _within("target accuracy", self.target_accuracy, 0.5, 1.0)
        if self.norm_batch_size is not None:
            _whole("norm batch size", self.norm_batch_size, MIN_BATCH, 4096)
        if self.split is Split.ALL and (self.patience or self.target_accuracy):
            raise RecipeError(
                "The split “all” holds no images out, so nothing can end a run early. "
                "Leave patience and goal out, or choose another split."
            )

    def __str__(self) -> str:
        images = "all images" if self.train_size is None else f"{self.available_images:,} images"
        return (
            f"{self.epochs} epochs · {self.optimizer} at {self.learning_rate:g}, {self.schedule}, "
            f"weight decay {self.weight_decay:g} · batch {self.batch_size} · {images} · "
            f"augmentation {self.augmentation} · {self.split} split · seed {self.seed}"
            + (f" · labels smoothed by {self.label_smoothing:g}" if self.label_smoothing else "")
            + (f" · batch norm over {self.norm_batch_size}" if self.norm_batch_size else "")
            + (f" · patience {self.patience} epochs" if self.patience else "")
            + (f" · stops at {percent(self.target_accuracy)}" if self.target_accuracy else "")
        )

    @property
    def available_images(self) -> int:
        """Training images that epochs draw from: the subset, or all that the split trains on."""
        return min(self.train_size or self.split.n_train, self.split.n_train)

    @property
    def images_per_step(self) -> int:
        """The batch, which a small subset may not fill."""
        return min(self.batch_size, self.available_images)

    @property
    def images_per_epoch(self) -> int:
        """Images that one epoch trains on; the last, incomplete batch is left out."""
        return self.available_images // self.images_per_step * self.images_per_step

    @property
    def shards(self) -> int:
        """Into how many parts each batch is cut; batch norm normalizes within its part."""
        return shard_count(self.images_per_step, self.norm_batch_size)

    @property
    def images_per_norm(self) -> str:
        """Over how many images batch norm normalizes, as text: one number, or two that differ by 1.

        `torch.tensor_split` makes the first parts one image larger where the batch does not divide.
        """
        smallest, more = divmod(self.images_per_step, self.shards)
        return f"{smallest} or {smallest + 1}" if more else str(smallest)

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def shard_count(batch: int, norm_batch_size: int | None = None) -> int:
    """Into how many parts a batch is cut: by its size and the recipe alone, never by the machine.

    Without a `norm_batch_size` there are two parts as soon as each is worth a thread, and one for
    every NORM_BATCH_SIZE images of a large batch.
    """
    if norm_batch_size is not None:
        return max(1, batch // norm_batch_size)
    return max(batch // NORM_BATCH_SIZE, 2 if batch >= NORM_BATCH_SIZE // 2 else 1)


@lru_cache(maxsize=1024)
def recipe_from_json(text: str) -> Recipe:
    """Read back what `to_json` wrote. Raises RecipeError, naming the field, on anything else.

    A field that is not there has its default, so recipes from before a field train as they did.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise RecipeError("The recipe is not a JSON object. Choose a file that mnistlab wrote.")
    known = {field.name for field in fields(Recipe)}
    if strange := set(values) - known:
        raise RecipeError(
            f"The recipe has an unknown field: {min(strange)}. Use {', '.join(sorted(known))}."
        )
    for name, kind in ENUMS.items():
        if name in values:
            values[name] = choice(name, values[name], kind)
    return Recipe(**values)


ENUMS: dict[str, type[StrEnum]] = {
    "optimizer": Optimizer,
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
