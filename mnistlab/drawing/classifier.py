"""A loaded checkpoint that predicts the digit of a drawing, or of many."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import cpu_count
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mnistlab.data.tta import tta_views
from mnistlab.drawing.digit import PreparedDigit
from mnistlab.drawing.prediction import Prediction
from mnistlab.training import checkpoint
from mnistlab.training.evaluate import logits
from mnistlab.training.record import TrainingRecord
from mnistlab.uncertainty import model
from mnistlab.uncertainty.features import logits_and_features
from mnistlab.uncertainty.model import UncertaintyModel

BATCH = 200
"""Drawings at a time, in nine views each: enough for several threads."""


class Classifier:
    """A loaded checkpoint.

    `fallback` is the uncertainty model of a checkpoint without its own. Raises CheckpointError if
    a file cannot be loaded.
    """

    def __init__(self, path: Path, fallback: UncertaintyModel | None = None) -> None:
        loaded = checkpoint.load_checkpoint(path)
        self.record: TrainingRecord = loaded.record
        self.network = loaded.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.uncertainty = (
            model.load_uncertainty(model.uncertainty_path(path), self.record.spec) or fallback
        )

    def predict(self, digit: PreparedDigit, tta: bool = True) -> Prediction:
        """Predict a drawing's digit, with test-time augmentation or from the image alone."""
        return self.predict_all([digit], tta)[0]

    def predict_all(self, digits: Sequence[PreparedDigit], tta: bool = True) -> list[Prediction]:
        """Predict several digits as one batch, each as `predict` would."""
        if not digits:
            return []
        images = [torch.from_numpy(digit.pixels.copy()) for digit in digits]
        views = torch.cat([tta_views(image) if tta else image[None] for image in images])
        logits, features = logits_and_features(self.network, views)
        # Average the views' logits, divide by the temperature, then softmax: (N, V, 10) to (N, 10).
        temperature = self.uncertainty.temperature if self.uncertainty else 1.0
        mean = logits.reshape(len(digits), -1, 10).mean(1) / temperature
        exponentials = np.exp(mean - mean.max(1, keepdims=True))
        probabilities = exponentials / exponentials.sum(1, keepdims=True)
        # The OOD score is of the image itself, which is the first of its views.
        first = features[:: len(views) // len(digits)]
        ood_scores = self.uncertainty.ood_scores(first) if self.uncertainty else None
        return [
            Prediction(
                tuple(each.tolist()),
                None if ood_scores is None else float(ood_scores[number]),
                self.uncertainty is not None,
            )
            for number, each in enumerate(probabilities)
        ]


def views_of(digit: PreparedDigit) -> NDArray[np.uint8]:
    """The views (N, 28, 28) of a drawing that test-time augmentation averages over."""
    return tta_views(torch.from_numpy(digit.pixels.copy())).numpy()


def predict_batch(classifier: Classifier, digits: Sequence[PreparedDigit]) -> list[Prediction]:
    """Predict each as the classifier would, without an OOD score."""
    temperature = classifier.uncertainty.temperature if classifier.uncertainty else 1.0
    predictions: list[Prediction] = []
    # One thread for each part of a batch, not two for each operation: that hardly gains anything.
    with ThreadPoolExecutor(cpu_count(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for first in range(0, len(digits), BATCH):
            part = digits[first : first + BATCH]
            views = torch.cat([tta_views(torch.from_numpy(digit.pixels.copy())) for digit in part])
            mean = logits(classifier.network, views, pool.map).view(len(part), -1, 10).mean(1)
            probabilities = (mean / temperature).softmax(1)
            predictions += [Prediction(tuple(each)) for each in probabilities.tolist()]
    return predictions
