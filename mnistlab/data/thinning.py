"""Strokes thinned to lines one pixel wide, of many images at a time."""

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
    changed = True
    while changed:
        changed = False
        # In turn from the lower right and from the upper left.
        for first, second in (((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6))):
            count = np.sum(ring, 0, dtype=np.uint8)
            pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
            turns = np.sum([there & ~here for here, there in pairs], 0, dtype=np.uint8)
            removable = mask & (count >= 2) & (count <= 6) & (turns == 1)
            for three in (first, second):
                removable &= ~(ring[three[0]] & ring[three[1]] & ring[three[2]])
            if removable.any():
                mask &= ~removable
                changed = True
    return mask.copy()
