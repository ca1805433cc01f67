"""Strokes between pairs of edges: where they are, and how wide.

The stroke width transform: from each edge pixel a ray crosses the stroke until it meets an edge
that faces it (B. Epshtein, E. Ofek, Y. Wexler, "Detecting text in natural scenes with stroke width
transform", 2010). Gradients of light and soft shadows have no edges, and a table's edge has none
that faces it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistlab.drawing.photo.morphology import Floats, Mask

NOISE = 4.0
"""An edge's gradient exceeds this many times the median gradient, plus one level per pixel."""
FACING = 0.5
"""Cosine of 60°, the largest angle between edges that face each other."""
MIN_GRADIENT_RATIO = 0.3
"""Of the second edge's gradient to the first's."""


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges (H, W): gradient `x`, `y`, its `magnitude`, and the `mask` of edge pixels."""

    x: Floats
    y: Floats
    magnitude: Floats
    mask: Mask


@dataclass(frozen=True, eq=False)
class Strokes:
    """Strokes: `mask` (H, W), `width` in pixels (0 elsewhere), and `weight`.

    `weight` is above 0 only on edge pixels: gradient over stroke width, so that narrow and sharp
    strokes count most.
    """

    mask: Mask
    width: Floats
    weight: Floats

    def within(self, inside: Mask) -> "Strokes":
        """The parts of the strokes inside a mask (H, W)."""
        return Strokes(self.mask & inside, self.width, np.where(inside, self.weight, 0))


def find_edges(gray: Floats) -> Edges:
    """One-pixel-wide edges of an image (H, W), after J. Canny (1986)."""
    y, x = (np.gradient(gray, axis=axis) for axis in (0, 1))
    magnitude = np.hypot(x, y)
    height, width = gray.shape
    # Non-maximum suppression: compare each pixel with its two neighbors across the edge, along the
    # gradient direction rounded to a row, a column or a diagonal.
    around = np.pad(magnitude, 1)
    direction = np.round(np.arctan2(y, x) / (np.pi / 4)).astype(np.int64) % 4
    mask = np.zeros(gray.shape, np.bool_)
    for number, (right, down) in enumerate(((1, 0), (1, 1), (0, 1), (-1, 1))):
        ahead = around[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        behind = around[1 - down : 1 - down + height, 1 - right : 1 - right + width]
        mask |= (direction == number) & (magnitude >= ahead) & (magnitude > behind)
    is_steep = magnitude > NOISE * np.median(magnitude) + 1
    return Edges(x, y, magnitude, mask & is_steep)


@dataclass(frozen=True, eq=False)
class _Rays:
    """Rays from edge pixels straight across the strokes: their start (N,), and their unit steps to
    the right and down.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    right: Floats
    down: Floats

    def at(
        self, indices: NDArray[np.int64], step: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows and columns of some of the rays after `step` steps."""
        across = np.rint(self.columns[indices] + step * self.right[indices]).astype(np.int64)
        return np.rint(self.rows[indices] + step * self.down[indices]).astype(np.int64), across


def find_strokes(edges: Edges, widest: int, dark: bool = True) -> Strokes:
    """The dark strokes, or the light ones, up to `widest` pixels wide."""
    rows, columns = np.nonzero(edges.mask)
    gradient = edges.magnitude[rows, columns]
    # Into the stroke: down the gradient for dark ink, up for light ink.
    sign = -1 if dark else 1
    right = sign * edges.x[rows, columns] / gradient
    down = sign * edges.y[rows, columns] / gradient
    rays = _Rays(rows, columns, right, down)
    width = _widths(edges, rays, widest, sign)
    crossing = np.flatnonzero(width)
    weight = np.zeros(edges.mask.shape, np.float32)
    weight[rows[crossing], columns[crossing]] = gradient[crossing] / width[crossing]
    # Widest first: where rays cross, the narrowest gives the stroke width.
    crossing = crossing[np.argsort(-width[crossing], kind="stable")]
    covered, widths = np.zeros_like(edges.mask), np.zeros_like(weight)
    for step in range(int(width.max(initial=-1)) + 1):
        crossing = crossing[width[crossing] >= step]
        at = rays.at(crossing, step)
        covered[at] = True
        widths[at] = width[crossing]
    return Strokes(covered, widths, weight)


def _widths(edges: Edges, rays: _Rays, widest: int, sign: int) -> NDArray[np.int64]:
    """The number of steps (N,) until each ray meets an edge that faces its own; 0 if it leaves the
    image, meets another edge, or meets none.
    """
    gradient = edges.magnitude[rays.rows, rays.columns]
    width = np.zeros(len(gradient), np.int64)
    active = np.arange(len(gradient))
    # All rays advance together; those that have met an edge are no longer active.
    for step in range(1, widest + 1):
        row, column = rays.at(active, step)
        inside = (row >= 0) & (column >= 0)
        inside &= (row < edges.mask.shape[0]) & (column < edges.mask.shape[1])
        active, row, column = active[inside], row[inside], column[inside]
        is_edge = edges.mask[row, column]
        # It faces the first one if its gradient is about as large and points the other way.
        cosine = (
            rays.right[active] * edges.x[row, column] + rays.down[active] * edges.y[row, column]
        )
        facing = sign * cosine < -FACING * edges.magnitude[row, column]
        across = (
            is_edge
            & facing
            & (edges.magnitude[row, column] > MIN_GRADIENT_RATIO * gradient[active])
        )
        width[active[across]] = step
        # The edge that a ray starts from may be two pixels wide.
        active = active[~(across | (is_edge & (step > 1)))]
    return width
