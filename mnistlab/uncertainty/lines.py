"""Lines rendered as a drawing's are, and the center lines of MNIST's digits, to be drawn again.

An out-of-distribution detector must not tell a digit from what is none by the pen: both are
rendered by the same function, and with the stroke width that the Draw page uses.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistlab.data.thinning import thin
from mnistlab.pen.raster import BOX, SIDE, THICKNESS, centered

SUPERSAMPLING = 6
IS_INK = 100
"""Of 255: a pixel at least as bright belongs to a stroke, when strokes are thinned."""

Line = NDArray[np.float64]
"""Points (N, 2) [x, y], y downwards, in any unit."""
Lines = list[Line]
Images = NDArray[np.uint8]


def render(lines: Lines, pen_width: float = THICKNESS) -> Images:
    """An image (28, 28) of lines: white on black, in a 20×20 box, its center of mass at (14, 14).

    Four times as fast as `pen.raster.rasterize`; a few gray levels per pixel differ.
    """
    points = np.concatenate(lines)
    low, extent = points.min(0), np.ptp(points, axis=0)
    # The box includes half a pen's width around the points; a dot is as large as the pen.
    scale = (BOX - pen_width) / extent.max() if extent.max() > 1e-9 else 0.0
    width, height = np.maximum(1, np.ceil(extent * scale + pen_width - 1e-9).astype(int)).tolist()
    picture = Image.new("L", (width * SUPERSAMPLING, height * SUPERSAMPLING))
    draw, pen = ImageDraw.Draw(picture), round(pen_width * SUPERSAMPLING)
    radius, discs = (pen - 1) / 2, dict[tuple[float, float], None]()
    for line in lines:
        flat = (((line - low) * scale + pen_width / 2) * SUPERSAMPLING).ravel().tolist()
        if len(flat) > 2:
            draw.line(flat, 255, pen)
        discs |= dict.fromkeys(zip(flat[::2], flat[1::2], strict=True))
    # Discs at all points: round ends, and no notches between the segments.
    for x, y in discs:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return centered(np.asarray(picture.reduce(SUPERSAMPLING)))


def center_lines(images: Images) -> list[Lines]:
    """The strokes of images (N, 28, 28) as short segments (2, 2) between neighboring pixels.

    A point is the center of mass of the 3×3 pixels around it, which removes most of the steps.
    """
    lit = np.pad(images.astype(np.float64), ((0, 0), (1, 1), (1, 1)))
    height, width = images.shape[1:]
    mass, across, down = np.zeros((3, *images.shape))
    for y in (-1, 0, 1):
        for x in (-1, 0, 1):
            part = lit[:, 1 + y : 1 + y + height, 1 + x : 1 + x + width]
            mass += part
            across += x * part
            down += y * part
    across, down = across / np.maximum(mass, 1), down / np.maximum(mass, 1)
    return [
        _segments(thinned, right, below)
        for thinned, right, below in zip(thin(images >= IS_INK), across, down, strict=True)
    ]


def _segments(thinned: NDArray[np.bool_], right: Line, below: Line) -> Lines:
    """The segments between neighboring pixels of a thinned image; a point, if there are none."""
    rows, columns = np.nonzero(thinned)
    points = {
        (y, x): (x + right[y, x], y + below[y, x])
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True)
    }
    segments = [
        np.array([point, points[y + down, x + across]])
        for (y, x), point in points.items()
        for down, across in ((0, 1), (1, 0), (1, 1), (1, -1))
        if (y + down, x + across) in points
        # A corner's diagonal is no line of its own.
        and not (down and across and ((y, x + across) in points or (y + down, x) in points))
    ]
    return segments or [np.array([next(iter(points.values()), (SIDE / 2, SIDE / 2))])]


def transform(lines: Lines, generator: np.random.Generator, spread: float = 0.12) -> Lines:
    """Lines turned and slanted by about `spread` (radians; sideways per height), and stretched."""
    angle, slant = generator.normal(0, spread, 2)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = (turn @ [[1, 0], [slant, 1]]) * [generator.uniform(0.75, 1.25), 1]
    return [line @ matrix for line in lines]


def smooth(corners: Sequence[Sequence[float]] | Line) -> Line:
    """A smooth line near the corners (N, 2), by G. Chaikin's corner cutting (1974)."""
    line = np.asarray(corners, np.float64)
    for _ in range(2 if len(line) > 2 else 0):
        cut = np.stack([0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]], 1)
        line = np.concatenate([line[:1], cut.reshape(-1, 2), line[-1:]])
    return line
