"""Predictions for many drawings, a batch at a time: as `classifier.Classifier`, but faster."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import cpu_count

import torch

from mnistlab.data.tta import tta_views
from mnistlab.drawing.classifier import Classifier
from mnistlab.drawing.digit import PreparedDigit
from mnistlab.drawing.prediction import Prediction
from mnistlab.training.evaluate import logits

BATCH = 200
"""Drawings; nine views of each are enough for several threads."""


def predict_batch(classifier: Classifier, digits: Sequence[PreparedDigit]) -> list[Prediction]:
    """The classifier's prediction for each, without an OOD score."""
    temperature = classifier.uncertainty.temperature if classifier.uncertainty else 1.0
    predictions: list[Prediction] = []
    # A thread for each part of a batch: several threads in each operation gain almost nothing.
    with ThreadPoolExecutor(cpu_count(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for first in range(0, len(digits), BATCH):
            batch = digits[first : first + BATCH]
            views = torch.cat([tta_views(torch.from_numpy(d.pixels.copy())) for d in batch])
            mean = logits(classifier.network, views, pool.map).view(len(batch), -1, 10).mean(1)
            probabilities = (mean / temperature).softmax(1)
            predictions += [Prediction(tuple(each)) for each in probabilities.tolist()]
    return predictions
