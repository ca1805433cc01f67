"""What one pass over the training digits gave, and which epoch's checkpoint is kept."""

from collections.abc import Iterable
from dataclasses import dataclass

from mnistlab.stats.score import Score


@dataclass(frozen=True)
class Epoch:
    """One epoch's figures; accuracies 0–1, losses are mean cross-entropies in nats.

    The training figures are gathered while the weights still change, with dropout and augmentation
    on, as Keras reports them; validation follows with both off. `learning_rate` is the last step's,
    `seconds` the whole epoch's, `images_per_second` the training's alone.
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


@dataclass(frozen=True)
class Progress:
    """How far an epoch has come, in digits."""

    epoch: int
    done: int
    total: int
    images_per_second: float


def best(epochs: Iterable[Epoch]) -> Epoch | None:
    """The epoch whose checkpoint is kept: fewest validation errors, then smallest loss."""
    return min(epochs, key=lambda e: (e.validation_errors, e.validation_loss), default=None)
