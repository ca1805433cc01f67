"""Decode an untrusted image file to RGB, or raise an error that says why not."""

import io
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mnistlab.drawing.digit import DigitError

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "TIFF", "HEIF")
"""Formats that are decoded without another program: by Pillow, and HEIF by pillow-heif."""
FILE_TYPES = ("png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif")
"""How the names of such files end."""
MAX_SIDE = 8192
MAX_PIXELS = {"JPEG": 50_000_000, "MPO": 50_000_000, "HEIF": 25_000_000}
"""JPEGs are decoded at a reduced size, so those of a large camera are accepted; a phone's HEIC has
12 or 24 million pixels.
"""
MAX_PIXELS_OTHER = 24_000_000
MAX_COLOR_STD = 8.0
"""Pixels of one color have a smaller standard deviation, of 255."""
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""Kinds of HEIC in the first bytes of a file; AVIF, which Pillow decodes, has others."""
JPEG_START, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
FILLING, MAX_FILLING_DIFFERENCE = 128, 2
"""The gray with which the JPEG decoder fills what is missing, and how far rounding moves it."""

Colors = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """The pixels (H, W, 3) uint8 of an image file, whether its end was missing, and its `size`
    (width, height) before it was resized.
    """

    pixels: Colors
    is_truncated: bool
    size: tuple[int, int]


def decode_image(content: bytes, side: int) -> DecodedImage:
    """Decode an image file to RGB, upright, its longer side `side` pixels; a JPEG without its end
    as far as it goes.

    Raises DigitError if it is not an image, too large, transparent, or less than half of it.
    """
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        # Only then: the import loads a video decoder.
        from pillow_heif import register_heif_opener

        register_heif_opener()
    image, size, is_truncated = _load(content, side)
    pixels = _remove_alpha(image)
    return DecodedImage(_without_filling(pixels) if is_truncated else pixels, is_truncated, size)


def _load(content: bytes, side: int) -> tuple[Image.Image, tuple[int, int], bool]:
    """The image of a file, its size there, and whether its end was missing. Raises DigitError as
    `decode_image`.
    """
    try:
        with warnings.catch_warnings():
            # Warnings about odd metadata, and about large images, whose limits here are lower.
            warnings.simplefilter("ignore")
            try:
                return *_load_reduced(content, side), False
            except OSError:
                if not content.startswith(JPEG_START):
                    raise
            # With an end marker the decoder fills what is missing with gray. Pillow's own way is
            # a global variable, which would change what other threads do.
            return *_load_reduced(content + JPEG_END, side), True
    except DigitError:
        raise
    except (Image.DecompressionBombError, MemoryError):
        raise DigitError("The image is too large. Crop or resize it.") from None
    # Whatever Pillow's decoders raise on a damaged file; what we do with its pixels is outside.
    except Exception as error:
        raise DigitError("Not a readable image. Choose a PNG or JPEG.") from error


def _without_filling(pixels: Colors) -> Colors:
    """Crop the gray with which a decoder filled what was missing, on any side of a turned photo."""
    difference = np.abs(pixels.astype(np.int16) - FILLING).max(2)
    shown = difference > MAX_FILLING_DIFFERENCE
    rows, columns = np.flatnonzero(shown.any(1)), np.flatnonzero(shown.any(0))
    if 2 * len(rows) * len(columns) < shown.size:
        raise DigitError(
            "Not a readable image: more than half of it is missing. Copy the file again."
        )
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _load_reduced(content: bytes, side: int) -> tuple[Image.Image, tuple[int, int]]:
    """The first image of a file, upright and resized, with its alpha channel; its size before."""
    Image.init()
    formats = [name for name in FORMATS if name in Image.OPEN]
    image: Any = Image.open(io.BytesIO(content), formats=formats)
    width, height = image.size
    limit = MAX_PIXELS.get(image.format, MAX_PIXELS_OTHER)
    if max(width, height) > MAX_SIDE or width * height > limit:
        raise DigitError(
            f"The image has {width:,} × {height:,} pixels; the limits are {MAX_SIDE:,} per side "
            f"and {limit // 1_000_000} million in total. Crop or resize it."
        )
    image.draft("RGB", (side, side))
    image.load()
    # Damaged metadata can fail after the rotation, when Pillow rewrites them: still readable.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    mode = _mode(image)
    converted: Image.Image = image if image.mode == mode else image.convert(mode)
    scale = side / max(converted.size)
    size = [max(1, round(length * scale)) for length in converted.size]
    # Reducing averages over areas; enlarging interpolates.
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    resized = converted.resize(size, method)
    return resized if mode in ("RGB", "RGBA") else _to_rgb(resized), (width, height)


def _mode(image: Image.Image) -> str:
    """The Pillow mode in which an image is resized."""
    mode: str = image.mode
    if mode.startswith(("I", "F")):
        return mode if mode in ("I;16", "I", "F") else "I"
    return "RGBA" if image.has_transparency_data else "RGB"


def _to_rgb(image: Image.Image) -> Image.Image:
    """Scale 16-bit or floating-point values to 8 bits, where Pillow would clip them."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255 / max(high - low, 1e-9))
    return Image.fromarray(scaled.astype(np.uint8)).convert("RGB")


def _remove_alpha(image: Image.Image) -> Colors:
    """Blend a transparent image with a background that its strokes differ from.

    That is the color of its paper if it shows paper, and white or black if it shows only strokes.
    """
    pixels = np.asarray(image)
    if image.mode == "RGB":
        return pixels
    colors = pixels[..., :3].astype(np.float32)
    alpha = pixels[..., 3:].astype(np.float32) / 255
    visible = colors[alpha[..., 0] > 0.5]
    if len(visible) == 0:
        raise DigitError("The image is fully transparent. Choose one with a digit.")
    # Mostly transparent, or of one color: only strokes, which need a contrasting background.
    only_strokes = alpha.mean() < 0.5 or visible.std(0).max() < MAX_COLOR_STD
    dark = visible.mean() < 128
    background = (255.0 if dark else 0.0) if only_strokes else np.median(visible, 0)
    return np.round(background + (colors - background) * alpha).astype(np.uint8)
