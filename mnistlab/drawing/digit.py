"""Ink made into what MNIST made of its own digits: 28×28, white on black, centered.

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

SIDE = 28
BOX = 20
THICKNESS = 2.45
"""Pixels. Drawn with it, strokes have the thickness of MNIST's median digit; a test says how that
is measured."""

GrayImage = NDArray[np.uint8]


class DigitError(LabError):
    """A picture in which there is no digit to be read."""


@dataclass(frozen=True)
class PreprocessingOptions:
    """Which steps a drawing goes through; each can be left out, to see what it is for.

    `anew`: strokes are drawn anew at MNIST's thickness, whatever the brush. `crop`: the ink alone
    is fitted into the box, not the whole canvas. `center`: the ink's mass comes to the middle, not
    the box.
    """

    normalize_stroke_width: bool = True
    crop: bool = True
    center: bool = True


DEFAULT_OPTIONS = PreprocessingOptions()


@dataclass(frozen=True, eq=False)
class PreparedDigit:
    """A drawing made 28×28.

    `cropped` is the ink's bounding box (uint8, any size), `scaled` what was fitted into 20×20,
    `pixels` (28, 28) uint8, white on black.
    """

    cropped: GrayImage
    scaled: GrayImage
    pixels: GrayImage


def digit_from_ink(
    ink: GrayImage, steps: PreprocessingOptions = DEFAULT_OPTIONS
) -> PreparedDigit | None:
    """Turn ink (H, W) uint8, 0 for paper, into a Digit; None where there is no ink."""
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return None
    if steps.crop:
        ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    small = _fitted(ink)
    # A few specks far apart average out to nothing.
    return PreparedDigit(ink, small, centered(small, steps.center)) if small.any() else None


def _fitted(cropped: GrayImage) -> GrayImage:
    """Scale to fit 20×20, keeping proportions; shrinking averages over areas."""
    height, width = cropped.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(cropped).resize(size, method))


def centered(small: GrayImage, by_mass: bool = True) -> GrayImage:
    """Lay a picture of at most 20×20 into 28×28, its center of mass or its own at the middle."""
    height, width = small.shape
    if not by_mass:
        return np.pad(small, [((SIDE - n) // 2, SIDE - n - (SIDE - n) // 2) for n in small.shape])
    mass = small.sum(dtype=np.float64)
    # In MNIST itself the center of mass lies on pixel 14, not between 13 and 14.
    middle = SIDE // 2
    top = middle - float((small.sum(1) * np.arange(height)).sum() / mass)
    left = middle - float((small.sum(0) * np.arange(width)).sum() / mass)
    # Lopsided ink could push the far end over the edge: then being whole comes before the center.
    row = min(max(round(top), 0), SIDE - height)
    column = min(max(round(left), 0), SIDE - width)
    pixels = np.zeros((SIDE, SIDE), np.uint8)
    pixels[row : row + height, column : column + width] = small
    return pixels


def ink_from_canvas(rgba: NDArray[np.uint8]) -> GrayImage:
    """Dark strokes on a light or transparent canvas, (H, W, 4), as ink."""
    return 255 - on_white(Image.fromarray(rgba))


def on_white(picture: Image.Image) -> GrayImage:
    """Lay a picture on white paper and drop its colors."""
    rgba = picture.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(paper, rgba).convert("L"))
