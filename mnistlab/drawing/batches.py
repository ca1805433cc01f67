"""What a checkpoint reads in many drawings: the answers of `predict.Reader`, a batch at a time."""

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
"""Nine looks at each: enough for several threads."""


def predict_batch(classifier: Classifier, digits: Sequence[PreparedDigit]) -> list[Prediction]:
    """Read each as the reader would, but for how strange it is."""
    temperature = classifier.uncertainty.temperature if classifier.uncertainty else 1.0
    predictions: list[Prediction] = []
    # One thread for each part of a batch, not two for each operation: that hardly gains anything.
    with ThreadPoolExecutor(cpu_count(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for first in range(0, len(digits), BATCH):
            part = digits[first : first + BATCH]
            seen = torch.cat([tta_views(torch.from_numpy(digit.pixels.copy())) for digit in part])
            scores = logits(classifier.network, seen, pool.map).view(len(part), -1, 10).mean(1)
            shares = (scores / temperature).softmax(1)
            predictions += [Prediction(tuple(each)) for each in shares.tolist()]
    return predictions
