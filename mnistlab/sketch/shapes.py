"""Shapes in grey pictures: what is narrow, what hangs together, how far it is to the ink.

All pictures are (…, H, W); what is done is done to the last two axes.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def smoothed(grey: Floats, sigma: float) -> Floats:
    """A picture blurred by a Gaussian of `sigma` pixels; it goes on as it ends."""
    reach = math.ceil(3 * sigma)
    bell = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    bell /= bell.sum()
    for axis in (-1, -2):
        wide, length = _continued(grey, reach, axis), grey.shape[axis]
        grey = np.zeros_like(grey)
        for place, share in enumerate(bell):
            grey += np.float32(share) * _cut(wide, place, length, axis)
    return grey


def halved(grey: Floats) -> Floats:
    """A picture at half its size; an odd last row or column is left out."""
    grey = grey[..., : grey.shape[-2] // 2 * 2, : grey.shape[-1] // 2 * 2]
    halves: Floats = (grey[..., ::2, :] + grey[..., 1::2, :]) * np.float32(0.5)
    return (halves[..., ::2] + halves[..., 1::2]) * np.float32(0.5)


def averaged(grey: Floats, reach: int) -> Floats:
    """Each pixel's average with `reach` neighbours to its left and to its right."""
    grown = _continued(grey, reach, -1)
    sums = np.cumsum(np.pad(grown, [(0, 0)] * (grey.ndim - 1) + [(1, 0)]), -1, dtype=np.float64)
    length = 2 * reach + 1
    return ((sums[..., length:] - sums[..., :-length]) / length).astype(np.float32)


def highest(grey: Floats, reach: int, axes: tuple[int, ...] = (-1, -2)) -> Floats:
    """The highest value within `reach` pixels along the axes; the picture goes on as it ends."""
    for axis in axes:
        grown, wanted, length = _continued(grey, reach, axis), 2 * reach + 1, 1
        # Windows of 1, 2, 4, … each of two of the size before; the last two may overlap.
        while length < wanted:
            step = min(length, wanted - length)
            left = grown.shape[axis] - step
            grown = np.maximum(_cut(grown, 0, left, axis), _cut(grown, step, left, axis))
            length += step
        grey = grown
    return grey


def closed(grey: Floats, reach: int, axes: tuple[int, ...] = (-1, -2)) -> Floats:
    """A picture without the dark features that are narrower than 2 · `reach` + 1 pixels.

    Slopes, shadows and all that is wider stay as they are: a closing by a square (J. Serra, "Image
    analysis and mathematical morphology", 1982), or by a line along one axis.
    """
    return -highest(-highest(grey, reach, axes), reach, axes)


def _continued(grey: Floats, reach: int, axis: int) -> Floats:
    edges = [(0, 0)] * grey.ndim
    edges[axis] = (reach, reach)
    return np.pad(grey, edges, mode="edge")


def _cut(grey: Floats, start: int, length: int, axis: int) -> Floats:
    part = slice(start, start + length)
    return grey[..., part] if axis == -1 else grey[..., part, :]


def grown(mask: Mask, reach: int = 1) -> Mask:
    """A mask (H, W) and all that is within `reach` steps up, down, left or right."""
    for _ in range(reach):
        wide = np.pad(mask, 1)
        mask = (
            wide[1:-1, 1:-1] | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
        )
    return mask


def distance(mask: Mask) -> Floats:
    """How far (H, W) each pixel's middle is from that of the nearest pixel of a mask; exact."""
    height, width = mask.shape
    place = np.arange(width)
    far = 2 * (height + width)
    before = np.maximum.accumulate(np.where(mask, place, -far), 1)
    after = np.minimum.accumulate(np.where(mask, place, far + width)[:, ::-1], 1)[:, ::-1]
    along = np.minimum(place - before, after - place).astype(np.float32)
    across = (np.arange(height)[:, None] - np.arange(height)).astype(np.float32)
    nearest: Floats = (across[:, :, None] ** 2 + along[None] ** 2).min(1)
    return np.sqrt(nearest)


@dataclass(frozen=True, eq=False)
class Parts:
    """What hangs together in a mask: `labels` (H, W), 0 outside, 1 to `count` inside."""

    labels: NDArray[np.int32]
    count: int

    def sums(self, of: NDArray[np.generic]) -> NDArray[np.float64]:
        """The sum of a picture (H, W) over each part; [0] is what lies outside, as 0."""
        sums = np.bincount(self.labels.ravel(), of.ravel(), self.count + 1).astype(np.float64)
        sums[0] = 0
        return sums

    def boxes(self) -> NDArray[np.int64]:
        """Top, left, bottom and right, (count + 1, 4), the last two beyond the part."""
        rows, columns = np.nonzero(self.labels)
        owner = self.labels[rows, columns]
        boxes = np.zeros((self.count + 1, 4), np.int64)
        boxes[1:, :2] = max(self.labels.shape)
        for column, (found, last) in enumerate(((rows, 0), (columns, 0), (rows, 1), (columns, 1))):
            (np.maximum if last else np.minimum).at(boxes[:, column], owner, found + last)
        return boxes


def parts(mask: Mask) -> Parts:
    """What hangs together in a mask (H, W), corners included."""
    height, width = mask.shape
    # Each row's runs, as places in one long line in which rows do not touch.
    pitch = width + 2
    line = np.pad(mask, ((0, 0), (1, 1))).astype(np.int8).ravel()
    jumps = np.diff(line, prepend=0)
    starts, ends = np.flatnonzero(jumps == 1), np.flatnonzero(jumps == -1)
    # The runs of the next row that a run touches follow each other.
    first = np.searchsorted(ends, starts + pitch, "left")
    last = np.searchsorted(starts, ends + pitch, "right")
    touching = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(starts)), touching)
    below = np.arange(len(above)) - np.repeat(np.cumsum(touching) - touching - first, touching)
    owner, before = np.arange(len(starts)), np.array([-1])
    while not np.array_equal(owner, before):
        # Each run takes the lowest name among its neighbours', and then that name's own.
        before = owner.copy()
        lowest = np.minimum(owner[above], owner[below])
        np.minimum.at(owner, owner[above], lowest)
        np.minimum.at(owner, owner[below], lowest)
        owner = owner[owner]
    names, owner = np.unique(owner, return_inverse=True)
    steps = np.zeros(height * pitch, np.int32)
    steps[starts] = owner + 1
    steps[ends] = -owner - 1
    labels = np.cumsum(steps, dtype=np.int32).reshape(height, pitch)[:, 1:-1]
    return Parts(labels, len(names))
