"""A photo of a filled form as labeled drawings."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.photo.center_lines import center_lines
from mnistlab.drawing.photo.decode import decode_image
from mnistlab.drawing.photo.morphology import halve
from mnistlab.handwriting.drawings import Strokes
from mnistlab.handwriting.form.boxes import BoxState, FilledBox, find_boxes
from mnistlab.handwriting.form.homography import project
from mnistlab.handwriting.form.layout import NUMBER_FIELD
from mnistlab.handwriting.form.marks import find_sheet
from mnistlab.handwriting.form.rectified import crop, rectify
from mnistlab.pen.raster import GrayImage

SIDE = 2048
"""Pixels of the photo's longer side: a millimeter has five or more if the sheet fills the photo."""
EMPTY = "The form is empty. Photograph it after digits were written into it."
NOT_READ = (
    "No digit of the form could be read. Photograph it again from straight above, in even light, "
    "so that it fills the photo."
)
DECIMALS = 2
"""Of a coordinate, in a hundredth of the digit's size: more would only lengthen what is stored."""


@dataclass(frozen=True, eq=False)
class FormBox:
    """A box of a form: its row, its label, its state, the strokes of its digit, if any, and its
    middle in the photo, in parts of its width and height.
    """

    row: int
    label: int
    state: BoxState
    strokes: Strokes
    middle: tuple[float, float]


@dataclass(frozen=True, eq=False)
class FormPhoto:
    """The boxes of a photographed form in reading order, and a picture (H, W) of the field for the
    writer's number.
    """

    boxes: tuple[FormBox, ...]
    number_field: GrayImage


def read_form(content: bytes) -> FormPhoto:
    """Read the photo of a form. Raises DigitError that says what to do if there is no whole one,
    or if nothing is written on it.
    """
    pixels = decode_image(content, SIDE).pixels
    gray = np.asarray(Image.fromarray(pixels).convert("L"))
    # Marks are large: half the size is enough, and has less noise. Its pixels are twice as large.
    sheet = np.diag([2.0, 2.0, 1.0]) @ find_sheet(halve(gray.astype(np.float32)))
    flat = rectify(gray, sheet)
    filled = find_boxes(flat)
    if not any(box.state is BoxState.DIGIT for box in filled):
        raise DigitError(NOT_READ if any(b.state is BoxState.UNREADABLE for b in filled) else EMPTY)
    middles = project(sheet, np.array([box.inside.center for box in filled])) / gray.shape[::-1]
    boxes = map(_box, filled, middles.tolist())
    return FormPhoto(tuple(boxes), crop(flat, NUMBER_FIELD))


def _box(box: FilledBox, middle: tuple[float, float]) -> FormBox:
    """A box with its ink as strokes: its center lines, as of any photo that is saved. Whatever
    reads them gives them MNIST's width; the ink's own need not be normalized before.
    """
    strokes: Strokes = ()
    if box.state is BoxState.DIGIT:
        lines = center_lines(box.ink)
        strokes = tuple(
            tuple((round(x, DECIMALS), round(y, DECIMALS)) for x, y in line) for line in lines
        )
    # Specks without a line are no digit.
    state = BoxState.UNREADABLE if box.state is BoxState.DIGIT and not strokes else box.state
    return FormBox(box.row, box.label, state, strokes, (middle[0], middle[1]))
