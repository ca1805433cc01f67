"""Ink made as thick as MNIST's: what a fine pen wrote would be a hair in 20×20, or nothing."""

import numpy as np
from PIL import Image
from scipy import ndimage

from mnistlab.drawing.digit import BOX, THICKNESS, GrayImage

WORKING = 100
"""Pixels of the ink's longer side while it is made thicker or thinner."""
MARGIN = 16
"""Pixels around it; a dot grows by no more."""
THINNED = 0.6
"""Of its own thickness; what has been thinned further may tear."""


def normalize_stroke_width(ink: GrayImage) -> GrayImage:
    """Ink (H, W), 0 for paper, some of it not 0, whose strokes are as thick as MNIST's beside the
    digit's size; the whole picture is scaled, so that the ink is 100 pixels long.
    """
    # The ink alone, at the working size.
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    scale = WORKING / max(bottom - top, right - left)
    size = [max(1, round(float(length) * scale)) for length in (right - left, bottom - top)]
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    scaled = Image.fromarray(ink[top:bottom, left:right]).resize(size, method)
    inked = np.pad(np.asarray(scaled) > 127, MARGIN)
    if not inked.any():
        return ink
    # How far each pixel is from the paper, and from the ink.
    inside, outside = (ndimage.distance_transform_edt(each) for each in (inked, ~inked))
    # A stroke's pixels are, on average, a quarter of its thickness away from the paper.
    thickness = 4 * float(inside[inked].mean()) - 2
    # MNIST's share of the digit's size, which grows with the stroke: t = share · (100 − t₀ + t).
    share = THICKNESS / BOX
    wanted = share / (1 - share) * (WORKING - thickness)
    more = max((wanted - thickness) / 2, (THINNED - 1) / 2 * thickness)
    # Between the last pixel of ink and the first of paper the edge lies half a pixel from both.
    edge = np.where(inked, inside - 0.5, 0.5 - outside)
    even = np.round(255 * np.clip(edge + more + 0.5, 0, 1)).astype(np.uint8)
    # Back to its place in the whole picture.
    height, width = (round(length * scale) + 2 * MARGIN for length in ink.shape)
    whole = np.zeros((height + 1, width + 1), np.uint8)
    top, left = round(top * scale), round(left * scale)
    whole[top : top + even.shape[0], left : left + even.shape[1]] = even
    # Ink at the picture's edge has grown beyond it.
    inner = whole[MARGIN : height - MARGIN, MARGIN : width - MARGIN]
    return inner if inner.sum(dtype=np.int64) == whole.sum(dtype=np.int64) else whole
