"""Timing of a few small networks, which the speed model is fitted to."""

import time
from collections.abc import Callable, Iterator
from statistics import median

import torch

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.data.dataset import MNIST
from mnistlab.data.mnist import LabeledImages
from mnistlab.recipe.recipe import Recipe
from mnistlab.training.data_parallel import Replicas
from mnistlab.training.evaluate import evaluate
from mnistlab.training.state import TrainingState
from mnistlab.worker.speed_model import STEPS_PER_VALIDATION, Timing

# Small and wide, shallow and deep, padded, residual and depthwise-separable or not, with and
# without batch norm and dropout, in several batch sizes: the fit must separate the cost of a layer
# from the cost of a step.
NETWORKS = (
    ("4-p-8-p-8-gap", 128),
    ("4-8-12-p4-8-12-p-full-bn", 32),
    ("8-16-p10-16-20-t12-16-20-full", 128),
    ("8-16-p10-16-20-t12-16-20-full-bn-drop0.05", 64),
    ("6-8-p-10-10-12-p-12-gap-bn-nobias", 256),
    ("12-16-p-16-20-20-p-20-gap-bn-nobias", 128),
    ("16-16-16-p-16-32-gap-bn-nobias", 128),
    ("8s-8s-p-16s-16s-p-24s-gap-bn-drop0.1", 128),
    ("8-8-8-8-8-8-8-8-gap-bn", 128),
    ("32-p16-32-full", 64),
    ("10-t8-20-p-10-30-gap-drop0.2", 128),
    ("20-20-p-20-20-gap-bn", 256),
    ("8s-8r-p-16s-16r-p-24s-gap-bn", 128),
    ("16-32d-p-32d-48d-p-48d-gap-bn-nobias", 128),
)
ROUNDS = 5
WARMUP_STEPS = 2


def timings(
    threads: int, device: torch.device, clock: Callable[[], float] = time.perf_counter
) -> Iterator[Timing]:
    """Time the networks one after another, as the training loop trains them, on random pixels.

    The caller sets torch to one thread, as in training.
    """
    for network, batch in NETWORKS:
        yield Timing(network, batch, _seconds(network, batch, threads, device, clock))


def _seconds(
    network: str, batch: int, threads: int, device: torch.device, clock: Callable[[], float]
) -> float:
    """Seconds per training image: the median of ROUNDS, each some steps and one validation."""
    training = TrainingState(build(parse(network), 0), Recipe(batch_size=batch), device)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(
        256, (batch, MNIST.image_size, MNIST.image_size), dtype=torch.uint8, generator=generator
    )
    batch_images = LabeledImages(
        images, torch.randint(MNIST.n_classes, (batch,), generator=generator)
    ).to(device)
    rounds = []
    with Replicas(training, threads) as replicas:
        replicas.start_epoch()

        def step() -> None:
            loss, _ = replicas.gradients(batch_images.images, batch_images.labels)
            training.optimizer.step()
            loss.item()

        for _ in range(WARMUP_STEPS):
            step()
        for _ in range(ROUNDS):
            start = clock()
            for _ in range(STEPS_PER_VALIDATION):
                step()
            evaluate(training.network, batch_images, replicas.map)
            rounds.append(clock() - start)
    return median(rounds) / (STEPS_PER_VALIDATION * batch)
