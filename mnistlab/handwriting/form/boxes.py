"""Cut the boxes out of the photo of a form, and the ink in each.

The sheet is rectified, and its ink compared with the paper around it, once for all boxes. Paper
bends, so each box is where its printed lines are, close to where the perspective expects them.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from mnistlab.drawing.digit import GrayImage
from mnistlab.drawing.photo.line_removal import local_contrast
from mnistlab.drawing.photo.morphology import Floats, connected_components, gaussian_blur, max_filter
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

SCALE = 6
"""Pixels per millimeter of the rectified sheet."""
BLUR = 0.8
"""Pixels: removes the camera's noise."""
REACH = 3.0
"""Millimeters: ink is narrower than twice that."""
SEARCH = 1.8
"""Millimeters that a printed line may be away from where it is expected."""
MIN_LINE = 12.0
"""Of 255: the contrast that a thin line keeps in a blurred photo."""
INSET = 0.55
"""Millimeters from the middle of a box's line to where the line, blurred, has ended."""
MIN_CONTRAST = 0.3
"""Of a digit's typical contrast; fainter pixels are no ink."""
MIN_STRENGTH = 0.3
"""Of the form's typical contrast; a box with nothing stronger is empty: ink from the back shows
through, or a pencil was erased.
"""
MIN_SIZE = 2.2
"""Millimeters; a smaller digit is a speck."""
MIN_INK = 0.04
"""Of a digit's ink; a smaller part is a speck."""
BAND = 0.8
"""Millimeters along a box's edge: what stays in there is the rest of a line."""
MAX_FILLED = 0.4
"""Of a digit's box; more ink than that is a box that was filled."""


class BoxState(StrEnum):
    """What is in a box."""

    DIGIT = "digit"
    EMPTY = "empty"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, eq=False)
class FilledBox:
    """A box: its row, the label that its digit has, its state, and its ink (H, W), 0 for paper."""

    row: int
    label: int
    state: BoxState
    ink: GrayImage


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


def find_boxes(flat: GrayImage) -> list[FilledBox]:
    """The boxes of a rectified sheet, in reading order."""
    gray = gaussian_blur(flat.astype(np.float32), BLUR)
    contrast = local_contrast(gray, round(REACH * SCALE))
    insides = _insides(contrast)
    # Most of a box is paper, whose contrast is noise.
    values = [contrast[inside] for inside in insides]
    paper = float(np.median([np.median(each) for each in values]))
    noise = 1.48 * float(np.median([np.median(np.abs(each - paper)) for each in values])) + 1.0
    strengths = [_typical(each - paper, noise) for each in values]
    written = [strength for strength in strengths if strength > 0]
    usual = float(np.median(written)) if written else 0.0
    return [
        _box(row, label, each - paper, strength, noise, usual)
        for (row, label), each, strength in zip(places(), values, strengths, strict=True)
    ]


def crop(flat: GrayImage, frame: Rectangle) -> GrayImage:
    """A part of a rectified sheet."""
    x, y = round(frame.x * SCALE), round(frame.y * SCALE)
    return flat[y : y + round(frame.height * SCALE), x : x + round(frame.width * SCALE)]


def _insides(contrast: Floats) -> list[tuple[slice, slice]]:
    """The inside of each box of a rectified sheet (H, W), without its printed lines."""
    found = np.full((4, N_ROWS, N_LABELS), np.nan)
    for row, label in places():
        found[:, row, label] = _line_offsets(contrast, box(row, label))
    # A line that was not found, or a stroke along it, moves as little as the boxes around it.
    offsets = [_smooth(each) for each in found]
    insides = []
    for row, label in places():
        frame = box(row, label)
        top, bottom, left, right = (each[row, label] for each in offsets)
        y = slice(
            round((frame.y + top + INSET) * SCALE),
            round((frame.y + frame.height + bottom - INSET) * SCALE),
        )
        x = slice(
            round((frame.x + left + INSET) * SCALE),
            round((frame.x + frame.width + right - INSET) * SCALE),
        )
        insides.append((y, x))
    return insides


def _line_offsets(contrast: Floats, frame: Rectangle) -> list[float]:
    """How far the top, bottom, left and right line of a box is from where it is expected, in
    millimeters; NaN if it was not found.
    """
    x, y = np.array([0.12, 0.88]) * frame.width + frame.x, np.array([0.12, 0.88]) * frame.height + frame.y
    rows, columns = (slice(*np.rint(each * SCALE).astype(int)) for each in (y, x))
    reach = round(SEARCH * SCALE)
    offsets = []
    for place, along, turned in (
        (frame.y, columns, contrast),
        (frame.y + frame.height, columns, contrast),
        (frame.x, rows, contrast.T),
        (frame.x + frame.width, rows, contrast.T),
    ):
        first = round(place * SCALE - 0.5) - reach
        strip = turned[first : first + 2 * reach + 1, along]
        # A line may be slanted by a pixel or two, and is printed on most of its length: ink only
        # crosses it.
        strip = ndimage.maximum_filter1d(strip, 3, axis=0)
        profile = np.percentile(strip, 30, axis=1) - np.median(strip)
        best = float(profile.max())
        if best < MIN_LINE:
            offsets.append(np.nan)
            continue
        # The middle of what is nearly as strong: the maximum of three pixels is flat.
        strong = np.flatnonzero(profile >= 0.9 * best)
        offsets.append((first + float(strong.mean()) + 0.5) / SCALE - place)
    return offsets


def _smooth(offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offsets (rows, labels), each the median of those found around it; 0 where there are none."""
    padded = np.pad(offsets, 1, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).reshape(*offsets.shape, 9)
    some = ~np.isnan(around).all(2)
    smooth = np.zeros_like(offsets)
    smooth[some] = np.nanmedian(around[some], axis=1)
    return smooth


def _typical(contrast: Floats, noise: float) -> float:
    """The typical contrast of the ink in a box (H, W); 0 without ink."""
    ink = contrast[contrast > max(6 * noise, 12)]
    return float(np.percentile(ink, 70)) if len(ink) >= SCALE**2 / 2 else 0.0


def _box(
    row: int, label: int, contrast: Floats, typical: float, noise: float, usual: float
) -> FilledBox:
    """What is in a box with this contrast (H, W) to its paper."""
    nothing = np.zeros(contrast.shape, np.uint8)
    if typical < max(MIN_STRENGTH * usual, 1e-9):
        return FilledBox(row, label, BoxState.EMPTY, nothing)
    inked = contrast > max(MIN_CONTRAST * typical, 3 * noise)
    components = connected_components(inked)
    sums = components.sums(np.where(inked, contrast, 0))
    # What is left of a printed line stays close to the edge.
    band = round(BAND * SCALE)
    deep = components.sums(np.pad(inked[band:-band, band:-band], band)) > 0
    kept = deep & (sums > MIN_INK * sums[deep].max(initial=0))
    kept[0] = False
    digit = kept[components.labels]
    size = max(int(digit.any(axis).sum()) for axis in (0, 1))
    if size < MIN_SIZE * SCALE:
        return FilledBox(row, label, BoxState.EMPTY, nothing)
    if digit.mean() > MAX_FILLED:
        return FilledBox(row, label, BoxState.UNREADABLE, nothing)
    # As in a photo of one digit: compare with ink nearby, for pressure varies along a stroke.
    strength = np.where(digit, contrast, 0).astype(np.float32)
    around = gaussian_blur(max_filter(gaussian_blur(strength, 1), size // 4), 4)
    ratio = contrast / np.maximum(around, 0.5 * typical)
    ink = np.where(ndimage.binary_dilation(digit), np.clip((ratio - 0.2) / 0.6, 0, 1), 0)
    return FilledBox(row, label, BoxState.DIGIT, np.round(255 * ink).astype(np.uint8))
