"""A number as text: line by line, with "?" for what is not a digit."""

import pytest

from mnistlab.drawing.multidigit.number_text import digit_text, number_lines
from mnistlab.drawing.prediction import Prediction
from mnistlab.drawing.segmentation import Segment


def prediction(digit: int, confidence: float = 0.91, ood_score: float = 0.5) -> Prediction:
    others = (1 - confidence) / 9
    return Prediction(tuple(confidence if n == digit else others for n in range(10)), ood_score)


def segment(line: int) -> Segment:
    return Segment((0,), (0, 0, 10, 20), line)


def test_a_number_has_its_lines_in_order_and_spaces_between_digits() -> None:
    predictions = [prediction(digit) for digit in (4, 1, 9, 8)]
    segments = [segment(line) for line in (1, 0, 0, 1)]
    assert number_lines(predictions, segments) == ["1 9", "4 8"]
    assert number_lines([], []) == []
    with pytest.raises(ValueError, match="shorter"):
        number_lines(predictions, segments[:2])


def test_an_uncertain_digit_is_named_and_what_is_none_is_a_question_mark() -> None:
    assert digit_text(prediction(7, confidence=0.5)) == "7"
    assert digit_text(prediction(7, ood_score=1.5)) == "?"
    assert number_lines([prediction(3), prediction(7, ood_score=1.5)], [segment(0)] * 2) == ["3 ?"]
