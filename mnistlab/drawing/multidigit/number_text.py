"""The predictions of a number as text, as the page and the terminal show them."""

from collections.abc import Sequence

from mnistlab.drawing.prediction import Prediction, Verdict
from mnistlab.drawing.segmentation import Segment


def number_lines(predictions: Sequence[Prediction], segments: Sequence[Segment]) -> list[str]:
    """Each line's digits, as in `digit_text`, with spaces between them, the first line first.

    Raises ValueError if there are not as many predictions as segments.
    """
    texts: dict[int, list[str]] = {}
    for prediction, segment in zip(predictions, segments, strict=True):
        texts.setdefault(segment.line, []).append(digit_text(prediction))
    return [" ".join(texts[line]) for line in sorted(texts)]


def digit_text(prediction: Prediction) -> str:
    """The predicted digit; "?" for what is not a digit."""
    return "?" if prediction.verdict is Verdict.NOT_A_DIGIT else str(prediction.digit)
