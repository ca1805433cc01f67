"""Photos of several digits, of one, and of one among things that are none."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistlab import zoo
from mnistlab.drawing.classifier import Classifier
from mnistlab.drawing.digit import DigitError, digit_from_ink
from mnistlab.drawing.multidigit.photo_digits import PhotoDigits, read_digits
from tests.drawing.photo.test_photo import photo_of
from tests.drawn_digits import DIGITS


def photo_of_number(lines: list[list[int]], scale: float = 0.6, ink: str = "navy") -> bytes:
    """A photo of lines of digits, with the camera's grain."""
    width, height = 180 * max(map(len, lines)), 220 * len(lines)
    picture = Image.new("RGB", (width, height), "beige" if ink == "navy" else "darkgreen")
    pen = ImageDraw.Draw(picture)
    for row, line in enumerate(lines):
        for column, digit in enumerate(line):
            for stroke in DIGITS[digit]:
                points = [(180 * column + scale * x, 220 * row + 20 + scale * y) for x, y in stroke]
                pen.line(points, ink, 10)
    grain = np.random.default_rng(0).normal(0, 3, (height, width, 3))
    noisy = np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=90)
    return out.getvalue()


def predicted(read: PhotoDigits) -> list[tuple[int, int]]:
    """The line and the predicted digit of each."""
    digits = [digit_from_ink(each.ink) for each in read.digits]
    predictions = Classifier(zoo.default_checkpoint()).predict_all([d for d in digits if d])
    lines = [each.segment.line for each in read.digits]
    return list(zip(lines, [each.digit for each in predictions], strict=True))


@pytest.mark.parametrize("ink", ["navy", "white"])
def test_lines_of_digits_are_read_in_order(ink: str) -> None:
    read = read_digits(photo_of_number([[1, 9, 8, 4], [2, 0, 7]], ink=ink))
    assert predicted(read) == [(0, 1), (0, 9), (0, 8), (0, 4), (1, 2), (1, 0), (1, 7)]
    scale = read.photo.pixels.shape[1] / 720
    for each, column in zip(read.digits, (0, 1, 2, 3, 0, 1, 2), strict=True):
        left, top, right, bottom = each.segment.box
        assert 180 * column < left / scale < right / scale < 180 * (column + 1)
        assert (
            220 * each.segment.line < top / scale < bottom / scale < 220 * each.segment.line + 220
        )


@pytest.mark.parametrize("digit", DIGITS)
def test_a_photo_of_one_digit_has_no_others(digit: int) -> None:
    assert read_digits(photo_of(digit)).digits == []


def test_specks_thick_bars_and_ink_at_the_edge_are_no_digits() -> None:
    picture = Image.open(io.BytesIO(photo_of(7)))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((60, 60, 70, 70), "navy")
    pen.rectangle((40, 250, 130, 450), "navy")
    pen.line([(590, 100), (599, 300)], "navy", 14)
    out = io.BytesIO()
    picture.save(out, "PNG")
    assert read_digits(out.getvalue()).digits == []


def test_a_photo_without_a_digit_is_an_error() -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "white").save(out, "PNG")
    with pytest.raises(DigitError):
        read_digits(out.getvalue())
