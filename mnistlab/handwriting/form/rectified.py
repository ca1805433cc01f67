"""The rectified sheet of a photographed form, and where its boxes are on it.

Paper bends, so each box is where its printed lines are, close to where the perspective expects it.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from mnistlab.drawing.photo.morphology import Floats
from mnistlab.handwriting.form.homography import Floats as Matrix
from mnistlab.handwriting.form.layout import (
    HEIGHT,
    N_LABELS,
    N_ROWS,
    WIDTH,
    Rectangle,
    box,
    places,
)
from mnistlab.pen.raster import GrayImage

SCALE = 6
"""Pixels per millimeter of the rectified sheet."""
SEARCH = 2.4
"""Millimeters that a box may be away from where the perspective expects it: paper bends."""
MIN_LINE = 12.0
"""Of 255: the contrast that a thin line keeps in a blurred photo."""
INSET = 0.65
"""Millimeters from the middle of a box's line to where the line, blurred, has ended."""


def rectify(photo: GrayImage, sheet: Matrix) -> GrayImage:
    """The sheet (H, W) as seen from straight above, SCALE pixels a millimeter, from a photo in
    which the homography `sheet` (3, 3) maps its millimeters to pixels.
    """
    matrix = sheet / [SCALE, SCALE, 1]
    coefficients = (matrix / matrix[2, 2]).reshape(9)[:8].tolist()
    size = (round(WIDTH * SCALE), round(HEIGHT * SCALE))
    flat = Image.fromarray(photo).transform(
        size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC
    )
    return np.asarray(flat)


def crop(flat: GrayImage, frame: Rectangle) -> GrayImage:
    """A part of a rectified sheet."""
    x, y = round(frame.x * SCALE), round(frame.y * SCALE)
    return flat[y : y + round(frame.height * SCALE), x : x + round(frame.width * SCALE)]


def find_insides(contrast: Floats) -> list[tuple[slice, slice]]:
    """The inside of each box, as rows and columns of a rectified sheet's contrast (H, W), without
    its printed lines.
    """
    found = np.empty((2, N_ROWS, N_LABELS))
    for row, label in places():
        found[:, row, label] = _offset(contrast, box(row, label))
    # A box whose lines were not found, or hidden by strokes, moves as those around it do.
    across, down = (_smooth(each) for each in found)
    insides = []
    for row, label in places():
        frame = box(row, label)
        x, y = frame.x + across[row, label], frame.y + down[row, label]
        insides.append((_inner(y, frame.height), _inner(x, frame.width)))
    return insides


def _inner(start: float, length: float) -> slice:
    """The pixels between two lines of a box."""
    return slice(round((start + INSET) * SCALE), round((start + length - INSET) * SCALE))


def _offset(contrast: Floats, frame: Rectangle) -> tuple[float, float]:
    """How far a box is to the right of and below where it is expected, in millimeters; NaN where
    its lines were not found.
    """
    rows = _middle_part(frame.y, frame.height)
    columns = _middle_part(frame.x, frame.width)
    reach = round(SEARCH * SCALE)
    offsets = []
    for start, length, strip in (
        (frame.x, frame.width, contrast[rows].T),
        (frame.y, frame.height, contrast[:, columns]),
    ):
        # A line is printed on most of its length, where ink only crosses it, and may be slanted by
        # a pixel or two. Both lines together: one alone may be the next box's.
        profiles = []
        for place in (start, start + length):
            first = round(place * SCALE - 0.5) - reach
            part = ndimage.maximum_filter1d(strip[first : first + 2 * reach + 1], 3, axis=0)
            profiles.append(np.percentile(part, 30, axis=1))
        profile = np.minimum(*profiles) - np.median(profiles)
        best = float(profile.max())
        if best < MIN_LINE:
            offsets.append(np.nan)
            continue
        # The middle of what is nearly as strong: the maximum of three pixels is flat.
        strong = np.flatnonzero(profile >= 0.9 * best)
        offsets.append((float(strong.mean()) - reach) / SCALE)
    return offsets[0], offsets[1]


def _middle_part(start: float, length: float) -> slice:
    """The pixels of a side of a box without its ends."""
    return slice(round((start + 0.12 * length) * SCALE), round((start + 0.88 * length) * SCALE))


def _smooth(offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offsets (rows, labels), each the median of those found around it; 0 where there are none."""
    padded = np.pad(offsets, 1, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).reshape(*offsets.shape, 9)
    some = ~np.isnan(around).all(2)
    smooth = np.zeros_like(offsets)
    smooth[some] = np.nanmedian(around[some], axis=1)
    return smooth
