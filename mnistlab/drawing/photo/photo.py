"""A photo of a digit: its picture, the ink that was found in it, and where."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistlab.drawing.digit import DARK, is_mnist_image
from mnistlab.drawing.photo.decode import Colors, DecodedImage, decode_image
from mnistlab.drawing.photo.ink import SIDE, find_ink
from mnistlab.drawing.photo.stroke_width import normalize_stroke_width
from mnistlab.pen.raster import SIDE as MNIST_SIDE
from mnistlab.pen.raster import GrayImage

FRAME_COLOR = (232, 89, 12)
FRAME_MARGIN, FRAME_WIDTH = 6, 3
"""Pixels."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo (H, W, 3), the ink that was found in it, and whether the end of its file was missing.

    `ink` is scaled to MNIST's stroke width, and `ink_as_found` is not; both are the file's own
    pixels (28, 28) if it is as MNIST has its images (`is_unchanged`). `box`: left, top, right and
    bottom of the digit in the photo's pixels; right and bottom are outside of it.
    """

    pixels: Colors
    ink: GrayImage
    ink_as_found: GrayImage
    box: tuple[int, int, int, int]
    is_truncated: bool
    is_unchanged: bool = False

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
    image = _mnist_image(content, decoded)
    if image is not None:
        left, top, right, bottom = (round(n * SIDE / len(image)) for n in _box(image > DARK))
        box = left, top, right, bottom
        return Photo(decoded.pixels, image, image, box, is_truncated=False, is_unchanged=True)
    ink = find_ink(decoded.pixels)
    normalized = normalize_stroke_width(ink)
    return Photo(decoded.pixels, normalized, ink, _box(ink), decoded.is_truncated)


def _box(ink: NDArray[np.generic]) -> tuple[int, int, int, int]:
    """The bounding box of what is not 0 in an image (H, W), as in `Photo`."""
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _mnist_image(content: bytes, decoded: DecodedImage) -> GrayImage | None:
    """The pixels (28, 28) of an image file that is as MNIST has its images, white on black, or the
    same black on white; None for any other. `decoded`: the file at another size.
    """
    if decoded.size != (MNIST_SIDE, MNIST_SIDE) or decoded.is_truncated:
        return None
    original = decode_image(content, MNIST_SIDE).pixels
    gray = np.asarray(Image.fromarray(original).convert("L"))
    return next((ink for ink in (gray, 255 - gray) if is_mnist_image(ink)), None)
