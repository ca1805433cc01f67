"""The training loop, from top to bottom."""

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
    """A training that cannot go on, with the mend."""


def train(
    training: TrainingState,
    parts: DataSplits,
    *,
    threads: int = 1,
    report: Callable[[Progress], None] = lambda progress: None,
    stopped: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Epoch]:
    """Train from where the training stands to its recipe's end and yield every Epoch as it ends.

    The caller decides what to keep: while an Epoch is in its hands, the training holds that epoch's
    weights and everything that the next one depends on. `report` and `stopped` are called after
    every step; once `stopped` says so, the iteration ends without the unfinished epoch. The result
    does not depend on `threads`. Raises TrainingError if the loss is no longer a number.
    """
    network, recipe, optimizer = training.network, training.recipe, training.optimizer
    device = training.device

    # The digits stay on the device as bytes.
    digits, validation = parts.train.to(device), parts.validation.to(device)
    # The last, incomplete batch is dropped, as its few digits would weigh as much as a whole one;
    # `Recipe.digits` counts the rest.
    batch = min(recipe.images_per_step, len(digits))
    steps = len(digits) // batch

    with Replicas(training, threads) as replicas:
        while len(training.epochs) < recipe.epochs and not early_stop_reason(
            recipe, training.epochs
        ):
            started = clock()
            number = len(training.epochs) + 1
            accuracies = [epoch.validation_accuracy for epoch in training.epochs]
            replicas.start_epoch()
            loss_sum = torch.zeros((), device=device)
            right = torch.zeros((), dtype=torch.long, device=device)
            shuffled = torch.randperm(len(digits), generator=training.shuffle_generator).to(device)

            for step in range(steps):
                progress = ((number - 1) * steps + step) / (recipe.epochs * steps)
                rate = learning_rate_at(recipe.schedule, recipe.learning_rate, progress, accuracies)
                for group in optimizer.param_groups:
                    group["lr"] = rate

                chosen = shuffled[step * batch : (step + 1) * batch]
                loss, hits = replicas.gradients(digits.images[chosen], digits.labels[chosen])
                optimizer.step()

                loss_sum += loss
                right += hits
                done = (step + 1) * batch
                report(Progress(number, done, steps * batch, done / (clock() - started)))
                if stopped():
                    return

            trained = clock()
            replicas.end_epoch()
            seen = evaluate(network, validation, replicas.map)
            train_loss = loss_sum.item() / steps
            if not (math.isfinite(train_loss) and math.isfinite(seen.loss)):
                raise TrainingError(
                    f"Loss became NaN or infinite in epoch {number}. Lower the learning rate "
                    f"({recipe.learning_rate:g}) or add batch norm."
                )
            epoch = Epoch(
                number=number,
                train_loss=train_loss,
                train_accuracy=right.item() / (steps * batch),
                validation_loss=seen.loss,
                validation_errors=seen.score.errors,
                validation_count=seen.score.count,
                learning_rate=rate,
                seconds=clock() - started,
                images_per_second=steps * batch / (trained - started),
            )
            training.epochs.append(epoch)
            yield epoch
