"""A batch in groups, each on a thread of its own.

Small maps gain little when many threads share one operation: on two cores a step of target 4's
network is hardly quicker than on one. Two halves of the batch that go their own way, forward and
backward, are nearly twice as quick. How a batch is cut depends on its size alone and the groups'
gradients are added in their order, so every bit of the result is the same on any number of threads.

Batch norm normalizes within its group, as it does in every data-parallel training (Hoffer, Hubara &
Soudry, "Train longer, generalize better", 2017, call it ghost batch normalization). The recipe says
how large a group is (`Recipe.norm_batch_size`), so a GPU, which would not need groups, has the same
ones and takes them one after another.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from mnistlab.arch.modules import DropIndexSampler, Dropout
from mnistlab.data.augment import augment
from mnistlab.training.state import TrainingState

Item = TypeVar("Item")
Result = TypeVar("Result")


class Replicas:
    """Copies of a training's network, one for each group of a batch, that share its weights.

    A context: its threads end with it. torch's own threads are switched off in them; the caller
    does so for itself (`torch.set_num_threads(1)`).
    """

    def __init__(self, training: TrainingState, threads: int) -> None:
        self._training = training
        self._copies = [copy.deepcopy(training.network) for _ in training.generators]
        self._weights = [list(one.parameters()) for one in self._copies]
        for weights in self._weights:
            for mine, shared in zip(weights, training.network.parameters(), strict=True):
                mine.data = shared.data
        # A GPU works on one thing at a time: threads would only wait for it.
        many = min(threads, len(self._copies)) if training.device.type == "cpu" else 1
        self._pool = (
            ThreadPoolExecutor(many, initializer=torch.set_num_threads, initargs=(1,))
            if many > 1
            else None
        )

    def __enter__(self) -> "Replicas":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown()

    def map(self, function: Callable[[Item], Result], values: Iterable[Item]) -> Iterator[Result]:
        """Like the built-in `map`, on the threads."""
        return self._pool.map(function, values) if self._pool else map(function, values)

    def start_epoch(self) -> None:
        """Take over the network's running statistics, and draw chance anew, for an epoch.

        What an epoch drew ahead and did not need is forgotten, so that a training which goes on
        after an epoch draws what this one will.
        """
        for one, generator in zip(self._copies, self._training.generators, strict=True):
            one.train()
            for module in one.modules():
                if isinstance(module, Dropout):
                    module.sampler = DropIndexSampler(module.rate, generator)
            for mine, buffer in zip(one.buffers(), self._training.network.buffers(), strict=True):
                mine.copy_(buffer)

    def end_epoch(self) -> None:
        """Give the network the mean of the copies' running statistics."""
        for buffer, *copies in zip(
            self._training.network.buffers(), *(one.buffers() for one in self._copies), strict=True
        ):
            if buffer.is_floating_point():
                buffer.copy_(torch.stack(copies).mean(0))
            else:
                buffer.copy_(copies[0])

    def gradients(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Put a batch's gradients into the network; its mean loss, and how many it read rightly.

        `images` are (N, 28, 28) uint8, not yet augmented; N at least the number of groups.
        """
        groups = len(self._copies)
        shards = zip(
            range(groups),
            torch.tensor_split(images, groups),
            torch.tensor_split(labels, groups),
            strict=True,
        )
        done = list(self.map(partial(self._shard_gradients, batch=len(labels)), shards))
        # In the groups' order, whichever thread was first: floating-point sums depend on it.
        sums = [sum(parts[1:], parts[0]) for parts in zip(*(d[0] for d in done), strict=True)]
        for weight, gradient in zip(self._training.network.parameters(), sums, strict=True):
            weight.grad = gradient
        loss = sum((d[1] for d in done[1:]), done[0][1])
        right = sum((d[2] for d in done[1:]), done[0][2])
        return loss, right

    def _shard_gradients(
        self, shard: tuple[int, Tensor, Tensor], batch: int
    ) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
        """A group's share of the batch's gradients and mean loss, and how many it read rightly."""
        number, images, labels = shard
        training = self._training
        prepared = augment(
            images, labels, training.recipe.augmentation, training.generators[number]
        )
        scores = self._copies[number](prepared.contiguous(memory_format=torch.channels_last))
        smoothing = training.recipe.label_smoothing
        # The sum over the group divided by the whole batch: the groups' shares add up to its mean.
        loss = functional.cross_entropy(scores, labels, reduction="sum", label_smoothing=smoothing)
        loss = loss / batch
        gradients = torch.autograd.grad(loss, self._weights[number])
        return gradients, loss.detach(), (scores.argmax(1) == labels).sum()
