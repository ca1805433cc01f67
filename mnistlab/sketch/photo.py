"""The ink in a photo of a digit, or in any other picture file of one."""

import io
import warnings
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mnistlab.sketch.digit import (
    ALL_STEPS,
    Digit,
    DigitError,
    Grey,
    Steps,
    digit_from_ink,
    on_white,
)

MAX_SIDE = 8192
MAX_PIXELS = 50_000_000
"""Of a file; the camera pictures of phones stay below."""
WORKING_SIDE = 1024
"""Larger pictures are shrunk to this first: 28×28 needs no more."""
INK = 32
"""Of 255; what is fainter in a picture is paper."""


def digit_from_file(content: bytes, steps: Steps = ALL_STEPS) -> Digit:
    """Read a picture of one digit; raises DigitError as `ink_from_photo` does."""
    digit = digit_from_ink(ink_from_photo(content, steps), steps)
    if digit is None:
        raise DigitError("The picture is empty; choose one with a digit in it.")
    return digit


def ink_from_photo(content: bytes, steps: Steps = ALL_STEPS) -> Grey:
    """The ink (H, W) uint8, 0 for paper, of a picture file, dark on light or light on dark.

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
    ink = np.where(ink > INK, ink, 0).astype(np.uint8)
    if not ink.any():
        raise DigitError("The picture is empty; choose one with a digit in it.")
    return ink


def _grey(picture: Image.Image) -> Grey:
    """Lay a picture on white paper and drop its colours."""
    if picture.mode in ("I;16", "I", "F"):
        # Sixteen bits and more: Pillow would cut, not scale, them.
        values = np.asarray(picture, np.float64)
        span = 65535.0 if values.max(initial=0) > 255 else 255.0
        return np.clip(values * (255 / span), 0, 255).astype(np.uint8)
    return on_white(picture)
