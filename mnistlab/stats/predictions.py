"""A network's predictions of many images, in a small file, and statistics of them.

A run saves them at its end, so that later questions need no further use of the test images.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import load, save

from mnistlab import legacy
from mnistlab.atomic import write_atomic
from mnistlab.errors import CheckpointError
from mnistlab.stats.inference import sign_test
from mnistlab.stats.score import Score

MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Predictions:
    """Labels, predicted digits and their probabilities (0–1), all of shape (N,)."""

    labels: NDArray[np.uint8]
    predicted: NDArray[np.uint8]
    confidence: NDArray[np.float32]

    @property
    def is_wrong(self) -> NDArray[np.bool_]:
        return np.not_equal(self.labels, self.predicted)

    @property
    def score(self) -> Score:
        return Score(int(self.is_wrong.sum()), len(self.labels))

    def confusion(self) -> NDArray[np.int64]:
        """The confusion matrix (10, 10) of true digits (rows) and predicted digits (columns)."""
        pairs = self.labels.astype(np.int64) * 10 + self.predicted
        return np.bincount(pairs, minlength=100).reshape(10, 10)

    def by_digit(self) -> list[Score | None]:
        """Each digit's score; None for a digit without images."""
        return [
            Score(count - int(row[digit]), count) if (count := int(row.sum())) else None
            for digit, row in enumerate(self.confusion())
        ]

    def errors_by_confidence(self) -> NDArray[np.int64]:
        """The indices of the misclassified images, most confident first."""
        wrong = np.flatnonzero(self.is_wrong)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")]

    def in_cell(self, label: int, digit: int) -> NDArray[np.int64]:
        """The indices of the images of one digit that are predicted as another, or as the same.

        Errors come most confident first, correct predictions least confident first.
        """
        indices = np.flatnonzero((self.labels == label) & (self.predicted == digit))
        confidence = self.confidence[indices]
        return indices[np.argsort(confidence if label == digit else -confidence, kind="stable")]


@dataclass(frozen=True)
class CalibrationBin:
    """The predictions with a confidence between `low` and `high` (0–1), and their mean."""

    low: float
    high: float
    confidence: float
    score: Score


EDGES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)
"""A good network is confident of nearly all images, so the bins are narrower toward 1."""


def calibration_bins(predictions: Predictions) -> list[CalibrationBin]:
    """Mean confidence and accuracy in each bin that is not empty."""
    bins = []
    for low, high in itertools.pairwise(EDGES):
        below = predictions.confidence <= high if high == 1 else predictions.confidence < high
        inside = (predictions.confidence >= low) & below
        if count := int(inside.sum()):
            errors = int(predictions.is_wrong[inside].sum())
            mean = float(predictions.confidence[inside].mean(dtype=np.float64))
            bins.append(CalibrationBin(low, high, mean, Score(errors, count)))
    return bins


def calibration_error(predictions: Predictions) -> float:
    """The bins' mean distance between confidence and accuracy, weighted by count (0–1).

    The expected calibration error of C. Guo et al., "On calibration of modern neural networks"
    (2017), with the unequal bins of EDGES.
    """
    gaps = (
        abs(b.confidence - b.score.accuracy) * b.score.count for b in calibration_bins(predictions)
    )
    return sum(gaps) / len(predictions.labels)


@dataclass(frozen=True)
class Disagreement:
    """The indices of the images that only one of two networks classifies correctly."""

    only_first_correct: NDArray[np.int64]
    only_second_correct: NDArray[np.int64]

    @property
    def p_value(self) -> float:
        """McNemar's exact, two-sided p-value.

        It is the probability of a split at least this uneven if both networks are equally good.
        Q. McNemar, "Note on the sampling error of the difference between correlated proportions"
        (1947); exact by the binomial distribution with probability 1/2.
        """
        return sign_test(len(self.only_first_correct), len(self.only_second_correct))


def disagreement(first: Predictions, second: Predictions) -> Disagreement:
    """Compare two networks image by image. Raises CheckpointError if the images differ."""
    if not np.array_equal(first.labels, second.labels):
        raise CheckpointError(DIFFERENT)
    return Disagreement(
        np.flatnonzero(~first.is_wrong & second.is_wrong),
        np.flatnonzero(first.is_wrong & ~second.is_wrong),
    )


def discordance(pairs: Sequence[tuple[Predictions, Predictions]]) -> float:
    """How much the predictions change from first to second: the mean squared change of an image.

    An image's change is 1 if only the second network of a pair classifies it correctly, −1 if only
    the first does, else 0. It is averaged over the pairs before it is squared, because only what
    the pairs have in common depends on the choice of images. Raises ValueError without a pair,
    CheckpointError if the images differ.
    """
    if not pairs:
        raise ValueError("no pairs")
    change = np.zeros(len(pairs[0][0].labels))
    for first, second in pairs:
        result = disagreement(first, second)
        if len(first.labels) != len(change):
            raise CheckpointError(DIFFERENT)
        change[result.only_second_correct] += 1
        change[result.only_first_correct] -= 1
    return float(np.mean((change / len(pairs)) ** 2))


DIFFERENT = "The predictions are of different images. Compare runs with the same test images."


def save_predictions(path: Path, predictions: Predictions) -> None:
    tensors: dict[str, NDArray[Any]] = {
        "labels": predictions.labels,
        "predicted": predictions.predicted,
        "confidence": predictions.confidence,
    }
    write_atomic(path, save(tensors))


def load_predictions(path: Path) -> Predictions:
    """Read back what `save_predictions` wrote. Raises CheckpointError on anything else."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it is too large")
        return predictions_from_bytes(path.read_bytes())
    except FileNotFoundError:
        raise CheckpointError("No test predictions: the run has not finished.") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); train again.") from None


def predictions_from_bytes(content: bytes) -> Predictions:
    """Parse a file's content. Raises ValueError if it does not hold predictions."""
    try:
        tensors = legacy.rename(load(content), legacy.PREDICTIONS_TENSORS)
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from None
    dtypes = {"labels": np.uint8, "predicted": np.uint8, "confidence": np.float32}
    if {name: value.dtype.type for name, value in tensors.items()} != dtypes:
        raise ValueError("it does not hold predictions")
    labels, predicted, confidence = (tensors[name] for name in dtypes)
    if not (
        labels.ndim == 1 and len(labels) and labels.shape == predicted.shape == confidence.shape
    ):
        raise ValueError("its tensors differ in shape")
    if labels.max() > 9 or predicted.max() > 9:
        raise ValueError("a label or a prediction is above 9")
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("a confidence is not between 0 and 1")
    return Predictions(labels, predicted, confidence)
