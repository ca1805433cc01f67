"""Normalize the stroke width of ink to MNIST's: a fine pen would be invisible in 20×20."""

import numpy as np
from PIL import Image
from scipy import ndimage

from mnistlab.drawing.photo.morphology import Floats, Mask, connected_components
from mnistlab.pen.raster import BOX, THICKNESS, GrayImage

WORKING = 100
"""The ink's longer side in pixels, while its width changes."""
MARGIN = 16
"""Pixels around it; ink never grows by more."""
MAX_LOOP_FILLED = 0.6
"""Of the radius of a loop: a thicker stroke leaves the rest of it open."""
MIN_LOOP = 1.5
"""Radius in pixels; smaller holes are gaps in the ink."""
MIN_THINNING = 0.6
"""Of the original stroke width; thinner strokes may break."""


def normalize_stroke_width(ink: GrayImage) -> GrayImage:
    """Ink (H, W), 0 for paper, with MNIST's ratio of stroke width to digit size.

    Some of the ink must be above 0. The whole image is scaled so that the ink is 100 pixels long.
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
    # The distance of each pixel to the paper, and to the ink.
    inside, outside = (ndimage.distance_transform_edt(each) for each in (inked, ~inked))
    # The mean distance of a stroke's pixels to the paper is a quarter of its width.
    thickness = 4 * float(inside[inked].mean()) - 2
    # MNIST's ratio to the digit's size, which grows with the stroke: t = ratio · (100 − t₀ + t).
    ratio = THICKNESS / BOX
    wanted = ratio / (1 - ratio) * (WORKING - thickness)
    growth = max((wanted - thickness) / 2, (MIN_THINNING - 1) / 2 * thickness)
    # The edge lies half a pixel from the last pixel of ink and the first of paper.
    edge = np.where(inked, inside - 0.5, 0.5 - outside) + np.minimum(growth, _room(inked, outside))
    normalized = np.round(255 * np.clip(edge + 0.5, 0, 1)).astype(np.uint8)
    # Back at its position in the whole image.
    height, width = (round(length * scale) + 2 * MARGIN for length in ink.shape)
    whole = np.zeros((height + 1, width + 1), np.uint8)
    top, left = round(top * scale), round(left * scale)
    whole[top : top + normalized.shape[0], left : left + normalized.shape[1]] = normalized
    # Keep the margin if ink at the edge has grown beyond it.
    inner = whole[MARGIN : height - MARGIN, MARGIN : width - MARGIN]
    return inner if inner.sum(dtype=np.int64) == whole.sum(dtype=np.int64) else whole


def _room(inked: Mask, outside: Floats) -> Floats:
    """How far (H, W) strokes may grow: into a loop, which paper fills up to `outside` pixels from
    the ink, only so far that it stays open; elsewhere without limit.
    """
    room = np.full(inked.shape, np.inf, np.float32)
    holes = connected_components(ndimage.binary_fill_holes(inked) & ~inked)
    for label, radius in enumerate(ndimage.maximum(outside, holes.labels, range(holes.count + 1))):
        if label and radius >= MIN_LOOP:
            room[holes.labels == label] = MAX_LOOP_FILLED * radius
    return room
