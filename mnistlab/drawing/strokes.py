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
    BOX,
    DEFAULT_OPTIONS,
    THICKNESS,
    DigitError,
    GrayImage,
    PreparedDigit,
    PreprocessingOptions,
    centered,
)

ENLARGED = 7
"""Scale of the preview image relative to the 20×20 box."""
MAX_POINTS = 20_000
DOT = 1e-100
"""A smaller drawing is a dot: its scale would overflow."""
GRID = 8
"""Points are merged on a grid of 1/8 pixel."""
CHUNK = 1024
"""Segments rasterized at a time, which limits memory."""

Stroke = Sequence[Sequence[float]]
"""Points [x, y] in the order of drawing, y downwards, in any unit."""


def digit_from_strokes(
    strokes: Sequence[Stroke], options: PreprocessingOptions = DEFAULT_OPTIONS, canvas: float = 0.0
) -> PreparedDigit | None:
    """Scale strokes into the box and rasterize them; None if there is no point.

    Without cropping, the whole canvas of `canvas` units a side is scaled into the box. Raises
    DigitError if a coordinate is not a finite number or there are too many points.
    """
    lines = stroke_lines(strokes)
    if not lines:
        return None
    points = np.concatenate(lines)
    low, extent = points.min(0), float(np.ptp(points, axis=0).max())
    if not options.crop:
        low, extent = np.zeros(2), canvas
    # The box includes half a stroke width around the points. A dot has no extent to scale by, so it
    # has the size of the pen.
    scale = (BOX - THICKNESS) / extent if extent > DOT else 0.0
    # Points outside the canvas are moved to its edge.
    placed = [np.clip((line - low) * scale, 0, BOX - THICKNESS) + THICKNESS / 2 for line in lines]
    scaled = rasterize(placed, THICKNESS, 0 if options.crop else BOX)
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


def rasterize(lines: Sequence[NDArray[np.float64]], thickness: float, side: int = 0) -> GrayImage:
    """Rasterize lines (N, 2) with round caps and antialiasing.

    The image is the smallest one from (0, 0) that contains them, or a square of a given side. A
    pixel's value is the signed distance from its center to the stroke's edge plus ½, clipped to
    0–1: the exact coverage of a pixel by a straight edge along the axes.
    """
    # The size: strokes reach half their thickness beyond their points.
    reach = np.concatenate(lines).max(0) + thickness / 2
    width, height = (side or max(1, math.ceil(length - 1e-9)) for length in reach)
    # Each pixel's squared distance from its nearest segment, a chunk of segments at a time to limit
    # the memory.
    nearest = np.full((height, width), np.inf)
    starts, ends = _segments(lines)
    for first in range(0, len(starts), CHUNK):
        part = slice(first, first + CHUNK)
        np.minimum(nearest, _distance(starts[part], ends[part], height, width), out=nearest)
    # The distance of the pixel from the stroke's edge, as a coverage from 0 to 1.
    covered = np.clip(thickness / 2 + 0.5 - np.sqrt(nearest), 0, 1)
    return np.round(255 * covered).astype(np.uint8)


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


def _segments(
    lines: Sequence[NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Starts and ends (N, 2) of the segments between successive points; a dot is a segment too."""
    starts, ends = [], []
    for line in lines:
        fine = np.round(line * GRID) / GRID
        is_new = np.concatenate([[True], (np.diff(fine, axis=0) != 0).any(1)])
        points = line[is_new]
        starts.append(points[:-1] if len(points) > 1 else points)
        ends.append(points[1:] if len(points) > 1 else points)
    return np.concatenate(starts), np.concatenate(ends)


def _distance(
    starts: NDArray[np.float64], ends: NDArray[np.float64], height: int, width: int
) -> NDArray[np.float64]:
    """The squared distance (H, W) from each pixel's center to the nearest segment."""
    # With p a pixel's center and a segment from a to b: the nearest point is a + t (b − a), where
    # t = (p − a) · (b − a) / |b − a|², clipped to 0–1.
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    along = ends - starts
    length = np.maximum((along**2).sum(1), 1e-12)
    from_x = x[None, :] - starts[:, :1]
    from_y = y[None, :] - starts[:, 1:]
    # t is the sum of a term per column and a term per row: two small outer products.
    t = (from_x * (along[:, :1] / length[:, None]))[:, None, :]
    t = t + (from_y * (along[:, 1:] / length[:, None]))[:, :, None]
    np.clip(t, 0, 1, out=t)
    # |p − a − t (b − a)|², minimal over the segments.
    off_x = from_x[:, None, :] - t * along[:, 0, None, None]
    off_y = from_y[:, :, None] - t * along[:, 1, None, None]
    nearest: NDArray[np.float64] = (off_x**2 + off_y**2).min(0)
    return nearest


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
