"""A picture of a digit made into what MNIST made of its own: 28×28, white on black, centred.

"The images were centered in a 28x28 image by computing the center of mass of the pixels, and
translating the image so as to position this point at the center of the 28x28 field", after they
were "size normalized to fit in a 20x20 pixel box while preserving their aspect ratio" (Y. LeCun,
C. Cortes, C. Burges, "The MNIST database of handwritten digits").
"""

import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnistlab.errors import LabError

SIDE = 28
BOX = 20
MAX_SIDE = 8192
MAX_PIXELS = 50_000_000
"""Of a file; the camera pictures of phones stay below."""
WORKING_SIDE = 1024
"""Larger pictures are shrunk to this first: 28×28 needs no more."""
INK = 32
"""Of 255; what is fainter in a picture is paper."""

Grey = NDArray[np.uint8]


class DigitError(LabError):
    """A picture in which there is no digit to be read."""


@dataclass(frozen=True)
class Steps:
    """Which steps a drawing goes through; each can be left out, to see what it is for.

    `anew`: strokes are drawn anew at MNIST's thickness, whatever the brush. `crop`: the ink alone
    is fitted into the box, not the whole canvas. `centre`: the ink's mass comes to the middle, not
    the box.
    """

    anew: bool = True
    crop: bool = True
    centre: bool = True


ALL_STEPS = Steps()


@dataclass(frozen=True, eq=False)
class Digit:
    """A drawing made 28×28.

    `cropped` is the ink's bounding box (uint8, any size), `scaled` what was fitted into 20×20,
    `pixels` (28, 28) uint8, white on black.
    """

    cropped: Grey
    scaled: Grey
    pixels: Grey


def digit_from_ink(ink: Grey, steps: Steps = ALL_STEPS) -> Digit | None:
    """Turn ink (H, W) uint8, 0 for paper, into a Digit; None where there is no ink."""
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return None
    if steps.crop:
        ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    small = _fitted(ink)
    # A few specks far apart average out to nothing.
    return Digit(ink, small, centred(small, steps.centre)) if small.any() else None


def _fitted(cropped: Grey) -> Grey:
    """Scale to fit 20×20, keeping proportions; shrinking averages over areas."""
    height, width = cropped.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(cropped).resize(size, method))


def centred(small: Grey, by_mass: bool = True) -> Grey:
    """Lay a picture of at most 20×20 into 28×28, its centre of mass or its own at the middle."""
    height, width = small.shape
    if not by_mass:
        return np.pad(small, [((SIDE - n) // 2, SIDE - n - (SIDE - n) // 2) for n in small.shape])
    mass = small.sum(dtype=np.float64)
    # In MNIST itself the centre of mass lies on pixel 14, not between 13 and 14.
    middle = SIDE // 2
    top = middle - float((small.sum(1) * np.arange(height)).sum() / mass)
    left = middle - float((small.sum(0) * np.arange(width)).sum() / mass)
    # Lopsided ink could push the far end over the edge: then being whole comes before the centre.
    row = min(max(round(top), 0), SIDE - height)
    column = min(max(round(left), 0), SIDE - width)
    pixels = np.zeros((SIDE, SIDE), np.uint8)
    pixels[row : row + height, column : column + width] = small
    return pixels


def ink_from_canvas(rgba: NDArray[np.uint8]) -> Grey:
    """Dark strokes on a light or transparent canvas, (H, W, 4), as ink."""
    return 255 - _grey(Image.fromarray(rgba))


def digit_from_file(content: bytes) -> Digit:
    """Read a picture of one digit, dark on light or light on dark.

    Raises DigitError if it is no picture, is too large, or shows nothing.
    """
    try:
        with warnings.catch_warnings():
            # Its own warning about large pictures; the bounds below are narrower.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture: Any = Image.open(io.BytesIO(content))
        width, height = picture.size
        if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
            raise DigitError(
                f"The picture is {width:,} × {height:,} pixels; the lab reads up to {MAX_SIDE:,} a "
                f"side and {MAX_PIXELS // 1_000_000} million in all. Crop it or make it smaller."
            )
        # JPEGs are decoded at a fraction of their size where that is enough.
        picture.draft("L", (WORKING_SIDE, WORKING_SIDE))
        picture.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
        grey = _grey(ImageOps.exif_transpose(picture))
    except (UnidentifiedImageError, OSError, SyntaxError, TypeError, ValueError) as error:
        if isinstance(error, DigitError):
            raise
        raise DigitError(
            "The file is not a picture that can be read; choose a PNG or a JPEG."
        ) from None
    except Image.DecompressionBombError:
        raise DigitError("The picture is far too large; crop it or make it smaller.") from None
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = 255 - grey if np.median(border) > 127 else grey
    # A stray grey of paper or of JPEG's would otherwise count as the digit's edge.
    digit = digit_from_ink(np.where(ink > INK, ink, 0).astype(np.uint8))
    if digit is None:
        raise DigitError("The picture is empty; choose one with a digit in it.")
    return digit


def _grey(picture: Image.Image) -> Grey:
    """Lay a picture on white paper and drop its colours."""
    if picture.mode in ("I;16", "I", "F"):
        # Sixteen bits and more: Pillow would cut, not scale, them.
        values = np.asarray(picture, np.float64)
        span = 65535.0 if values.max(initial=0) > 255 else 255.0
        return np.clip(values * (255 / span), 0, 255).astype(np.uint8)
    rgba = picture.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(paper, rgba).convert("L"))
