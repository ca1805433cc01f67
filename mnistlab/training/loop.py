"""The training loop."""

import math
import time
from collections.abc import Callable, Iterator

import torch

from mnistlab.data.mnist import DataSplits
from mnistlab.errors import LabError
from mnistlab.training.data_parallel import Replicas
from mnistlab.training.early_stopping import early_stop_reason
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.evaluate import evaluate
from mnistlab.training.schedules import learning_rate_at
from mnistlab.training.state import TrainingState


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
    epoch and everything that the next one depends on. `report` and `stopped` are called after every
    step; if `stopped` returns True, the generator ends without the unfinished epoch. The result
    does not depend on `threads`. Raises TrainingError if the loss becomes NaN or infinite.
    """
    network, recipe, optimizer = training.network, training.recipe, training.optimizer
    device = training.device

    # All images stay on the device, as uint8.
    examples, validation = splits.train.to(device), splits.validation.to(device)
    # The last, incomplete batch is dropped: its few images would weigh as much as a whole batch.
    # `Recipe.images_per_epoch` counts the others.
    batch_size = min(recipe.images_per_step, len(examples))
    n_steps = len(examples) // batch_size

    with Replicas(training, threads) as replicas:
        while len(training.epochs) < recipe.epochs and not early_stop_reason(
            recipe, training.epochs
        ):
            start = clock()
            number = len(training.epochs) + 1
            accuracies = [epoch.validation_accuracy for epoch in training.epochs]
            replicas.start_epoch()
            loss_sum = torch.zeros((), device=device)
            n_correct = torch.zeros((), dtype=torch.long, device=device)
            shuffled = torch.randperm(len(examples), generator=training.shuffle_generator).to(
                device
            )

            for step in range(n_steps):
                progress = ((number - 1) * n_steps + step) / (recipe.epochs * n_steps)
                rate = learning_rate_at(recipe.schedule, recipe.learning_rate, progress, accuracies)
                for group in optimizer.param_groups:
                    group["lr"] = rate

                chosen = shuffled[step * batch_size : (step + 1) * batch_size]
                loss, correct = replicas.gradients(examples.images[chosen], examples.labels[chosen])
                optimizer.step()

                loss_sum += loss
                n_correct += correct
                done = (step + 1) * batch_size
                report(Progress(number, done, n_steps * batch_size, done / (clock() - start)))
                if stopped():
                    return

            train_end = clock()
            replicas.end_epoch()
            evaluation = evaluate(network, validation, replicas.map)
            train_loss = loss_sum.item() / n_steps
            if not (math.isfinite(train_loss) and math.isfinite(evaluation.loss)):
                raise TrainingError(
                    f"Loss became NaN or infinite in epoch {number}. Lower the learning rate "
                    f"({recipe.learning_rate:g}) or add batch norm."
                )
            epoch = Epoch(
                number=number,
                train_loss=train_loss,
                train_accuracy=n_correct.item() / (n_steps * batch_size),
                validation_loss=evaluation.loss,
                validation_errors=evaluation.score.errors,
                validation_count=evaluation.score.count,
                learning_rate=rate,
                seconds=clock() - start,
                images_per_second=n_steps * batch_size / (train_end - start),
            )
            training.epochs.append(epoch)
            yield epoch
