"""A photo of a digit: its picture, the ink that was found in it, and where."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from mnistlab.drawing.digit import GrayImage, PreprocessingOptions
from mnistlab.drawing.photo.decode import Colors, decode_image
from mnistlab.drawing.photo.ink import SIDE, find_ink
from mnistlab.drawing.photo.stroke_width import normalize_stroke_width

AS_FOUND = PreprocessingOptions(normalize_stroke_width=False)
FRAME_COLOR = (232, 89, 12)
FRAME_MARGIN, FRAME_WIDTH = 6, 3
"""Pixels."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo (H, W, 3), the ink that was found in it, and whether the end of its file was missing.

    `ink` is scaled to MNIST's stroke width. `box`: left, top, right and bottom of the digit in the
    photo's pixels; right and bottom are outside of it.
    """

    pixels: Colors
    ink: GrayImage
    box: tuple[int, int, int, int]
    is_truncated: bool

    def framed(self) -> Colors:
        """The photo with a frame around the digit."""
        image = Image.fromarray(self.pixels)
        left, top, right, bottom = self.box
        width, height = image.size
        frame = (
            max(left - FRAME_MARGIN, 0),
            max(top - FRAME_MARGIN, 0),
            min(right + FRAME_MARGIN, width) - 1,
            min(bottom + FRAME_MARGIN, height) - 1,
        )
        ImageDraw.Draw(image).rectangle(frame, outline=FRAME_COLOR, width=FRAME_WIDTH)
        return np.asarray(image)


def read_photo(content: bytes) -> Photo:
    """Read an image file of one digit. Raises DigitError if it is not one."""
    decoded = decode_image(content, SIDE)
    ink = find_ink(decoded.pixels, AS_FOUND)
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    return Photo(decoded.pixels, normalize_stroke_width(ink), box, decoded.is_truncated)
