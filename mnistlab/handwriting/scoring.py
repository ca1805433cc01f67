"""Score a checkpoint on the handwriting test set, in total and by writer."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mnistlab.drawing.digit import DigitError, PreparedDigit
from mnistlab.drawing.prediction import Prediction
from mnistlab.drawing.strokes import digit_from_strokes
from mnistlab.handwriting.collection import StoredDrawing
from mnistlab.handwriting.drawings import LabeledDrawing
from mnistlab.stats.score import Score
from mnistlab.stats.selective import RiskCoverage, risk_coverage

PredictBatch = Callable[[Sequence[PreparedDigit]], Sequence[Prediction]]
"""`drawing.classifier.predict_batch` for one checkpoint; an argument, as that imports torch."""


@dataclass(frozen=True)
class DrawingPrediction:
    """The predicted digit and its confidence (0–1); None for an unreadable drawing."""

    digit: int | None
    confidence: float


def prepare(drawing: LabeledDrawing) -> PreparedDigit | None:
    """A drawing preprocessed as on the Draw page; None if it is unreadable."""
    try:
        # Only the Draw page shows the large image; for thousands of drawings it would fill the
        # memory.
        return digit_from_strokes(drawing.strokes, has_preview=False)
    except DigitError:
        return None


def predict_drawings(
    predict: PredictBatch, digits: Sequence[PreparedDigit | None]
) -> list[DrawingPrediction]:
    """The prediction for each drawing."""
    predictions = iter(predict([digit for digit in digits if digit is not None]))
    results = []
    for digit in digits:
        if digit is None:
            results.append(DrawingPrediction(None, 0.0))
        else:
            prediction = next(predictions)
            results.append(DrawingPrediction(prediction.digit, prediction.confidence))
    return results


@dataclass(frozen=True)
class Scores:
    """A checkpoint's score in total, by writer and by confidence, and the misclassified drawings,
    the most confident first.
    """

    total: Score | None
    by_writer: dict[str, Score]
    coverage: RiskCoverage | None
    misclassified: tuple[StoredDrawing, ...]


def scores(
    drawings: Sequence[StoredDrawing], predictions: Mapping[str, DrawingPrediction]
) -> Scores:
    """Compare predictions (by stroke hash) with labels; drawings without one are omitted."""
    scored = [each for each in drawings if each.stroke_hash in predictions]
    wrong = [each for each in scored if predictions[each.stroke_hash].digit != each.label]
    wrong.sort(key=lambda each: -predictions[each.stroke_hash].confidence)
    n_scored = Counter(each.writer for each in scored)
    n_errors = Counter(each.writer for each in wrong)
    return Scores(
        Score(len(wrong), len(scored)) if scored else None,
        {writer: Score(n_errors[writer], count) for writer, count in sorted(n_scored.items())},
        _coverage(scored, predictions) if scored else None,
        tuple(wrong),
    )


def _coverage(
    scored: Sequence[StoredDrawing], predictions: Mapping[str, DrawingPrediction]
) -> RiskCoverage:
    each = [(predictions[drawing.stroke_hash], drawing.label) for drawing in scored]
    return risk_coverage(
        [prediction.confidence for prediction, _ in each],
        [prediction.digit != label for prediction, label in each],
    )
