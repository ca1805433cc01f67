"""Photos of forms: where the boxes are, what is in them, and what is said of other files."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.strokes import digit_from_strokes
from mnistlab.handwriting.form.boxes import BoxState
from mnistlab.handwriting.form.form_photo import read_form
from mnistlab.handwriting.form.homography import project
from mnistlab.handwriting.form.layout import MARKS, Paper, box, places
from mnistlab.handwriting.form.marks import find_sheet
from tests.drawn_digits import DIGITS
from tests.handwriting.form.photos import (
    ASKEW,
    DESK,
    EMPTY,
    FILLED,
    STRAIGHT,
    VIEWS,
    Corners,
    filled_page,
    middle,
    photo,
)


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)), np.float32)


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("corners", VIEWS, ids=("straight", "askew", "upside", "side", "mirror"))
def test_marks_are_found_from_any_side(corners: Corners) -> None:
    sheet = find_sheet(pixels(photo(filled_page(), corners)))
    for mark in MARKS.values():
        found = project(sheet, np.array([mark.center]))[0]
        np.testing.assert_allclose(found, middle(mark, Paper.A4, corners), atol=0.7)


@pytest.mark.parametrize("turn", range(15, 360, 60))
def test_marks_are_found_at_any_turn(turn: int) -> None:
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    corners = (np.array(STRAIGHT) - [6, 8]) @ np.array([[c, s], [-s, c]]) + [9.5, 9.5]
    sheet = find_sheet(pixels(photo(filled_page(), corners.tolist())))
    for place in places():
        found = project(sheet, np.array([box(*place).center]))[0]
        np.testing.assert_allclose(found, middle(box(*place), Paper.A4, corners.tolist()), atol=1)


@pytest.mark.parametrize("paper", [*Paper])
def test_each_digit_of_a_form_askew_in_the_shade_is_in_its_box(paper: Paper) -> None:
    page = filled_page(paper)
    form = read_form(photo(page, ASKEW, paper, lambda x, y: 0.9 - 0.5 * x * y))
    assert [(each.row, each.label) for each in form.boxes] == [*places()]
    states = {(each.row, each.label): each.state for each in form.boxes}
    assert states.pop(EMPTY) is BoxState.EMPTY and states.pop(FILLED) is BoxState.UNREADABLE
    assert {*states.values()} == {BoxState.DIGIT}
    width, height = Image.open(io.BytesIO(photo(page, ASKEW, paper))).size
    truth = {label: digit_from_strokes(strokes) for label, strokes in DIGITS.items()}
    for each in form.boxes:
        place = box(each.row, each.label)
        found = np.array(each.middle) * [width, height]
        np.testing.assert_allclose(found, middle(place, paper, ASKEW), atol=3)
        assert bool(each.strokes) == (each.state is BoxState.DIGIT)
        if each.strokes:
            digit = digit_from_strokes(each.strokes)
            assert digit
            likeness = {
                label: np.corrcoef(digit.pixels.ravel(), one.pixels.ravel())[0, 1]
                for label, one in truth.items()
                if one
            }
            assert max(likeness, key=lambda label: likeness[label]) == each.label
    assert form.number_field.shape == (56, 156) and form.number_field.mean() > 60


def test_a_form_without_digits_is_an_error() -> None:
    with pytest.raises(DigitError, match="The form is empty"):
        read_form(photo(filled_page(rows=0)))


@pytest.mark.parametrize(
    ("hidden", "missing"),
    [
        ((600, 0, 1200, 1600), r"2 of the 4 .* \(missing: top right, bottom right\)"),
        ((0, 900, 1200, 1600), r"2 of the 4 .* \(missing: bottom left, bottom right\)"),
        ((0, 0, 300, 300), r"Only 3 of the 4 corner marks .* \(missing: top left\)"),
    ],
)
def test_half_a_form_is_an_error_that_names_the_missing_corners(
    hidden: tuple[int, int, int, int], missing: str
) -> None:
    half = Image.open(io.BytesIO(photo(filled_page(), STRAIGHT)))
    half.paste(DESK, hidden)
    with pytest.raises(DigitError, match=missing) as error:
        read_form(png(half))
    assert "Photograph the whole sheet" in str(error.value)


def test_marks_that_are_not_those_of_one_sheet_are_an_error() -> None:
    whole = Image.open(io.BytesIO(photo(filled_page(), STRAIGHT)))
    swapped = whole.copy()
    # The top's marks exchanged: no flat sheet looks like that.
    left, right = whole.crop((150, 120, 270, 260)), whole.crop((930, 120, 1050, 260))
    swapped.paste(left, (930, 120))
    swapped.paste(right, (150, 120))
    with pytest.raises(DigitError, match="No form found"):
        read_form(png(swapped))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Not a readable image"),
        (b"no picture at all", "Not a readable image"),
        (png(Image.new("L", (9000, 4000))), "pixels; the limits are"),
        (png(Image.new("L", (1200, 1600), 230)), "No form found"),
        (
            png(Image.fromarray(np.random.default_rng(0).integers(0, 255, (400, 300), np.uint8))),
            "No form",
        ),
        (png(Image.new("L", (3, 2000), 230)), "No form found"),
    ],
    ids=("empty", "text", "bomb", "blank", "noise", "strip"),
)
def test_other_files_are_errors_that_say_what_to_do(content: bytes, message: str) -> None:
    with pytest.raises(DigitError, match=re.escape(message)):
        read_form(content)
