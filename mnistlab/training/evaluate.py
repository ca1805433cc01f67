"""Evaluation of a network on labeled images, with dropout and augmentation off."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mnistlab.data.mnist import LabeledImages, normalize
from mnistlab.stats.predictions import Predictions
from mnistlab.stats.score import Score

BATCH_SIZE = 500

MapTensors = Callable[[Callable[[Tensor], Tensor], Iterable[Tensor]], Iterable[Tensor]]
"""The built-in `map`, or one that runs on several threads."""
Report = Callable[[int], None]
"""Called with the number of images that are done."""


def ignore(done: int) -> None:
    """A report that nobody needs."""


@dataclass(frozen=True)
class Evaluation:
    """Mean cross-entropy in nats, and the accuracy."""

    loss: float
    score: Score


def logits(
    network: nn.Module, images: Tensor, map_batches: MapTensors = map, report: Report = ignore
) -> Tensor:
    """Logits (N, 10) of (N, 28, 28) uint8 images; the network's mode is restored.

    `map_batches` maps a function over batches; `report` is called after each.
    """

    def batch_logits(batch: Tensor) -> Tensor:
        with torch.inference_mode():
            prepared = normalize(batch).contiguous(memory_format=torch.channels_last)
            return network(prepared)  # type: ignore[no-any-return]

    was_training = network.training
    network.eval()
    batches = []
    for batch in map_batches(batch_logits, torch.split(images, BATCH_SIZE)):
        batches.append(batch)
        report(min(len(batches) * BATCH_SIZE, len(images)))
    network.train(was_training)
    return torch.cat(batches)


def evaluate(
    network: nn.Module,
    examples: LabeledImages,
    map_batches: MapTensors = map,
    report: Report = ignore,
) -> Evaluation:
    """Loss and accuracy on all images. Raises ValueError if there are none."""
    outputs = logits(network, examples.images, map_batches, report)
    loss = functional.cross_entropy(outputs, examples.labels).item()
    errors = int((outputs.argmax(1) != examples.labels).sum())
    return Evaluation(loss, Score(errors, len(examples)))


def predict_images(
    network: nn.Module, examples: LabeledImages, report: Report = ignore
) -> Predictions:
    """The prediction for each image, and its probability."""
    probabilities = logits(network, examples.images, report=report).softmax(1)
    confidence, predicted = probabilities.max(1)
    return Predictions(
        examples.labels.to(torch.uint8).cpu().numpy(),
        predicted.to(torch.uint8).cpu().numpy(),
        confidence.clamp(0, 1).cpu().numpy(),
    )
