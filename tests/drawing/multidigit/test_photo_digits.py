"""Photos of several digits, of one, and of one among things that are none."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistlab import zoo
from mnistlab.drawing.classifier import Classifier
from mnistlab.drawing.digit import DigitError, digit_from_ink
from mnistlab.drawing.multidigit import photo_digits
from mnistlab.drawing.multidigit.photo_digits import PhotoDigits, read_digits
from mnistlab.drawing.photo import photo
from mnistlab.drawing.photo.decode import Colors
from mnistlab.drawing.photo.ink import find_ink
from mnistlab.pen.raster import GrayImage
from tests.drawing.photo.test_photo import photo_of
from tests.drawing.test_digit import png
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


def test_a_wide_strip_is_read_to_its_end() -> None:
    """At 384 pixels it is 22 high where 21.5 would be right, so that its axes differ in scale."""
    number = [3, 1, 4, 5, 9, 2]
    picture = Image.new("RGB", (2000, 112), "white")
    pen = ImageDraw.Draw(picture)
    for place, digit in enumerate(number):
        for stroke in DIGITS[digit]:
            pen.line([(1400 + 66 * place + 0.39 * x, 0.39 * y + 1) for x, y in stroke], "black", 9)
    read = read_digits(png(picture))
    assert predicted(read) == [(0, digit) for digit in number]


def test_a_number_in_a_jpeg_without_its_end_is_read_as_far_as_it_goes() -> None:
    content = photo_of_number([[1, 9, 8, 4], [2, 0, 7]])
    read = read_digits(content[: int(0.9 * len(content))])
    assert read.photo.is_truncated
    # The 0 and the 7 reach into what is missing.
    assert predicted(read) == [(0, 1), (0, 9), (0, 8), (0, 4), (1, 2)]


@pytest.mark.parametrize("digit", DIGITS)
def test_a_photo_of_one_digit_has_no_others(digit: int) -> None:
    assert read_digits(photo_of(digit)).digits == []


@pytest.mark.parametrize("left", [6, 10])
def test_a_file_as_mnist_has_its_images_is_one_digit(left: int) -> None:
    """Also if its strokes are apart, or if no digit would be found in a photo like it."""
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, left : left + 4] = pixels[4:24, 24 - left : 28 - left] = 255
    read = read_digits(png(Image.fromarray(pixels)))
    assert read.digits == []
    assert np.array_equal(read.photo.ink, pixels)


@pytest.fixture
def found_in(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sides of the pictures in which ink was found."""
    sides: list[int] = []

    def counted(image: Colors) -> GrayImage:
        sides.append(max(image.shape))
        return find_ink(image)

    for module in (photo, photo_digits):
        monkeypatch.setattr(module, "find_ink", counted)
    return sides


def test_ink_is_found_once_in_a_photo_and_once_for_each_of_its_digits(found_in: list[int]) -> None:
    assert len(read_digits(photo_of_number([[1, 9, 8]])).digits) == 3
    assert len(found_in) == 4
    found_in.clear()
    assert read_digits(photo_of(7)).digits == []
    assert len(found_in) == 1


def test_too_many_digits_are_an_error_before_each_is_looked_at(
    found_in: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_digits, "MAX_DIGITS", 4)
    assert len(read_digits(photo_of_number([[1, 9, 8, 4]])).digits) == 4
    found_in.clear()
    with pytest.raises(DigitError, match=r"5 digits; the limit is 4\. Crop"):
        read_digits(photo_of_number([[1, 9, 8, 4, 2]]))
    assert len(found_in) == 1


def test_ink_of_too_many_parts_is_not_segmented(monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(parts: object) -> None:
        raise AssertionError("segmented")

    monkeypatch.setattr(photo_digits, "MAX_PARTS", 4)
    monkeypatch.setattr(photo_digits, "segment", unexpected)
    assert read_digits(photo_of_number([[1, 9, 8, 2, 7]])).digits == []


def test_specks_thick_bars_and_ink_at_the_edge_are_no_digits() -> None:
    picture = Image.open(io.BytesIO(photo_of(7)))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((60, 60, 70, 70), "navy")
    pen.rectangle((40, 250, 130, 450), "navy")
    pen.line([(590, 100), (599, 300)], "navy", 14)
    assert read_digits(png(picture)).digits == []


def test_a_photo_without_a_digit_is_an_error() -> None:
    with pytest.raises(DigitError):
        read_digits(png(Image.new("RGB", (300, 200), "white")))
