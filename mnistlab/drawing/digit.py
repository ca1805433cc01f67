"""Preprocessing of ink as MNIST's own: 28×28, white on black, centered.

"The images were centered in a 28x28 image by computing the center of mass of the pixels, and
translating the image so as to position this point at the center of the 28x28 field", after they
were "size normalized to fit in a 20x20 pixel box while preserving their aspect ratio" (Y. LeCun,
C. Cortes, C. Burges, "The MNIST database of handwritten digits").
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistlab.errors import LabError
from mnistlab.pen.raster import BOX, SIDE, GrayImage, centered

DARK, BRIGHT = 32, 200
"""Of 255: MNIST's background, with a JPEG's noise, is below, and its brightest pixels are above."""
MIN_BOX = 19
"""Pixels: the longer side of every MNIST digit is 19 or 20."""
MAX_OFF_CENTER = 1.0
"""Pixels: MNIST's centers of mass lie within half a pixel of (14, 14); others use (13.5, 13.5)."""


class DigitError(LabError):
    """An image without a readable digit."""


@dataclass(frozen=True)
class PreprocessingOptions:
    """The steps of preprocessing; each can be turned off to see its effect.

    `normalize_stroke_width`: redraw strokes at MNIST's width, whatever the brush. `crop`: resize
    the ink's bounding box, not the whole canvas. `center`: center by mass, not by the box.
    """

    normalize_stroke_width: bool = True
    crop: bool = True
    center: bool = True


DEFAULT_OPTIONS = PreprocessingOptions()


@dataclass(frozen=True, eq=False)
class PreparedDigit:
    """A preprocessed drawing, after each step; all uint8, white on black.

    `cropped` is the ink's bounding box (any size), `scaled` is resized to fit 20×20, `pixels`
    (28, 28) is the input of the network. `is_unchanged`: all three are the drawing, which was as
    MNIST has its images.
    """

    cropped: GrayImage
    scaled: GrayImage
    pixels: GrayImage
    is_unchanged: bool = False


def digit_from_ink(
    ink: GrayImage, options: PreprocessingOptions = DEFAULT_OPTIONS
) -> PreparedDigit | None:
    """Preprocess ink (H, W) uint8, 0 for paper; None if there is no ink.

    An image that is preprocessed already stays as it is, unless a step is turned off.
    """
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return None
    if options.crop and options.center and is_mnist_image(ink):
        return PreparedDigit(ink, ink, ink, is_unchanged=True)
    if options.crop:
        ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    small = _resize_to_box(ink)
    # A few specks far apart average to 0.
    return PreparedDigit(ink, small, centered(small, options.center)) if small.any() else None


def is_mnist_image(ink: GrayImage) -> bool:
    """Whether ink (H, W) is an image as MNIST has them, up to the noise of a JPEG.

    28×28 pixels, dark at the border; the ink in a box of 20×20, its center of mass in the middle.
    """
    if ink.shape != (SIDE, SIDE) or ink.max() < BRIGHT:
        return False
    rows, columns = (np.flatnonzero((ink > DARK).any(axis)) for axis in (1, 0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    if np.median(border) > DARK or not MIN_BOX <= max(height, width) <= BOX:
        return False
    # Noise far from the center would weigh more than ink near it.
    mass = np.where(ink > DARK, ink, 0).astype(np.float64)
    away = [float((mass.sum(axis) @ np.arange(SIDE)) / mass.sum()) - SIDE // 2 for axis in (0, 1)]
    return max(map(abs, away)) <= MAX_OFF_CENTER


def _resize_to_box(cropped: GrayImage) -> GrayImage:
    """Resize to fit 20×20 with the aspect ratio preserved; reducing averages over areas."""
    height, width = cropped.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(cropped).resize(size, method))


def ink_from_canvas(rgba: NDArray[np.uint8]) -> GrayImage:
    """Dark strokes on a light or transparent canvas, (H, W, 4), as ink."""
    return 255 - on_white(Image.fromarray(rgba))


def on_white(image: Image.Image) -> GrayImage:
    """Blend an image with a white background, and convert it to gray."""
    rgba = image.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(paper, rgba).convert("L"))
