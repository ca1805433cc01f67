"""Strokes found between their outlines: which places they cover, and how wide they are.

From each point of an outline a ray goes across the stroke until it meets an outline that faces it,
as in B. Epshtein, E. Ofek, Y. Wexler, "Detecting text in natural scenes with stroke width
transform" (2010). Slopes of light and soft shadows have no outline, a table's edge has nothing that
faces it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistlab.sketch.shapes import Floats, Mask

NOISE = 4.0
"""An outline is this many times as steep as half of the picture is, and a level a pixel more."""
FACING = 0.5
"""Cosine of 60°: how exactly two outlines must face each other."""
ALIKE = 0.3
"""How steep the second outline must be beside the first."""


@dataclass(frozen=True, eq=False)
class Outlines:
    """Where (H, W) a picture is steepest: `x`, `y` its slope, `steep` how steep, `mask` where."""

    x: Floats
    y: Floats
    steep: Floats
    mask: Mask


@dataclass(frozen=True, eq=False)
class Strokes:
    """What lies between outlines: where (H, W), how wide (0 elsewhere), and how much it counts.

    `weight` is not 0 on outlines only: how steep they are over the stroke's width, so that what is
    narrow and sharp counts most.
    """

    mask: Mask
    width: Floats
    weight: Floats


def outlines(grey: Floats) -> Outlines:
    """The outlines of all shapes in a picture (H, W), one pixel wide (J. Canny, 1986)."""
    y, x = (np.gradient(grey, axis=axis) for axis in (0, 1))
    steep = np.hypot(x, y)
    height, width = grey.shape
    # Only ridges of the slope stay: each pixel is held against its two neighbors across the edge,
    # whose direction is rounded to a row, a column or a diagonal.
    around = np.pad(steep, 1)
    way = np.round(np.arctan2(y, x) / (np.pi / 4)).astype(np.int64) % 4
    mask = np.zeros(grey.shape, np.bool_)
    for number, (right, down) in enumerate(((1, 0), (1, 1), (0, 1), (-1, 1))):
        ahead = around[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        behind = around[1 - down : 1 - down + height, 1 - right : 1 - right + width]
        mask |= (way == number) & (steep >= ahead) & (steep > behind)
    return Outlines(x, y, steep, mask & (steep > NOISE * np.median(steep) + 1))


def strokes(found: Outlines, widest: int, dark: bool = True) -> Strokes:
    """The dark strokes, or the light ones, that are no wider than `widest` pixels."""
    rows, columns = np.nonzero(found.mask)
    slope = found.steep[rows, columns]
    # Rays go along the slope into the stroke: downhill into dark ink, uphill into light ink.
    towards = -1 if dark else 1
    right = towards * found.x[rows, columns] / slope
    down = towards * found.y[rows, columns] / slope

    def place(rays: NDArray[np.int64], step: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        across = np.rint(columns[rays] + step * right[rays]).astype(np.int64)
        return np.rint(rows[rays] + step * down[rays]).astype(np.int64), across

    # All rays go one pixel further at a time; `width` is where a ray met the opposite outline, 0
    # where it left the picture, met an outline that does not face it, or went too far.
    width = np.zeros(len(rows), np.int64)
    on = np.arange(len(rows))
    for step in range(1, widest + 1):
        row, column = place(on, step)
        inside = (row >= 0) & (column >= 0)
        inside &= (row < found.mask.shape[0]) & (column < found.mask.shape[1])
        on, row, column = on[inside], row[inside], column[inside]
        met = found.mask[row, column]
        ahead = right[on] * found.x[row, column] + down[on] * found.y[row, column]
        facing = towards * ahead < -FACING * found.steep[row, column]
        across = met & facing & (found.steep[row, column] > ALIKE * slope[on])
        width[on[across]] = step
        # The outline that a ray starts from may be two pixels wide.
        on = on[~(across | (met & (step > 1)))]
    # Each ray marks the pixels that it crossed with its width.
    covered = np.zeros(found.mask.shape, np.bool_)
    widths, weight = np.zeros((2, *found.mask.shape), np.float32)
    # The widest first: where rays cross, the shortest says how wide the stroke is.
    crossing = np.flatnonzero(width)
    crossing = crossing[np.argsort(-width[crossing], kind="stable")]
    for step in range(int(width.max(initial=0)) + 1 if len(crossing) else 0):
        crossing = crossing[width[crossing] >= step]
        at = place(crossing, step)
        covered[at] = True
        widths[at] = width[crossing]
    crossing = np.flatnonzero(width)
    weight[rows[crossing], columns[crossing]] = slope[crossing] / width[crossing]
    return Strokes(covered, widths, weight)
