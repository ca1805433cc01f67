"""One pass over the training images, and the choice of the best one."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mnistlab.stats.score import Score


@dataclass(frozen=True)
class Epoch:
    """One epoch's figures; accuracies 0–1, losses are mean cross-entropies in nats.

    The training figures are averages over the epoch, while the weights change and with dropout and
    augmentation on, as in Keras; validation follows with both off. `learning_rate` is the rate of
    the last step, `seconds` includes validation, `images_per_second` does not.
    """

    number: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_errors: int
    validation_count: int
    learning_rate: float
    seconds: float
    images_per_second: float

    @property
    def validation(self) -> Score:
        return Score(self.validation_errors, self.validation_count)

    @property
    def validation_accuracy(self) -> float:
        return self.validation.accuracy


class Phase(StrEnum):
    """What a training process is doing with images; the value is shown."""

    TRAIN = "Training"
    VALIDATE = "Validating"
    TEST = "Evaluating on test images"
    CALIBRATE = "Calibrating confidence"


@dataclass(frozen=True)
class Progress:
    """The progress of an epoch's phase, in images."""

    epoch: int
    done: int
    total: int
    images_per_second: float
    phase: Phase = Phase.TRAIN

    @property
    def epoch_fraction(self) -> float:
        """How much of the epoch's training is done, 0–1."""
        return self.done / self.total if self.phase == Phase.TRAIN else 1.0


def best(epochs: Iterable[Epoch]) -> Epoch | None:
    """The best epoch: fewest validation errors, then lowest validation loss."""
    return min(epochs, key=lambda e: (e.validation_errors, e.validation_loss), default=None)
