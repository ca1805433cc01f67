"""What the canvas sends from a browser: checked before anything is decoded or computed from it.

A browser can send anything. The picture's size is read from its header, so that 272 kilobytes do
not become two gigabytes of pixels, and the strokes are counted before they are sampled.
"""

import base64
import io
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from mnistlab.drawing.digit import DigitError, ink_from_canvas
from mnistlab.drawing.strokes import CURVE_SEGMENTS
from mnistlab.pen.raster import GrayImage

PREFIX = "data:image/png;base64,"
MAX_PICTURE = 4 << 20
"""Characters; the wide canvas filled with noise has a third of them."""
MAX_SCALE = 4
"""Pixels of a screen for a pixel of the page."""
MAX_STROKES = 2_000
MAX_SENT = 10_000
"""Points of all strokes together, counted as `strokes.CURVE_SEGMENTS` for a curve. More would take
over a second; a number of eight digits has about 1,000."""
MAX_COORDINATE = 1e6
FIT = ("naturalWidth", "naturalHeight", "scaleX", "scaleY", "offsetX", "offsetY")
"""What the canvas says about its background."""
NUMBERS = ("left", "top", "scaleX", "scaleY", "angle")
AGAIN = "Draw it again."
TOO_MANY = f"The drawing has too many strokes or points. {AGAIN}"


def check_canvas(message: object, width: int, height: int) -> None:
    """Check the state of a canvas of this size in pixels. Raises DigitError on what it never sends.

    None, for a canvas that has not sent anything, is fine.
    """
    if message is None:
        return
    if not isinstance(message, Mapping):
        raise DigitError(f"The canvas sent no drawing. {AGAIN}")
    _check_fit(message.get("backgroundFit"))
    drawing = message.get("drawing")
    if drawing is None:
        return
    if not isinstance(drawing, Mapping):
        raise DigitError(f"The canvas sent no drawing. {AGAIN}")
    _check_strokes(drawing.get("raw"))
    decoded = drawing.get("data")
    if decoded is not None:
        _open(decoded, width, height)


def _check_fit(fit: object) -> None:
    if fit is None:
        return
    if not isinstance(fit, Mapping) or not all(_is_number(fit.get(name)) for name in FIT):
        raise DigitError(f"The canvas sent no background. {AGAIN}")


def _check_strokes(raw: object) -> None:
    if raw is None:
        return
    objects = raw.get("objects", []) if isinstance(raw, Mapping) else None
    if not isinstance(objects, list) or not all(isinstance(each, Mapping) for each in objects):
        raise DigitError(f"The canvas sent no strokes. {AGAIN}")
    paths = [each.get("path", []) for each in objects]
    if not all(isinstance(path, list) for path in paths):
        raise DigitError(f"The canvas sent no strokes. {AGAIN}")
    if len(objects) > MAX_STROKES or sum(map(len, paths)) > MAX_SENT:
        raise DigitError(TOO_MANY)
    numbers = [each[name] for each in objects for name in NUMBERS if name in each]
    for path in paths:
        for command in path:
            if not isinstance(command, list | tuple) or not 1 <= len(command) <= 5:
                raise DigitError(f"The canvas sent no strokes. {AGAIN}")
            numbers += command[1:]
    n_curves = sum(command[0] == "Q" for path in paths for command in path)
    if sum(map(len, paths)) + (CURVE_SEGMENTS - 1) * n_curves > MAX_SENT:
        raise DigitError(TOO_MANY)
    if not all(map(_is_number, numbers)):
        raise DigitError(f"The drawing has a coordinate that is no number in bounds. {AGAIN}")


def stored_strokes(value: object) -> list[list[list[float]]] | None:
    """Strokes that a browser kept, lists of points [x, y] in pixels; None for anything else."""
    if not isinstance(value, list) or len(value) > MAX_STROKES:
        return None
    if not all(isinstance(line, list) for line in value) or sum(map(len, value)) > MAX_SENT:
        return None
    points = [point for line in value for point in line]
    if not all(isinstance(each, list) and len(each) == 2 for each in points):
        return None
    if not all(_is_number(number) for point in points for number in point):
        return None
    return [[[float(x), float(y)] for x, y in line] for line in value if line]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= MAX_COORDINATE and math.isfinite(value)


def picture_ink(data: object, width: int, height: int) -> GrayImage | None:
    """The canvas' picture as ink (height, width); None if it has not been sent.

    Raises DigitError if it is no picture of a canvas of this size.
    """
    if data is None:
        return None
    image = _open(data, width, height)
    try:
        image.load()
        ink = ink_from_canvas(np.asarray(image.convert("RGBA")))
    except Exception as error:  # whatever Pillow raises on a damaged file
        raise DigitError(f"The canvas sent a damaged picture. {AGAIN}") from error
    if ink.shape == (height, width):
        return ink
    return np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BOX))


def _open(data: object, width: int, height: int) -> Image.Image:
    """The picture with its size checked, and no pixel decoded."""
    if not isinstance(data, str) or not data.startswith(PREFIX):
        raise DigitError(f"The canvas sent no picture. {AGAIN}")
    if len(data) > MAX_PICTURE:
        raise DigitError(f"The canvas sent too large a picture. {AGAIN}")
    try:
        content = base64.b64decode(data[len(PREFIX) :], validate=True)
        image: Any = Image.open(io.BytesIO(content), formats=["PNG"])
    except Exception as error:  # base64's and whatever Pillow raises on a damaged file
        raise DigitError(f"The canvas sent a damaged picture. {AGAIN}") from error
    if image.width > MAX_SCALE * width or image.height > MAX_SCALE * height:
        raise DigitError(f"The canvas sent too large a picture. {AGAIN}")
    return image  # type: ignore[no-any-return]
