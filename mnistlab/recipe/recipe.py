"""The recipe: optimizer, learning rate, schedule, batch size, epochs, data and seed."""

import json
import re
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import lru_cache

from mnistlab.choice import Choice
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import Augmentation, Split
from mnistlab.errors import LabError
from mnistlab.recipe.schedules import Schedule
from mnistlab.text import percent, quantity

MOMENTUM = 0.9
"""Nesterov momentum of SGD."""
RATE_WITH_BATCH_NORM, RATE_WITHOUT = 0.1, 0.02
"""Default peak learning rates of SGD."""
ADAM_RATE = 0.003
"""Adam's learning rate for the article's targets with batch norm."""
NORM_BATCH_SIZE = 128
"""Images that batch norm normalizes over in a large batch, unless the recipe sets a number."""
NORM_IMAGES = 10_000
"""Training images on which batch norm's statistics are re-estimated, or all if there are fewer."""
MIN_BATCH = 8
MAX_LABEL_SMOOTHING = 0.9
SOFT_LABEL_WEIGHT, DISTILLATION_TEMPERATURE = 0.9, 4.0
"""Defaults of a training with a teacher. Hinton et al. ("Distilling the Knowledge in a Neural
Network", 2015) weighted the labels considerably lower than the teacher, and found temperatures of
2.5 to 4 best for their smallest student on MNIST."""
MAX_DISTILLATION_TEMPERATURE = 20.0
"""What Hinton et al. used for their large students on MNIST."""
CHECKSUM_DIGITS = 16
"""Hexadecimal digits of a checkpoint's checksum that name it as a teacher."""


class RecipeError(LabError):
    """An invalid recipe; the message names the value and its bounds."""


class Optimizer(Choice):
    SGD = "sgd", "SGD"
    """Stochastic gradient descent with Nesterov momentum."""
    ADAM = "adam", "Adam"
    """AdamW: Adam with decoupled weight decay."""

    @property
    def help(self) -> str:
        """What the optimizer does, and a learning rate to start from."""
        match self:
            case Optimizer.SGD:
                return (
                    f"SGD with Nesterov momentum {MOMENTUM:g}. Start near {RATE_WITH_BATCH_NORM:g} "
                    f"with batch norm, {RATE_WITHOUT:g} without."
                )
            case Optimizer.ADAM:
                return f"AdamW adapts the rate of each weight. Start near {ADAM_RATE:g}."


class NormStatistics(Choice):
    """The means and variances by which batch norm normalizes in an evaluation."""

    RUNNING = "running", "Running averages"
    REESTIMATED = "re-estimated", "Re-estimated"

    @property
    def help(self) -> str:
        match self:
            case NormStatistics.RUNNING:
                return "Averages over the latest batches of the training, which are augmented."
            case NormStatistics.REESTIMATED:
                return (
                    "After each epoch batch norm's means and variances are estimated anew, on "
                    f"{NORM_IMAGES:,} unaugmented training images."
                )


@dataclass(frozen=True)
class Recipe:
    """Everything that a training depends on, except the network and the images.

    `learning_rate` is the schedule's peak; `train_size` the number of training images, None for
    all. `patience` ends the run when the best epoch is that many epochs old, `target_accuracy` when
    an epoch's validation accuracy (0–1) reaches it; None switches either off. `label_smoothing` is
    the fraction of the training target that is spread evenly over the ten classes (Szegedy et al.,
    "Rethinking the Inception Architecture", 2016, section 7). Batch norm normalizes over at least
    `norm_batch_size` images of a batch; None leaves the number to `shard_count`. `norm_statistics`
    are those of an evaluation.

    `teacher` names the checkpoint whose probabilities are a second target, by the first
    CHECKSUM_DIGITS digits of its checksum (`training.sources`); empty for none. `soft_label_weight`
    is that target's fraction of the loss, `distillation_temperature` what both networks' logits are
    divided by (`training.transfer.distillation`); without a teacher they mean nothing.

    `initial` names, in the same way, the checkpoint whose weights are the first ones (fine-tuning);
    empty for random ones. `interpolation` is how far from them to the trained ones the last epoch's
    weights are, from 0 to 1 (`training.transfer.fine_tuning`); a run that stops earlier keeps the
    trained ones, and without initial weights it means nothing.
    Raises RecipeError if a value is out of bounds.
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
    norm_statistics: NormStatistics = NormStatistics.RUNNING
    teacher: str = ""
    soft_label_weight: float = SOFT_LABEL_WEIGHT
    distillation_temperature: float = DISTILLATION_TEMPERATURE
    initial: str = ""
    interpolation: float = 1.0

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
        _checksum("teacher", self.teacher)
        _checksum("initial", self.initial)
        _within("interpolation", self.interpolation, 0.0, 1.0)
        _within("soft label weight", self.soft_label_weight, 0.0, 1.0)
        temperature = self.distillation_temperature
        _within("distillation temperature", temperature, 1.0, MAX_DISTILLATION_TEMPERATURE)
        if self.split is Split.ALL and (self.patience or self.target_accuracy):
            raise RecipeError(
                f"The protocol “{Split.ALL.label}” has no images for early stopping. Switch off "
                "patience and target accuracy, or choose another protocol."
            )

    def __str__(self) -> str:
        images = "all images" if self.train_size is None else f"{self.available_images:,} images"
        return (
            f"{quantity(self.epochs, 'epoch')} · {self.optimizer.label}, "
            f"learning rate {self.learning_rate:g} ({self.schedule.label.lower()}), "
            f"weight decay {self.weight_decay:g} · batch size {self.batch_size} · {images} · "
            f"augmentation: {self.augmentation.label.lower()} · "
            f"protocol: {self.split.label.lower()} · seed {self.seed}"
            + (f" · label smoothing {self.label_smoothing:g}" if self.label_smoothing else "")
            + (f" · norm batch size {self.norm_batch_size}" if self.norm_batch_size else "")
            + (" · re-estimated norm statistics" if self.reestimates_norm else "")
            + (f" · {self._distillation}" if self.teacher else "")
            + (f" · {self._fine_tuning}" if self.initial else "")
            + (f" · patience {quantity(self.patience, 'epoch')}" if self.patience else "")
            + (f" · stops at {percent(self.target_accuracy)}" if self.target_accuracy else "")
        )

    @property
    def _distillation(self) -> str:
        return (
            f"teacher {self.teacher}, soft label weight {self.soft_label_weight:g}, "
            f"distillation temperature {self.distillation_temperature:g}"
        )

    @property
    def _fine_tuning(self) -> str:
        is_whole = self.interpolation == 1
        return f"initial weights {self.initial}" + (
            "" if is_whole else f", interpolation {self.interpolation:g}"
        )

    @property
    def available_images(self) -> int:
        """Training images of the run: `train_size`, or all of the protocol's."""
        return min(self.train_size or self.split.n_train, self.split.n_train)

    @property
    def images_per_step(self) -> int:
        """The batch size, or fewer if there are not enough training images."""
        return min(self.batch_size, self.available_images)

    @property
    def images_per_epoch(self) -> int:
        """Images that one epoch trains on; the last, incomplete batch is dropped."""
        return self.available_images // self.images_per_step * self.images_per_step

    @property
    def sources(self) -> tuple[str, ...]:
        """What the checkpoints are called that the training builds on."""
        return tuple(filter(None, (self.teacher, self.initial)))

    @property
    def reestimates_norm(self) -> bool:
        """Whether batch norm's statistics are estimated anew after each epoch."""
        return self.norm_statistics is NormStatistics.REESTIMATED

    @property
    def shards(self) -> int:
        """Number of parts of each batch; batch norm normalizes within a part."""
        return shard_count(self.images_per_step, self.norm_batch_size)

    @property
    def images_per_norm(self) -> str:
        """The number of images that batch norm normalizes over, or two numbers that differ by 1.

        If the batch does not divide evenly, `torch.tensor_split` makes the first parts larger.
        """
        smallest, remainder = divmod(self.images_per_step, self.shards)
        return f"{smallest} or {smallest + 1}" if remainder else str(smallest)

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def shard_count(batch: int, norm_batch_size: int | None = None) -> int:
    """The number of parts of a batch; it depends on the recipe alone, not on the machine.

    Without a `norm_batch_size` there are two parts if each is large enough for a thread, and one
    for every NORM_BATCH_SIZE images of a large batch.
    """
    if norm_batch_size is not None:
        return max(1, batch // norm_batch_size)
    return max(batch // NORM_BATCH_SIZE, 2 if batch >= NORM_BATCH_SIZE // 2 else 1)


@lru_cache(maxsize=1024)
def recipe_from_json(text: str) -> Recipe:
    """Read back what `to_json` wrote. Raises RecipeError, naming the field, on anything else.

    A missing field has its default, so recipes from before a new field train as before.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise RecipeError("The recipe is not a JSON object. Choose a file that mnistlab wrote.")
    known = {field.name for field in fields(Recipe)}
    if unknown := set(values) - known:
        raise RecipeError(
            f"The recipe has an unknown field: {min(unknown)}. Use {', '.join(sorted(known))}."
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
    "norm_statistics": NormStatistics,
}


def choice(name: str, value: object, kind: type[StrEnum]) -> StrEnum:
    """The enum member with a value. Raises RecipeError, which lists all values."""
    try:
        return kind(str(value))
    except ValueError:
        raise RecipeError(f"{name}: {value!r} is not one of {', '.join(kind)}.") from None


def _within(name: str, value: object, low: float, high: float) -> None:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if not (numeric and low <= value <= high):  # type: ignore[operator]
        raise RecipeError(f"{name}: {value} is not a number between {low:g} and {high:g}.")


def _checksum(name: str, value: object) -> None:
    is_checksum = isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{CHECKSUM_DIGITS}}}", value)
    if value != "" and not is_checksum:
        raise RecipeError(
            f"{name}: {str(value)[:40]!r} is not the start of a checkpoint's checksum, "
            f"{CHECKSUM_DIGITS} hexadecimal digits."
        )


def _whole(name: str, value: object, low: int, high: int) -> None:
    if not (isinstance(value, int) and not isinstance(value, bool) and low <= value <= high):
        raise RecipeError(f"{name}: {value} is not a whole number between {low:,} and {high:,}.")
