"""Strokes found between their outlines: which places they cover, and how wide they are.

From each point of an outline a ray goes across the stroke until it meets an outline that faces it,
as in B. Epshtein, E. Ofek, Y. Wexler, "Detecting text in natural scenes with stroke width
transform" (2010). Slopes of light and soft shadows have no outline, a table's edge has nothing that
faces it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistlab.drawing.photo.morphology import Floats, Mask

NOISE = 4.0
"""An outline is this many times as steep as half of the picture is, and a level a pixel more."""
FACING = 0.5
"""Cosine of 60°: how exactly two outlines must face each other."""
ALIKE = 0.3
"""How steep the second outline must be beside the first."""


@dataclass(frozen=True, eq=False)
class Edges:
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


def find_edges(gray: Floats) -> Edges:
    """The outlines of all shapes in a picture (H, W), one pixel wide (J. Canny, 1986)."""
    y, x = (np.gradient(gray, axis=axis) for axis in (0, 1))
    steep = np.hypot(x, y)
    height, width = gray.shape
    # Only ridges of the slope stay: each pixel is held against its two neighbors across the edge,
    # whose direction is rounded to a row, a column or a diagonal.
    around = np.pad(steep, 1)
    way = np.round(np.arctan2(y, x) / (np.pi / 4)).astype(np.int64) % 4
    mask = np.zeros(gray.shape, np.bool_)
    for number, (right, down) in enumerate(((1, 0), (1, 1), (0, 1), (-1, 1))):
        ahead = around[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        behind = around[1 - down : 1 - down + height, 1 - right : 1 - right + width]
        mask |= (way == number) & (steep >= ahead) & (steep > behind)
    return Edges(x, y, steep, mask & (steep > NOISE * np.median(steep) + 1))


@dataclass(frozen=True, eq=False)
class _Rays:
    """Rays from the points of outlines straight across the strokes: where (N,) each begins, and by
    how much of a pixel it goes right and down in a step.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    right: Floats
    down: Floats

    def at(
        self, which: NDArray[np.int64], step: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row and column where some of the rays are after some steps."""
        across = np.rint(self.columns[which] + step * self.right[which]).astype(np.int64)
        return np.rint(self.rows[which] + step * self.down[which]).astype(np.int64), across


def find_strokes(found: Edges, widest: int, dark: bool = True) -> Strokes:
    """The dark strokes, or the light ones, that are no wider than `widest` pixels."""
    rows, columns = np.nonzero(found.mask)
    slope = found.steep[rows, columns]
    # Into the stroke means downhill into dark ink, uphill into light ink.
    towards = -1 if dark else 1
    right = towards * found.x[rows, columns] / slope
    down = towards * found.y[rows, columns] / slope
    rays = _Rays(rows, columns, right, down)
    width = _widths(found, rays, widest, towards)
    crossing = np.flatnonzero(width)
    weight = np.zeros(found.mask.shape, np.float32)
    weight[rows[crossing], columns[crossing]] = slope[crossing] / width[crossing]
    # The widest first: where rays cross, the shortest says how wide the stroke is.
    crossing = crossing[np.argsort(-width[crossing], kind="stable")]
    covered, widths = np.zeros_like(found.mask), np.zeros_like(weight)
    for step in range(int(width.max(initial=-1)) + 1):
        crossing = crossing[width[crossing] >= step]
        at = rays.at(crossing, step)
        covered[at] = True
        widths[at] = width[crossing]
    return Strokes(covered, widths, weight)


def _widths(found: Edges, rays: _Rays, widest: int, towards: int) -> NDArray[np.int64]:
    """After how many steps (N,) each ray meets an outline that faces the one where it began; 0 if
    it leaves the picture, meets another outline, or meets none.
    """
    slope = found.steep[rays.rows, rays.columns]
    width = np.zeros(len(slope), np.int64)
    on = np.arange(len(slope))
    # All rays go on together, step by step; those that have met something are left behind.
    for step in range(1, widest + 1):
        row, column = rays.at(on, step)
        inside = (row >= 0) & (column >= 0)
        inside &= (row < found.mask.shape[0]) & (column < found.mask.shape[1])
        on, row, column = on[inside], row[inside], column[inside]
        met = found.mask[row, column]
        # It faces the first one if its own slope is about as steep and points the other way.
        ahead = rays.right[on] * found.x[row, column] + rays.down[on] * found.y[row, column]
        facing = towards * ahead < -FACING * found.steep[row, column]
        across = met & facing & (found.steep[row, column] > ALIKE * slope[on])
        width[on[across]] = step
        # The outline that a ray starts from may be two pixels wide.
        on = on[~(across | (met & (step > 1)))]
    return width
