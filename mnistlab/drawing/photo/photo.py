"""A photo of a digit: its picture, the ink that was found in it, and where."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from mnistlab.drawing.digit import GrayImage
from mnistlab.drawing.photo.decode import Colors, decode_image
from mnistlab.drawing.photo.ink import SIDE, find_ink

FRAME_COLOR = (232, 89, 12)
FRAME_MARGIN, FRAME_WIDTH = 6, 3
"""Pixels."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo (H, W, 3), its ink (H, W) uint8, and whether the end of its file was missing."""

    pixels: Colors
    ink: GrayImage
    is_truncated: bool

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the ink; right and bottom are outside of it."""
        rows, columns = np.flatnonzero(self.ink.any(1)), np.flatnonzero(self.ink.any(0))
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

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
    return Photo(decoded.pixels, find_ink(decoded.pixels), decoded.is_truncated)
