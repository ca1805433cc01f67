"""Preprocessing of pen strokes as MNIST's own digits: 28×28, at MNIST's stroke width.

The strokes are scaled first and rasterized afterwards, so neither the brush nor the size of the
drawing affects the image.
"""

import math
from collections.abc import Sequence
from operator import mul

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistlab.drawing.digit import (
    DEFAULT_OPTIONS,
    DigitError,
    PreparedDigit,
    PreprocessingOptions,
)
from mnistlab.pen.raster import BOX, THICKNESS, GrayImage, centered, fit_into_box, rasterize

ENLARGED = 7
"""Scale of the preview image relative to the 20×20 box."""
MAX_POINTS = 20_000

Stroke = Sequence[Sequence[float]]
"""Points [x, y] in the order of drawing, y downwards, in any unit."""


def digit_from_strokes(
    strokes: Sequence[Stroke],
    options: PreprocessingOptions = DEFAULT_OPTIONS,
    canvas: float = 0.0,
    has_preview: bool = True,
) -> PreparedDigit | None:
    """Scale strokes into the box and rasterize them; None if there is no point.

    Without cropping, the whole canvas of `canvas` units a side is scaled into the box. Without a
    preview, which takes longer than all the rest, `cropped` is as small as `scaled`. Raises
    DigitError if a coordinate is not a finite number or there are too many points.
    """
    lines = stroke_lines(strokes)
    if not lines:
        return None
    placed = fit_into_box(lines, None if options.crop else canvas)
    scaled = rasterize(placed, THICKNESS, 0 if options.crop else BOX)
    shown = scaled
    if has_preview:
        height, width = scaled.shape
        # The same at a larger scale, for display.
        large = [line * ENLARGED for line in placed]
        shown = render_preview(large, THICKNESS * ENLARGED, width * ENLARGED, height * ENLARGED)
    return PreparedDigit(cropped=shown, scaled=scaled, pixels=centered(scaled, options.center))


def stroke_lines(strokes: Sequence[Stroke]) -> list[NDArray[np.float64]]:
    """Each stroke that has points as an array (N, 2).

    Raises DigitError if a coordinate is not a finite number or there are too many points.
    """
    if sum(len(stroke) for stroke in strokes) > MAX_POINTS:
        raise DigitError(f"The drawing has more than {MAX_POINTS:,} points. Draw it again.")
    try:
        lines = [np.asarray(stroke, np.float64).reshape(-1, 2) for stroke in strokes if len(stroke)]
    except (TypeError, ValueError):
        raise DigitError("A stroke is not a list of points [x, y].") from None
    if not all(np.isfinite(line).all() and (np.abs(line) < 1e9).all() for line in lines):
        raise DigitError("A stroke has a coordinate that is not a number in bounds.")
    return lines


SUPERSAMPLING = 3
"""The preview is drawn this many times larger and averaged."""


def render_preview(
    lines: Sequence[NDArray[np.float64]], thickness: float, width: int, height: int
) -> GrayImage:
    """Draw lines (N, 2) with round caps for display: faster than `rasterize`, less exact."""
    picture = Image.new("L", (width * SUPERSAMPLING, height * SUPERSAMPLING))
    pen = ImageDraw.Draw(picture)
    radius = thickness * SUPERSAMPLING / 2
    for line in lines:
        points = [(float(x), float(y)) for x, y in line * SUPERSAMPLING]
        pen.line(points, 255, round(2 * radius))
        # A disc at every point: Pillow's joints leave notches between short segments.
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX))


def strokes_from_canvas(drawing: object) -> list[list[list[float]]]:
    """The strokes in a canvas' JSON (fabric.js), in canvas pixels; anything else is ignored."""
    objects = drawing.get("objects") if isinstance(drawing, dict) else None
    strokes = []
    for item in objects if isinstance(objects, list) else []:
        path = item.get("path") if isinstance(item, dict) else None
        if isinstance(path, list):
            stroke, outline = _sample(path)
            if stroke:
                strokes.append(_transform(stroke, outline, item))
    return strokes


def _transform(
    stroke: list[list[float]], outline: list[list[float]], item: dict[str, object]
) -> list[list[float]]:
    """A stroke with the translation, scale and rotation that its canvas object has.

    The object's path stays as drawn; `left` and `top` are the position of its center now, the
    middle of its `outline`.
    """

    def number(name: str, default: float) -> float:
        value = item.get(name)
        return float(value) if isinstance(value, int | float) else default

    points, reached = np.asarray(stroke), np.asarray(outline)
    center = (reached.min(0) + reached.max(0)) / 2
    position = np.array([number("left", center[0]), number("top", center[1])])
    scale = np.array([number("scaleX", 1), number("scaleY", 1)])
    flip = np.array([-1 if item.get(name) is True else 1 for name in ("flipX", "flipY")])
    angle = math.radians(number("angle", 0))
    as_drawn = np.abs(position - center).max() < 1 and (scale * flip == 1).all() and not angle
    if as_drawn or item.get("originX") != "center":
        return stroke
    # Scaled and rotated around its own center, which then moves to its new position.
    rotation = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    transformed = (points - center) * scale * flip @ rotation + position
    result: list[list[float]] = transformed.tolist()
    return result


CURVE_SEGMENTS = 4
"""Segments that approximate a curve between two points."""


def _sample(path: list[object]) -> tuple[list[list[float]], list[list[float]]]:
    """Points along a path of the commands M, L and Q (a quadratic Bézier curve), and points whose
    bounding box is the one that the canvas takes for the path's.
    """
    points: list[list[float]] = []
    outline: list[list[float]] = []
    # One point above the limit is enough for the error.
    for command in path[: MAX_POINTS + 1]:
        if not isinstance(command, list | tuple) or not command:
            continue
        name, *rest = command
        numbers = [float(n) for n in rest if isinstance(n, int | float)]
        if name in ("M", "L") and len(numbers) == 2:
            points.append(numbers)
            outline.append(numbers)
        elif name == "Q" and len(numbers) == 4 and points:
            start, control, end = points[-1], numbers[:2], numbers[2:]
            outline += [end, [*map(_farthest, start, control, end)]]
            for step in range(1, CURVE_SEGMENTS + 1):
                t = step / CURVE_SEGMENTS
                weights = (1 - t) ** 2, 2 * t * (1 - t), t**2
                each = zip(start, control, end, strict=True)
                points.append([sum(map(mul, weights, values)) for values in each])
    return points, outline


def _farthest(start: float, control: float, end: float) -> float:
    """Where a curve turns back along an axis, as fabric.js measures it; its end if it does not.

    It takes a quadratic curve for a cubic one with the control point twice, which goes farther:
    x(t) = (1 − t)³ a + 3 t (1 − t) c + t³ b, with x'(t) = 0 at (1 − t)² (c − a) = t² (c − b).
    """
    before, after = control - start, control - end
    if before * after <= 0:
        return end
    t = 1 / (1 + math.sqrt(after / before))
    return (1 - t) ** 3 * start + 3 * t * (1 - t) * control + t**3 * end
