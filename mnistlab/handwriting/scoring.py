"""How a checkpoint reads the drawings that were kept, in all and hand by hand."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mnistlab.drawing.digit import DigitError, PreparedDigit
from mnistlab.drawing.prediction import Prediction
from mnistlab.drawing.strokes import digit_from_strokes
from mnistlab.handwriting.collection import StoredDrawing
from mnistlab.handwriting.drawings import LabeledDrawing
from mnistlab.stats.score import Score

PredictBatch = Callable[[Sequence[PreparedDigit]], Sequence[Prediction]]
"""`drawing.classifier.predict_batch` with a checkpoint; passed in, as that module imports torch."""


@dataclass(frozen=True)
class DrawingPrediction:
    """The digit that was read, and how sure (0–1); no digit where nothing could be read."""

    digit: int | None
    confidence: float


def prepare(drawn: LabeledDrawing) -> PreparedDigit | None:
    """A kept drawing made 28×28 as the draw page makes it; None if it cannot be."""
    try:
        digit = digit_from_strokes(drawn.strokes)
    except DigitError:
        return None
    # The large picture is for people; of thousands nobody looks at it, and it takes the memory.
    return digit and replace(digit, cropped=digit.scaled)


def predict_drawings(
    read: PredictBatch, digits: Sequence[PreparedDigit | None]
) -> list[DrawingPrediction]:
    """What is read in each digit."""
    predictions = iter(read([digit for digit in digits if digit is not None]))
    answered = []
    for digit in digits:
        prediction = None if digit is None else next(predictions)
        answered.append(
            DrawingPrediction(prediction.digit, prediction.confidence)
            if prediction
            else DrawingPrediction(None, 0.0)
        )
    return answered


@dataclass(frozen=True)
class Scores:
    """A checkpoint's score over all drawings and over each writer's, in the writers' order; and
    what it misread, the surest mistake first.
    """

    total: Score | None
    by_writer: dict[str, Score]
    misclassified: tuple[StoredDrawing, ...]


def scores(kept: Sequence[StoredDrawing], answers: Mapping[str, DrawingPrediction]) -> Scores:
    """Hold answers (by mark) against labels; drawings without an answer are left out."""
    read = [one for one in kept if one.stroke_hash in answers]
    wrong = [one for one in read if answers[one.stroke_hash].digit != one.label]
    seen, errors = Counter(one.writer for one in read), Counter(one.writer for one in wrong)
    wrong.sort(key=lambda one: -answers[one.stroke_hash].confidence)
    return Scores(
        Score(len(wrong), len(read)) if read else None,
        {writer: Score(errors[writer], count) for writer, count in sorted(seen.items())},
        tuple(wrong),
    )
