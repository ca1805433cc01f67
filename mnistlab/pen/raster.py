"""From pen strokes to an image as MNIST has them: 28×28, white on black, at its stroke width.

"The images were centered in a 28x28 image by computing the center of mass of the pixels, and
translating the image so as to position this point at the center of the 28x28 field", after they
were "size normalized to fit in a 20x20 pixel box while preserving their aspect ratio" (Y. LeCun,
C. Cortes, C. Burges, "The MNIST database of handwritten digits").

The lines are scaled first and rasterized afterwards, so neither the brush nor the size of a drawing
affects the image.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIDE = 28
BOX = 20
THICKNESS = 2.45
"""Pixels: the stroke width of MNIST's median digit; test_strokes.py measures it."""
DOT = 1e-100
"""A smaller drawing is a dot: its scale would overflow."""
GRID = 8
"""Points are merged on a grid of 1/8 pixel."""
CHUNK = 1024
"""Segments rasterized at a time, which limits memory."""

GrayImage = NDArray[np.uint8]


def digit_image(lines: Sequence[NDArray[np.float64]]) -> GrayImage:
    """The image (28, 28) of a digit's lines (N, 2), in any unit, y downwards."""
    return centered(rasterize(fit_into_box(lines), THICKNESS))


def fit_into_box(
    lines: Sequence[NDArray[np.float64]], canvas: float | None = None
) -> list[NDArray[np.float64]]:
    """Lines (N, 2) scaled into the box of 20×20 pixels, with half a stroke width around them.

    A square canvas from (0, 0) with a side of `canvas` units, if given, is scaled into the box
    instead of the lines; points outside it are moved to its edge.
    """
    points = np.concatenate(lines)
    if canvas is None:
        low, extent = points.min(0), float(np.ptp(points, axis=0).max())
    else:
        low, extent = np.zeros(2), canvas
    # A dot has no extent to scale by, so it has the size of the pen.
    scale = (BOX - THICKNESS) / extent if extent > DOT else 0.0
    return [np.clip((line - low) * scale, 0, BOX - THICKNESS) + THICKNESS / 2 for line in lines]


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


def centered(small: GrayImage, by_mass: bool = True) -> GrayImage:
    """Place an image of at most 20×20 into 28×28, centered by mass or by its box."""
    height, width = small.shape
    if not by_mass:
        return np.pad(small, [((SIDE - n) // 2, SIDE - n - (SIDE - n) // 2) for n in small.shape])
    mass = small.sum(dtype=np.float64)
    # In MNIST itself the center of mass lies on pixel 14, not between 13 and 14.
    middle = SIDE // 2
    top = middle - float((small.sum(1) * np.arange(height)).sum() / mass)
    left = middle - float((small.sum(0) * np.arange(width)).sum() / mass)
    # Very asymmetric ink would leave the image: keep all of it rather than the exact center.
    row = min(max(round(top), 0), SIDE - height)
    column = min(max(round(left), 0), SIDE - width)
    pixels = np.zeros((SIDE, SIDE), np.uint8)
    pixels[row : row + height, column : column + width] = small
    return pixels
