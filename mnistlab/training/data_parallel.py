"""Data-parallel training on threads: each batch is split into shards, one thread for each.

Small feature maps gain little when several threads share one operation: on two cores a step of
target 4's network is hardly faster than on one. Two halves of the batch that run forward and
backward independently are nearly twice as fast. The split depends on the recipe alone, and the
shards' gradients are added in a fixed order, so the result is the same, bit for bit, on any number
of threads.

Batch norm normalizes within its shard, as in other data-parallel training (Hoffer, Hubara & Soudry,
"Train longer, generalize better", 2017, call it ghost batch normalization). The recipe determines
the size of a shard (`Recipe.norm_batch_size`), so a GPU uses the same shards, one after another.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from mnistlab.arch.modules import DropIndexSampler, Dropout
from mnistlab.data.augment import augment
from mnistlab.training.engine.selection import build_chain
from mnistlab.training.state import TrainingState
from mnistlab.training.transfer.distillation import training_loss

Item = TypeVar("Item")
Result = TypeVar("Result")


class Replicas:
    """Copies of a network that share its weights, one for each shard of a batch.

    A context manager, which ends its threads. Within them torch uses one thread for an operation;
    the caller does the same for its own thread (`torch.set_num_threads(1)`).
    """

    def __init__(self, training: TrainingState, threads: int) -> None:
        self._training = training
        self._copies = [copy.deepcopy(training.network) for _ in training.generators]
        for replica in self._copies:
            for own, shared in zip(
                replica.parameters(), training.network.parameters(), strict=True
            ):
                own.data = shared.data
        self._chains = [build_chain(replica, training.kernels) for replica in self._copies]
        # Threads would only wait for a GPU, which runs one kernel at a time.
        n_threads = min(threads, len(self._copies)) if training.device.type == "cpu" else 1
        self._pool = (
            ThreadPoolExecutor(n_threads, initializer=torch.set_num_threads, initargs=(1,))
            if n_threads > 1
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
        """Copy the network's running statistics, and create new dropout samplers.

        Random numbers that a sampler drew ahead and did not use are discarded, so that a resumed
        training draws the same numbers as one that was not interrupted.
        """
        for replica, generator in zip(self._copies, self._training.generators, strict=True):
            replica.train()
            for module in replica.modules():
                if isinstance(module, Dropout):
                    module.sampler = DropIndexSampler(module.rate, generator)
            for own, buffer in zip(
                replica.buffers(), self._training.network.buffers(), strict=True
            ):
                own.copy_(buffer)

    def end_epoch(self) -> None:
        """Set the network's running statistics to the mean of the copies'."""
        for buffer, *copies in zip(
            self._training.network.buffers(),
            *(replica.buffers() for replica in self._copies),
            strict=True,
        ):
            if buffer.is_floating_point():
                buffer.copy_(torch.stack(copies).mean(0))
            else:
                buffer.copy_(copies[0])

    def gradients(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Set the network's gradients for a batch; returns its mean loss and its correct count.

        `images` are (N, 28, 28) uint8, not yet augmented; N is at least the number of shards.
        """
        n_shards = len(self._copies)
        shards = zip(
            range(n_shards),
            torch.tensor_split(images, n_shards),
            torch.tensor_split(labels, n_shards),
            strict=True,
        )
        results = list(self.map(partial(self._shard_gradients, batch=len(labels)), shards))
        # Added in the shards' order, whichever thread ends first: floating-point sums depend on it.
        sums = [
            sum(parts[1:], parts[0]) for parts in zip(*(each[0] for each in results), strict=True)
        ]
        for weight, gradient in zip(self._training.network.parameters(), sums, strict=True):
            weight.grad = gradient
        loss = sum((each[1] for each in results[1:]), results[0][1])
        n_correct = sum((each[2] for each in results[1:]), results[0][2])
        return loss, n_correct

    def _shard_gradients(
        self, shard: tuple[int, Tensor, Tensor], batch: int
    ) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
        """A shard's part of the batch's gradients and mean loss, and its correct count."""
        number, images, labels = shard
        training = self._training
        prepared = augment(
            images, labels, training.recipe.augmentation, training.generators[number]
        )

        def loss_of(logits: Tensor) -> Tensor:
            # Summed over the shard, divided by the batch: the shards' parts add up to its mean.
            recipe, teacher = training.recipe, training.teacher
            return training_loss(recipe, logits, labels, prepared, teacher) / batch

        gradients, loss, logits = self._chains[number].gradients(prepared, loss_of)
        return gradients, loss, (logits.argmax(1) == labels).sum()
