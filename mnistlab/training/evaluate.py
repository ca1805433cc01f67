"""A network against labeled digits, with dropout and augmentation off."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mnistlab.data.mnist import LabeledImages, normalize
from mnistlab.stats.predictions import Predictions
from mnistlab.stats.score import Score

BATCH = 500

MapTensors = Callable[[Callable[[Tensor], Tensor], Iterable[Tensor]], Iterable[Tensor]]
"""The built-in `map`, or one that spreads the work over threads."""


@dataclass(frozen=True)
class Evaluation:
    """Mean cross-entropy in nats, and the count of errors."""

    loss: float
    score: Score


def logits(network: nn.Module, images: Tensor, spread: MapTensors = map) -> Tensor:
    """Scores (N, 10) for (N, 28, 28) uint8 images; the network is left in the mode it was in.

    `spread` maps a function over batches.
    """

    def scores(part: Tensor) -> Tensor:
        with torch.inference_mode():
            prepared = normalize(part).contiguous(memory_format=torch.channels_last)
            return network(prepared)  # type: ignore[no-any-return]

    training = network.training
    network.eval()
    batches = list(spread(scores, torch.split(images, BATCH)))
    network.train(training)
    return torch.cat(batches)


def evaluate(network: nn.Module, digits: LabeledImages, spread: MapTensors = map) -> Evaluation:
    """Read all digits once. Raises ValueError if there are none."""
    scores = logits(network, digits.images, spread)
    loss = functional.cross_entropy(scores, digits.labels).item()
    errors = int((scores.argmax(1) != digits.labels).sum())
    return Evaluation(loss, Score(errors, len(digits)))


def predict_images(network: nn.Module, digits: LabeledImages) -> Predictions:
    """Read all digits once and say of each what it was read as."""
    probabilities = logits(network, digits.images).softmax(1)
    confidence, read = probabilities.max(1)
    return Predictions(
        digits.labels.to(torch.uint8).cpu().numpy(),
        read.to(torch.uint8).cpu().numpy(),
        confidence.clamp(0, 1).cpu().numpy(),
    )
