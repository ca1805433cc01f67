"""Pen strokes made into what MNIST made of its own digits: 28×28, at MNIST's own thickness.

Where the pen went is known, so nothing of the brush or of the drawing's size is left in the
picture: the strokes are scaled first and drawn afterwards.
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
"""How many times larger the strokes are shown before they are scaled into the box."""
MAX_POINTS = 20_000
DOT = 1e-100
"""Drawings that are no larger are dots; what they would be scaled by is no number any more."""
GRID = 8
"""Points closer than this part of a pixel are one."""
CHUNK = 1024
"""Segments that are drawn at a time."""

Stroke = Sequence[Sequence[float]]
"""Points [x, y] in the order of drawing, y downwards, in any unit."""


def digit_from_strokes(
    strokes: Sequence[Stroke], steps: PreprocessingOptions = DEFAULT_OPTIONS, canvas: float = 0.0
) -> PreparedDigit | None:
    """Scale strokes into the box and draw them; None if there is no point.

    Without cropping it is the canvas, of that many units a side, that is fitted into the box.
    Raises DigitError if a coordinate is not a number or there are too many points.
    """
    lines = _lines(strokes)
    if not lines:
        return None
    points = np.concatenate(lines)
    low, extent = points.min(0), float(np.ptp(points, axis=0).max())
    if not steps.crop:
        low, extent = np.zeros(2), canvas
    # The box holds the strokes with half their thickness around them.
    # A dot keeps the pen's own size: there is nothing to scale it by.
    scale = (BOX - THICKNESS) / extent if extent > DOT else 0.0
    # A pen may leave the canvas; what lies outside is not drawn.
    placed = [np.clip((line - low) * scale, 0, BOX - THICKNESS) + THICKNESS / 2 for line in lines]
    scaled = rasterize(placed, THICKNESS, 0 if steps.crop else BOX)
    height, width = scaled.shape
    # The same, larger, for people.
    large = [line * ENLARGED for line in placed]
    shown = render_preview(large, THICKNESS * ENLARGED, width * ENLARGED, height * ENLARGED)
    return PreparedDigit(cropped=shown, scaled=scaled, pixels=centered(scaled, steps.center))


def _lines(strokes: Sequence[Stroke]) -> list[NDArray[np.float64]]:
    """Each stroke as points (N, 2)."""
    if sum(len(stroke) for stroke in strokes) > MAX_POINTS:
        raise DigitError(f"The drawing has more than {MAX_POINTS:,} points; draw it anew.")
    try:
        lines = [np.asarray(stroke, np.float64).reshape(-1, 2) for stroke in strokes if len(stroke)]
    except (TypeError, ValueError):
        raise DigitError("A stroke is not a list of points [x, y].") from None
    if not all(np.isfinite(line).all() and (np.abs(line) < 1e9).all() for line in lines):
        raise DigitError("A stroke has a coordinate that is not a number in bounds.")
    return lines


def rasterize(lines: Sequence[NDArray[np.float64]], thickness: float, side: int = 0) -> GrayImage:
    """Draw lines (N, 2) with round caps on as small a picture as holds them from (0, 0) on, or on
    a square of a given side.

    A pixel's gray is how far the stroke's edge lies beyond its middle, cut to one pixel: the usual
    coverage of an edge that is nearly straight there.
    """
    reach = np.concatenate(lines).max(0) + thickness / 2
    width, height = (side or max(1, math.ceil(length - 1e-9)) for length in reach)
    nearest = np.full((height, width), np.inf)
    starts, ends = _segments(lines)
    for first in range(0, len(starts), CHUNK):
        part = slice(first, first + CHUNK)
        np.minimum(nearest, _distance(starts[part], ends[part], height, width), out=nearest)
    covered = np.clip(thickness / 2 + 0.5 - np.sqrt(nearest), 0, 1)
    return np.round(255 * covered).astype(np.uint8)


SMOOTH = 3
"""Pixels of a side that are averaged into one of a picture for people."""


def render_preview(
    lines: Sequence[NDArray[np.float64]], thickness: float, width: int, height: int
) -> GrayImage:
    """Draw lines (N, 2) with round caps for people to look at: quicker than `drawn`, less exact."""
    picture = Image.new("L", (width * SMOOTH, height * SMOOTH))
    pen = ImageDraw.Draw(picture)
    radius = thickness * SMOOTH / 2
    for line in lines:
        points = [(float(x), float(y)) for x, y in line * SMOOTH]
        pen.line(points, 255, round(2 * radius))
        # A disc at every point: Pillow's own joints leave notches between short pieces.
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX))


def _segments(
    lines: Sequence[NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Starts and ends (N, 2) of what is between neighboring points; a dot's end is its start."""
    starts, ends = [], []
    for line in lines:
        fine = np.round(line * GRID) / GRID
        moved = np.concatenate([[True], (np.diff(fine, axis=0) != 0).any(1)])
        kept = line[moved]
        starts.append(kept[:-1] if len(kept) > 1 else kept)
        ends.append(kept[1:] if len(kept) > 1 else kept)
    return np.concatenate(starts), np.concatenate(ends)


def _distance(
    starts: NDArray[np.float64], ends: NDArray[np.float64], height: int, width: int
) -> NDArray[np.float64]:
    """The squared distance (H, W) from each pixel's middle to the nearest of some segments."""
    # With p a pixel's middle and segments from a to b: the nearest point is a + t (b − a), where
    # t = (p − a) · (b − a) / |b − a|², kept within 0 and 1.
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    along = ends - starts
    length = np.maximum((along**2).sum(1), 1e-12)
    from_x = x[None, :] - starts[:, :1]
    from_y = y[None, :] - starts[:, 1:]
    # t is a sum of what a pixel's column and its row give: two small outer products, no large one.
    share = (from_x * (along[:, :1] / length[:, None]))[:, None, :]
    share = share + (from_y * (along[:, 1:] / length[:, None]))[:, :, None]
    np.clip(share, 0, 1, out=share)
    # p − a − t (b − a), squared, and the least of all segments.
    off_x = from_x[:, None, :] - share * along[:, 0, None, None]
    off_y = from_y[:, :, None] - share * along[:, 1, None, None]
    nearest: NDArray[np.float64] = (off_x**2 + off_y**2).min(0)
    return nearest


def strokes_from_canvas(drawing: object) -> list[list[list[float]]]:
    """The strokes of a canvas' drawing (fabric's JSON), in the canvas' pixels; what is no stroke is
    left out.
    """
    objects = drawing.get("objects") if isinstance(drawing, dict) else None
    found = []
    for one in objects if isinstance(objects, list) else []:
        path = one.get("path") if isinstance(one, dict) else None
        if isinstance(path, list) and (stroke := _sampled(path)):
            found.append(_moved(stroke, one))
    return found


def _moved(stroke: list[list[float]], placed: dict[str, object]) -> list[list[float]]:
    """A stroke where it was dragged, stretched or turned to by the canvas' pencil.

    The path stays as it was drawn; `left` and `top` are where its middle is now.
    """

    def number(name: str, default: float) -> float:
        value = placed.get(name)
        return float(value) if isinstance(value, int | float) else default

    # What the canvas says of the path's middle, its stretching and its turn.
    points = np.asarray(stroke)
    middle = (points.min(0) + points.max(0)) / 2
    to = np.array([number("left", middle[0]), number("top", middle[1])])
    scale = np.array([number("scaleX", 1), number("scaleY", 1)])
    flip = np.array([-1 if placed.get(name) is True else 1 for name in ("flipX", "flipY")])
    angle = math.radians(number("angle", 0))
    as_drawn = np.abs(to - middle).max() < 1 and (scale * flip == 1).all() and not angle
    if as_drawn or placed.get("originX") != "center":
        return stroke
    # Stretched and turned about its own middle, which then comes to its new place.
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    moved: list[list[float]] = ((points - middle) * scale * flip @ turn + to).tolist()
    return moved


CURVE = 4
"""Pieces that a curve between two points is cut into."""


def _sampled(path: list[object]) -> list[list[float]]:
    """Points along a path of the commands M, L and Q (a quadratic Bézier curve)."""
    points: list[list[float]] = []
    # One point too many is enough to be refused.
    for command in path[: MAX_POINTS + 1]:
        if not isinstance(command, list | tuple) or not command:
            continue
        name, *rest = command
        numbers = [float(n) for n in rest if isinstance(n, int | float)]
        if name in ("M", "L") and len(numbers) == 2:
            points.append(numbers)
        elif name == "Q" and len(numbers) == 4 and points:
            start, control, end = points[-1], numbers[:2], numbers[2:]
            for step in range(1, CURVE + 1):
                t = step / CURVE
                weights = (1 - t) ** 2, 2 * t * (1 - t), t**2
                each = zip(start, control, end, strict=True)
                points.append([sum(map(mul, weights, values)) for values in each])
    return points
