"""Strokes thinned to lines one pixel wide, of many images at a time."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

NEIGHBORS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Clockwise from above, as (row, column)."""


def thin(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Thin masks (…, H, W) to lines one pixel wide.

    T. Y. Zhang, C. Y. Suen, "A fast parallel algorithm for thinning digital patterns" (1984).
    """
    height, width = masks.shape[-2:]
    padded = np.pad(masks, [(0, 0)] * (masks.ndim - 2) + [(1, 1), (1, 1)])
    # Views, which follow when the mask changes.
    mask = padded[..., 1:-1, 1:-1]
    ring = [padded[..., 1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in NEIGHBORS]
    while True:
        n_before = int(mask.sum())
        for removable in _removable():
            # The eight neighbors of each pixel as the bits of a number.
            around = np.zeros(mask.shape, np.uint8)
            for bit, neighbor in enumerate(ring):
                around |= neighbor.view(np.uint8) << bit
            mask &= ~removable[around]
        if mask.sum() == n_before:
            return mask.copy()


@cache
def _removable() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each of the 256 neighborhoods, whether a pixel is removed in the first half of a step,
    and in the second.
    """
    ring = (np.arange(256) >> np.arange(8)[:, None] & 1).astype(np.bool_)
    count = ring.sum(0)
    turns = (~ring & np.roll(ring, -1, 0)).sum(0)
    is_edge = (count >= 2) & (count <= 6) & (turns == 1)
    # In turn from the lower right and from the upper left.
    first, second = (
        is_edge & ~ring[list(one)].all(0) & ~ring[list(other)].all(0)
        for one, other in (((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6)))
    )
    return first, second
