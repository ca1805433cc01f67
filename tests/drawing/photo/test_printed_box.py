"""Digits from forms: a whole printed box, what a crop left of one, and ink that only looks so."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistlab import zoo
from mnistlab.drawing.classifier import Classifier
from mnistlab.drawing.digit import PreprocessingOptions
from mnistlab.drawing.photo.printed_box import inside_of_box, without_slivers
from tests.drawing.photo.files import digit_from_file, ink_from_photo
from tests.drawing.photo.test_ink import BLUE, PAPER, photographed, written
from tests.drawing.test_digit import png
from tests.drawn_digits import DIGITS

AS_FOUND = PreprocessingOptions(normalize_stroke_width=False)
BLACK = (20, 20, 20)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(zoo.default_checkpoint())


def cut_out(digit: int) -> Image.Image:
    """A digit on white paper with little around it, 230 × 250."""
    return written(digit, Image.new("RGB", (480, 360), "white"), 9).crop((110, 40, 340, 290))


def boxed(digit: int, line: int = 5, rotation: float = 0) -> Image.Image:
    """A digit in a printed box on a form."""
    paper = Image.new("RGB", (480, 360), PAPER)
    written(digit, paper, 9)
    ImageDraw.Draw(paper).rectangle((100, 35, 355, 300), outline=BLACK, width=line)
    return paper.rotate(rotation, Image.Resampling.BICUBIC, fillcolor=PAPER)


LINES = {
    "left": (0, 0, 4, 250),
    "top": (0, 0, 230, 5),
    "right": (226, 0, 230, 250),
    "bottom": (0, 246, 150, 250),
}


@pytest.mark.parametrize("edges", [*([name] for name in LINES), ["left", "top"], list(LINES)])
@pytest.mark.parametrize("digit", [0, 2, 3, 7])
def test_a_line_along_an_edge_is_not_the_digit(
    classifier: Classifier, digit: int, edges: list[str]
) -> None:
    clean, paper = cut_out(digit), cut_out(digit)
    for name in edges:
        ImageDraw.Draw(paper).rectangle(LINES[name], fill=BLACK)
    # A fine line that is neither parallel to its edge.
    if edges == ["top"]:
        ImageDraw.Draw(paper).polygon([(0, 0), (230, 0), (230, 12), (0, 4)], fill=BLACK)
    prepared = digit_from_file(png(paper))
    assert classifier.predict(prepared).digit == digit
    difference = prepared.pixels.astype(float) - digit_from_file(png(clean)).pixels
    assert np.abs(difference).mean() < 1


def test_a_stroke_apart_in_a_picture_cut_close_around_a_digit_stays() -> None:
    five = Image.new("RGB", (150, 300), "white")
    draw = ImageDraw.Draw(five)
    draw.line([(4, 40), (4, 140), (80, 120), (146, 200), (90, 296), (4, 290)], BLUE, 12)
    draw.line([(30, 5), (150, 5)], BLUE, 12)
    image = np.asarray(five)
    assert np.array_equal(without_slivers(image, np.array([255, 255, 255], np.uint8)), image)
    ink = ink_from_photo(png(five), AS_FOUND)
    assert ink[:8].any()


def test_paper_without_lines_and_ink_that_is_cut_at_an_edge_stay() -> None:
    white = np.array([255, 255, 255], np.uint8)
    for picture in (cut_out(4), cut_out(4).crop((60, 0, 230, 250))):
        image = np.asarray(picture)
        assert np.array_equal(without_slivers(image, white), image)


@pytest.mark.parametrize("rotation", [0, -5])
@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_in_a_box_is_read(classifier: Classifier, digit: int, rotation: float) -> None:
    for content in (png(boxed(digit, 5, rotation)), photographed(boxed(digit, 3, rotation), digit)):
        assert classifier.predict(digit_from_file(content)).digit == digit


def test_a_digit_that_touches_its_box_is_read(classifier: Classifier) -> None:
    for digit in (2, 4, 7):
        paper = written(digit, Image.new("RGB", (480, 360), PAPER), 9)
        ink = np.asarray(paper)[..., 0] < 150
        bottom = int(np.flatnonzero(ink.any(1))[-1])
        ImageDraw.Draw(paper).rectangle((100, 35, 355, bottom + 4), outline=BLACK, width=5)
        assert classifier.predict(digit_from_file(png(paper))).digit == digit


def test_a_cell_of_a_table_is_a_box(classifier: Classifier) -> None:
    for digit in (3, 6):
        paper = written(digit, Image.new("RGB", (480, 360), "white"), 9)
        for place in (35, 300):
            ImageDraw.Draw(paper).line([(0, place), (480, place)], BLACK, 4)
        for place in (100, 355):
            ImageDraw.Draw(paper).line([(place, 0), (place, 360)], BLACK, 4)
        assert classifier.predict(digit_from_file(png(paper))).digit == digit


def gray(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"), np.float32)


def test_the_inside_of_a_box_is_within_its_lines() -> None:
    inside = inside_of_box(gray(boxed(3)))
    assert inside is not None
    expected = np.zeros((360, 480), bool)
    expected[41:295, 106:350] = True
    assert not (inside & ~expected).any()
    assert inside.sum() > 0.9 * expected.sum()


@pytest.mark.parametrize("digit", DIGITS)
def test_digits_are_no_boxes(digit: int) -> None:
    assert inside_of_box(gray(written(digit, Image.new("RGB", (480, 360), PAPER)))) is None


def test_an_empty_box_a_box_with_a_dot_and_a_ring_around_a_bar_are_not_boxes_of_digits() -> None:
    paper = Image.new("L", (480, 360), 230)
    draw = ImageDraw.Draw(paper)
    draw.rectangle((100, 35, 355, 300), outline=20, width=5)
    assert inside_of_box(np.asarray(paper, np.float32)) is None
    draw.ellipse((220, 160, 235, 175), fill=20)
    assert inside_of_box(np.asarray(paper, np.float32)) is None
    # A zero with a stroke through it.
    zero = Image.new("L", (480, 360), 230)
    draw = ImageDraw.Draw(zero)
    draw.ellipse((140, 35, 315, 320), outline=20, width=12)
    draw.line([(200, 240), (255, 110)], 20, 12)
    assert inside_of_box(np.asarray(zero, np.float32)) is None
