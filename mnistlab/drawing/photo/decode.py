"""A picture file, whatever is in it, opened as colors; or a sentence that says why not."""

import io
import warnings
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mnistlab.drawing.digit import DigitError

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")
"""What Pillow opens without running another program."""
MAX_SIDE = 8192
MAX_PIXELS = {"JPEG": 50_000_000, "MPO": 50_000_000}
"""Of a file; JPEGs, which are decoded at a fraction of their size, may be a large camera's."""
MAX_PIXELS_ELSE = 24_000_000
PLAIN = 8.0
"""Levels of 255 by which pixels of one color may spread."""

Colors = NDArray[np.uint8]


def decode_image(content: bytes, side: int) -> Colors:
    """A picture file as colors (H, W, 3) uint8, upright, its longer side `side` pixels.

    Raises DigitError if it is no picture, is too large, or shows nothing.
    """
    try:
        with warnings.catch_warnings():
            # About large pictures, for which the bounds are narrower here, and about odd metadata.
            warnings.simplefilter("ignore")
            return _opaque(_shrunk(content, side))
    except DigitError:
        raise
    except (Image.DecompressionBombError, MemoryError):
        raise DigitError("The picture is far too large; crop it or make it smaller.") from None
    # Pillow's readers raise whatever a broken file makes them stumble over.
    except Exception:
        raise DigitError(
            "The file is not a picture that can be read; choose a PNG or a JPEG."
        ) from None


def _shrunk(content: bytes, side: int) -> Image.Image:
    """The first picture of a file, turned upright, with whatever transparency it has."""
    Image.init()
    known = [name for name in FORMATS if name in Image.OPEN]
    picture: Any = Image.open(io.BytesIO(content), formats=known)
    width, height = picture.size
    most = MAX_PIXELS.get(picture.format, MAX_PIXELS_ELSE)
    if max(width, height) > MAX_SIDE or width * height > most:
        raise DigitError(
            f"The picture is {width:,} × {height:,} pixels; the lab reads up to {MAX_SIDE:,} a "
            f"side and {most // 1_000_000} million in all. Crop it or make it smaller."
        )
    picture.draft("RGB", (side, side))
    picture.load()
    # Broken metadata does not make a picture unreadable: it is turned before they are rewritten.
    with suppress(Exception):
        ImageOps.exif_transpose(picture, in_place=True)
    mode = _mode(picture)
    seen: Image.Image = picture if picture.mode == mode else picture.convert(mode)
    scale = side / max(seen.size)
    size = [max(1, round(length * scale)) for length in seen.size]
    # Shrinking averages over areas; what is smaller than it should be grows smoothly.
    seen = seen.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    return seen if mode in ("RGB", "RGBA") else _eight_bits(seen)


def _mode(picture: Image.Image) -> str:
    """In which of Pillow's modes a picture is shrunk."""
    mode: str = picture.mode
    if mode.startswith(("I", "F")):
        return mode if mode in ("I;16", "I", "F") else "I"
    return "RGBA" if picture.has_transparency_data else "RGB"


def _eight_bits(picture: Image.Image) -> Image.Image:
    """A picture of sixteen bits or more, or of fractions: Pillow would cut, not scale, them."""
    values = np.nan_to_num(np.asarray(picture, np.float32))
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255 / max(high - low, 1e-9))
    return Image.fromarray(scaled.astype(np.uint8)).convert("RGB")


def _opaque(picture: Image.Image) -> Colors:
    """Lay a transparent picture on what its strokes can be told from.

    That is its own paper where it shows paper, and white or black where it shows strokes alone.
    """
    seen = np.asarray(picture)
    if picture.mode == "RGB":
        return seen
    colors, cover = seen[..., :3].astype(np.float32), seen[..., 3:].astype(np.float32) / 255
    shown = colors[cover[..., 0] > 0.5]
    if len(shown) == 0:
        raise DigitError("The picture is transparent all over; choose one with a digit in it.")
    # Opaque almost nowhere, or in one color alone: strokes, which need a ground that differs.
    strokes_alone = cover.mean() < 0.5 or shown.std(0).max() < PLAIN
    dark = shown.mean() < 128
    ground = (255.0 if dark else 0.0) if strokes_alone else np.median(shown, 0)
    return np.round(ground + (colors - ground) * cover).astype(np.uint8)
