"""The training loop, from top to bottom."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from mnistlab.data.augment import prepare
from mnistlab.data.mnist import Parts
from mnistlab.errors import LabError
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.evaluate import evaluate
from mnistlab.training.recipe import Optimiser, Recipe, learning_rate_at


class TrainingError(LabError):
    """A training that cannot go on, with the mend."""


def train(
    network: nn.Module,
    recipe: Recipe,
    parts: Parts,
    *,
    device: torch.device | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    stopped: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Epoch]:
    """Train the network in place and yield every Epoch as it ends.

    The caller decides what to keep: while an Epoch is in its hands, the network holds that epoch's
    weights. `report` and `stopped` are called after every step; once `stopped` says so, the
    iteration ends without the unfinished epoch. Dropout draws from torch's global generator, which
    is seeded here. Raises TrainingError if the loss is no longer a number.
    """
    device = device or torch.device("cpu")
    torch.manual_seed(recipe.seed)
    order = torch.Generator().manual_seed(recipe.seed)
    chance = torch.Generator(device).manual_seed(recipe.seed)

    # The digits stay on the device as bytes; NHWC is what the CPU's convolutions like best.
    digits, validation = parts.train.to(device), parts.validation.to(device)
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = _optimiser(network, recipe)
    # The last, incomplete batch is dropped, as its few digits would weigh as much as a whole one.
    batch = min(recipe.batch_size, len(digits))
    steps = len(digits) // batch
    accuracies: list[float] = []

    for number in range(1, recipe.epochs + 1):
        started = clock()
        network.train()
        loss_sum = torch.zeros((), device=device)
        right = torch.zeros((), dtype=torch.long, device=device)
        shuffled = torch.randperm(len(digits), generator=order).to(device)

        for step in range(steps):
            rate = learning_rate_at(
                recipe, ((number - 1) * steps + step) / (recipe.epochs * steps), accuracies
            )
            for group in optimiser.param_groups:
                group["lr"] = rate

            chosen = shuffled[step * batch : (step + 1) * batch]
            labels = digits.labels[chosen]
            images = prepare(digits.images[chosen], recipe.augmentation, chance)
            scores = network(images.contiguous(memory_format=torch.channels_last))
            loss = functional.cross_entropy(scores, labels)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

            loss_sum += loss.detach()
            right += (scores.argmax(1) == labels).sum()
            done = (step + 1) * batch
            report(Progress(number, done, steps * batch, done / (clock() - started)))
            if stopped():
                return

        trained = clock()
        seen = evaluate(network, validation)
        train_loss = loss_sum.item() / steps
        if not (math.isfinite(train_loss) and math.isfinite(seen.loss)):
            raise TrainingError(
                f"The loss is no longer a number in epoch {number}; lower the learning rate "
                f"({recipe.learning_rate:g}) or add batch norm."
            )
        accuracies.append(seen.score.accuracy)
        yield Epoch(
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


def _optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Weight decay pulls on kernels alone; biases and batch norm's scale and shift go free."""
    groups: list[dict[str, Any]] = [
        {"params": [p for p in network.parameters() if p.ndim > 1]},
        {"params": [p for p in network.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimiser is Optimiser.ADAM:
        return torch.optim.AdamW(groups, lr=rate, weight_decay=decay, fused=True)
    return torch.optim.SGD(
        groups, lr=rate, momentum=0.9, nesterov=True, weight_decay=decay, fused=True
    )
