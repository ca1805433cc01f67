"""A checkpoint's prediction for one drawing, or for many of them."""

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
    """A checkpoint, loaded once and ready to read.

    `lent` is the doubt of a checkpoint that has none of its own. Raises CheckpointError where
    loading does.
    """

    def __init__(self, path: Path, fallback: UncertaintyModel | None = None) -> None:
        loaded = checkpoint.load_checkpoint(path)
        self.record: TrainingRecord = loaded.record
        self.network = loaded.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.uncertainty = (
            model.load_uncertainty(model.uncertainty_path(path), self.record.spec) or fallback
        )

    def predict(self, digit: PreparedDigit, tta: bool = True) -> Prediction:
        """Read a drawing, in several looks at it or in the one alone."""
        image = torch.from_numpy(digit.pixels.copy())
        seen = tta_views(image) if tta else image[None]
        scores, features = logits_and_features(self.network, seen)
        # The views' logits are averaged, then tempered, then made probabilities (softmax).
        mean = scores.mean(0) / (self.uncertainty.temperature if self.uncertainty else 1.0)
        shares = np.exp(mean - mean.max())
        probabilities = shares / shares.sum()
        # How strange it is, is told by the drawing itself, which is the first view.
        strange = self.uncertainty.ood_scores(features[:1]) if self.uncertainty else None
        return Prediction(
            tuple(probabilities.tolist()),
            None if strange is None else float(strange[0]),
            self.uncertainty is not None,
        )


def to_image(digit: PreparedDigit) -> NDArray[np.uint8]:
    """The looks (N, 28, 28) at a drawing that an answer is the mean of."""
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
