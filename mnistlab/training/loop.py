"""The training loop."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from mnistlab.data.mnist import DataSplits, LabeledImages
from mnistlab.errors import LabError
from mnistlab.recipe.schedules import learning_rate_at
from mnistlab.training.data_parallel import Replicas
from mnistlab.training.early_stopping import early_stop_reason
from mnistlab.training.epoch import Epoch, Phase, Progress
from mnistlab.training.evaluate import Evaluation, evaluate
from mnistlab.training.norm_statistics import reestimate_norm_statistics
from mnistlab.training.state import TrainingState
from mnistlab.training.transfer.fine_tuning import interpolate


class TrainingError(LabError):
    """A training that cannot continue; the message says what to change."""


def train(
    training: TrainingState,
    splits: DataSplits,
    *,
    threads: int = 1,
    report: Callable[[Progress], None] = lambda progress: None,
    stopped: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Epoch]:
    """Train until the recipe ends, and yield each Epoch as it ends.

    The caller decides what to save: when an Epoch is yielded, `training` has the weights of that
    epoch and everything that the next one depends on. `report` is called after every step and every
    batch of the validation, `stopped` after every step; if it returns True, the generator ends
    without the unfinished epoch. The result does not depend on `threads`. Raises TrainingError if
    the loss becomes NaN or infinite.
    """
    recipe, epochs = training.recipe, training.epochs
    assert not recipe.teacher or training.teacher, "the recipe's teacher is not loaded"
    assert not recipe.initial or training.initial, "the recipe's initial weights are not loaded"
    # All images stay on the device, as uint8.
    examples = splits.train.to(training.device)
    validation = splits.validation.to(training.device)

    with Replicas(training, threads) as replicas:
        while len(epochs) < recipe.epochs and not early_stop_reason(recipe, epochs):
            start = clock()
            replicas.start_epoch()
            result = _train_epoch(training, replicas, examples, report, stopped, clock)
            if result is None:
                return
            replicas.end_epoch()
            if training.initial and len(epochs) + 1 == recipe.epochs:
                interpolate(training.network, training.initial, recipe.interpolation)
            if recipe.reestimates_norm:
                reestimate_norm_statistics(training.network, examples.images)
            evaluation = evaluate(
                training.network,
                validation,
                replicas.map,
                lambda done: report(
                    Progress(len(epochs) + 1, done, len(validation), 0.0, Phase.VALIDATE)
                ),
            )
            _check_loss(training, result, evaluation)
            epoch = Epoch(
                number=len(epochs) + 1,
                train_loss=result.loss,
                train_accuracy=result.accuracy,
                validation_loss=evaluation.loss,
                validation_errors=evaluation.score.errors,
                validation_count=evaluation.score.count,
                learning_rate=result.learning_rate,
                seconds=clock() - start,
                images_per_second=result.images_per_second,
            )
            epochs.append(epoch)
            yield epoch


@dataclass(frozen=True)
class _TrainResult:
    """One pass over the training images: mean loss, accuracy (0–1), the last step's rate."""

    loss: float
    accuracy: float
    learning_rate: float
    images_per_second: float


def _train_epoch(
    training: TrainingState,
    replicas: Replicas,
    examples: LabeledImages,
    report: Callable[[Progress], None],
    stopped: Callable[[], bool],
    clock: Callable[[], float],
) -> _TrainResult | None:
    """Train on every batch of the shuffled examples once; None if it was stopped."""
    # The last, incomplete batch is dropped: its few images would weigh as much as a whole batch.
    # `Recipe.images_per_epoch` counts the others.
    batch_size = min(training.recipe.images_per_step, len(examples))
    n_steps = len(examples) // batch_size
    n_images = n_steps * batch_size
    loss_sum = torch.zeros((), device=training.device)
    n_correct = torch.zeros((), dtype=torch.long, device=training.device)
    order = torch.randperm(len(examples), generator=training.shuffle_generator)
    shuffled = order.to(training.device)

    start = clock()
    for step in range(n_steps):
        rate = _set_learning_rate(training, step, n_steps)
        chosen = shuffled[step * batch_size : (step + 1) * batch_size]
        loss, correct = replicas.gradients(examples.images[chosen], examples.labels[chosen])
        training.optimizer.step()

        loss_sum += loss
        n_correct += correct
        done = (step + 1) * batch_size
        report(Progress(len(training.epochs) + 1, done, n_images, done / (clock() - start)))
        if stopped():
            return None

    seconds = clock() - start
    return _TrainResult(
        loss_sum.item() / n_steps, n_correct.item() / n_images, rate, n_images / seconds
    )


def _set_learning_rate(training: TrainingState, step: int, n_steps: int) -> float:
    """Set the optimizer's learning rate for a step (from 0) of the epoch, and return it."""
    recipe, epochs = training.recipe, training.epochs
    progress = (len(epochs) * n_steps + step) / (recipe.epochs * n_steps)
    accuracies = [epoch.validation_accuracy for epoch in epochs]
    rate = learning_rate_at(recipe.schedule, recipe.learning_rate, progress, accuracies)
    for group in training.optimizer.param_groups:
        group["lr"] = rate
    return rate


def _check_loss(training: TrainingState, result: _TrainResult, evaluation: Evaluation) -> None:
    """Raise TrainingError if a loss is NaN or infinite."""
    if not (math.isfinite(result.loss) and math.isfinite(evaluation.loss)):
        raise TrainingError(
            f"Loss became NaN or infinite in epoch {len(training.epochs) + 1}. Lower the learning "
            f"rate ({training.recipe.learning_rate:g}) or add batch norm."
        )
