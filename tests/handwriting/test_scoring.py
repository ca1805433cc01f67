"""Kept drawings held against what is read in them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from mnistlab import zoo
from mnistlab.drawing.classifier import BATCH, Classifier, predict_batch
from mnistlab.drawing.digit import PreparedDigit
from mnistlab.drawing.prediction import Prediction
from mnistlab.drawing.strokes import MAX_POINTS, digit_from_strokes
from mnistlab.handwriting.collection import StoredDrawing
from mnistlab.handwriting.drawings import LabeledDrawing, validate
from mnistlab.handwriting.scoring import DrawingPrediction, predict_drawings, prepare, scores
from mnistlab.stats.score import Score
from tests.drawn_digits import DIGITS


@dataclass
class Always:
    """Reads one digit in everything, and keeps what it was shown."""

    digit: int
    confidence: float = 0.91

    def __call__(self, digits: Sequence[PreparedDigit]) -> list[Prediction]:
        self.shown = digits
        rest = (1 - self.confidence) / 9
        shares = tuple(self.confidence if n == self.digit else rest for n in range(10))
        return [Prediction(shares) for _ in digits]


def test_a_drawing_s_prediction_is_the_draw_page_s() -> None:
    read = Always(7)
    drawn = validate(4, "", DIGITS[4])
    (answer,) = predict_drawings(read, [prepare(drawn)])
    assert answer and answer.digit == 7 and answer.confidence == pytest.approx(0.91)
    expected = digit_from_strokes(DIGITS[4])
    assert expected and (read.shown[0].pixels == expected.pixels).all()


def test_an_invalid_drawing_is_misclassified_and_stops_nothing() -> None:
    endless = LabeledDrawing(1, "", (((1.0, 2.0),) * (MAX_POINTS + 1),))
    assert prepare(endless) is None
    one = prepare(validate(1, "", DIGITS[1]))
    read = predict_drawings(Always(1), [one, None, one])
    assert [each.digit for each in read] == [1, None, 1]


def test_a_batch_has_the_predictions_of_single_drawings() -> None:
    digits = [digit for n in DIGITS if (digit := prepare(validate(n, "", DIGITS[n])))]
    digits = (digits * (BATCH // len(digits) + 1))[: BATCH + 3]
    classifier = Classifier(zoo.default_checkpoint())
    read = predict_batch(classifier, digits)
    assert len(read) == len(digits) and predict_batch(classifier, []) == []
    for many, digit in zip(read[-10:], digits[-10:], strict=True):
        assert many.probabilities == pytest.approx(
            classifier.predict(digit).probabilities, abs=1e-4
        )


def stored(number: int, writer: str, label: int) -> StoredDrawing:
    return StoredDrawing(number, 0.0, writer, label, f"mark{number}")


def test_scores_in_total_and_by_writer_and_the_most_confident_error_first() -> None:
    drawings = [stored(1, "Bo", 1), stored(2, "Ada", 7), stored(3, "Bo", 3), stored(4, "Bo", 4)]
    read = {
        "mark1": DrawingPrediction(1, 0.9),
        "mark2": DrawingPrediction(1, 0.5),
        "mark3": DrawingPrediction(5, 0.8),
    }
    found = scores(drawings, read | {"mark4": DrawingPrediction(None, 0)})
    assert found.total == Score(3, 4)
    assert found.by_writer == {"Ada": Score(1, 1), "Bo": Score(2, 3)}
    assert [one.id for one in found.misclassified] == [3, 2, 4]
    assert found.coverage is not None
    assert found.coverage.coverage.tolist() == [1 / 4, 2 / 4, 3 / 4, 1]
    assert found.coverage.risk.tolist() == pytest.approx([0, 1 / 2, 2 / 3, 3 / 4])
    assert scores([], {}).coverage is None
    assert scores(drawings, read).total == Score(2, 3), "what has no answer yet is left out"
    assert scores([], {}).total is None and scores(drawings, {}).by_writer == {}
