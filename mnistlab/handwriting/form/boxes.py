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
from mnistlab.drawing.photo.morphology import (
    Floats,
    Mask,
    closing,
    connected_components,
    gaussian_blur,
    max_filter,
)
from mnistlab.handwriting.form.homography import Floats as Matrix
from mnistlab.handwriting.form.layout import (
    HEIGHT,
    LEFT,
    N_LABELS,
    N_ROWS,
    ROW,
    TOP,
    WIDTH,
    Rectangle,
    box,
    places,
)

SCALE = 6
"""Pixels per millimeter of the rectified sheet."""
BLUR = 0.8
"""Pixels: removes the camera's noise."""
REACH = 8.0
"""Millimeters: half the width of what counts as ink, which is more than a box that was filled."""
SEARCH = 2.4
"""Millimeters that a box may be away from where the perspective expects it: paper bends."""
MIN_LINE = 12.0
"""Of 255: the contrast that a thin line keeps in a blurred photo."""
INSET = 0.65
"""Millimeters from the middle of a box's line to where the line, blurred, has ended."""
MIN_CONTRAST = 0.3
"""Of a digit's typical contrast; fainter pixels are no ink."""
MIN_SNR, MIN_INK_CONTRAST = 3.5, 8.0
"""Ink is this many times as strong as noise, and has this much of 255."""
MIN_PAPER, MIN_NOISE = 16.0, 0.3
"""Gray levels: darker paper shows nothing, and rounding is noise, too."""
PAPER, INK = 0.2, 0.8
"""Of the strongest ink nearby: up to the one it is paper, from the other on ink."""
MIN_STRENGTH = 0.3
"""Of the form's typical contrast; a box with nothing stronger is empty: ink from the back shows
through, or a pencil was erased.
"""
SHARPENING, SHARPENING_REACH = 4.0, 0.67
"""How much of the difference from the surroundings is added to ink; their size in millimeters."""
SHARPENED_BLUR = 0.7
"""Pixels: removes the noise that sharpening adds."""
MIN_SIZE = 2.2
"""Millimeters; a smaller digit is a speck."""
MIN_INK = 0.04
"""Of a digit's ink; a smaller part is a speck."""
MAX_LEVEL = 15.0
"""Of 255: the contrast that changing light gives paper."""
BLURRED_LINE = 1.3
"""Millimeters from a box's inside that a printed line reaches into it when it is blurred."""
BAND = 0.8
"""Millimeters along a box's edge: what stays in there is the rest of a line."""
MAX_FILLED = 0.55
"""Of a digit's box; more ink than that is a box that was filled."""


class BoxState(StrEnum):
    """What is in a box."""

    DIGIT = "digit"
    EMPTY = "empty"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, eq=False)
class FilledBox:
    """A box: its row, the label of its digit, its state, where its inside is on the rectified
    sheet, in millimeters, and its ink (H, W), 0 for paper.
    """

    row: int
    label: int
    state: BoxState
    inside: Rectangle
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
    paper = np.maximum(closing(gray, round(REACH * SCALE)), MIN_PAPER)
    # Relative to the light on the paper: so it is the same in light and in shadow.
    contrast = (paper - gray) * 255 / paper
    level, noise = _noise(contrast, paper)
    places_of_ink = [
        (inside, _without_lines(contrast[inside] - _level(contrast[inside], level)))
        for inside in _insides(contrast)
    ]
    noises = [noise * 255 / float(np.median(paper[inside])) for inside, _ in places_of_ink]
    digits = [_digit(each, n) for (_, each), n in zip(places_of_ink, noises, strict=True)]
    typical = [
        float(np.percentile(each[digit], 70)) if digit.any() else 0.0
        for (_, each), digit in zip(places_of_ink, digits, strict=True)
    ]
    written = [strength for strength in typical if strength > 0]
    usual = float(np.median(written)) if written else 0.0
    found = []
    for place, (inside, each), digit, strength in zip(
        places(), places_of_ink, digits, typical, strict=True
    ):
        state, ink = BoxState.DIGIT, np.zeros(digit.shape, np.uint8)
        if strength <= MIN_STRENGTH * usual:
            state = BoxState.EMPTY
        elif digit.mean() > MAX_FILLED:
            state = BoxState.UNREADABLE
        else:
            ink = _ink(each, digit, strength)
        found.append(FilledBox(*place, state, _rectangle(*inside), ink))
    return found


def _rectangle(y: slice, x: slice) -> Rectangle:
    """Pixels of a rectified sheet in millimeters."""
    left, top, right, bottom = (n / SCALE for n in (x.start, y.start, x.stop, y.stop))
    return Rectangle(left, top, right - left, bottom - top)


def crop(flat: GrayImage, frame: Rectangle) -> GrayImage:
    """A part of a rectified sheet."""
    x, y = round(frame.x * SCALE), round(frame.y * SCALE)
    return flat[y : y + round(frame.height * SCALE), x : x + round(frame.width * SCALE)]


def _insides(contrast: Floats) -> list[tuple[slice, slice]]:
    """The inside of each box of a rectified sheet (H, W), without its printed lines."""
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


def _noise(contrast: Floats, paper: Floats) -> tuple[float, float]:
    """The contrast of paper without ink on a rectified sheet (H, W), and the standard deviation of
    its noise in gray levels: beside the boxes nothing is printed. The side with more counts.
    """
    rows = slice(round(TOP * SCALE), round((TOP + ROW * N_ROWS) * SCALE))
    # Not as near to the boxes and to the edge as the blur of lines reaches.
    width = round((LEFT - 4) * SCALE)
    levels, noises = [], []
    for columns in (
        slice(2 * SCALE, 2 * SCALE + width),
        slice(-2 * SCALE - width, -2 * SCALE),
    ):
        side = contrast[rows, columns]
        levels.append(float(np.median(side)))
        deviations = np.abs(side - levels[-1]) * paper[rows, columns] / 255
        noises.append(1.48 * float(np.median(deviations)))
    return max(levels), max(noises) + MIN_NOISE


def _level(contrast: Floats, level: float) -> float:
    """The contrast of paper in a box (H, W); `level` is that of the sheet's.

    Where the light changes it differs a little. More than that is ink all over the box.
    """
    return min(float(np.percentile(contrast, 30)), level + MAX_LEVEL)


def _without_lines(contrast: Floats) -> Floats:
    """The contrast (H, W) in a box without what its printed lines, blurred, leave along its edges:
    there, what most of a row or of a column has in common.
    """
    contrast, band = contrast.copy(), round(BLURRED_LINE * SCALE)
    for turned in (contrast, contrast.T):
        for rows in (slice(band), slice(-band, None)):
            common = np.percentile(turned[rows], 40, axis=1, keepdims=True)
            turned[rows] -= np.maximum(common, 0)
    return contrast


def _digit(contrast: Floats, noise: float) -> Mask:
    """The mask (H, W) of the ink in a box with this contrast to its paper, none if there is no
    digit. `noise` is its standard deviation.
    """
    # The strength of ink comes from what is surely above the noise: large connected parts.
    surely = contrast > max(MIN_SNR * noise, MIN_INK_CONTRAST)
    surely = _large_parts(surely, np.where(surely, contrast, 0))
    if max(int(surely.any(axis).sum()) for axis in (0, 1)) < MIN_SIZE * SCALE:
        return np.zeros_like(surely)
    typical = float(np.percentile(contrast[surely], 70))
    inked = contrast > max(MIN_CONTRAST * typical, 3 * noise)
    return _large_parts(inked, np.where(inked, contrast, 0))


def _large_parts(inked: Mask, strength: Floats) -> Mask:
    """The connected parts of ink in a box without specks, and without what is left of a printed
    line, which stays close to the edge.
    """
    components = connected_components(inked)
    sums = components.sums(strength)
    band = round(BAND * SCALE)
    deep = components.sums(np.pad(inked[band:-band, band:-band], band)) > 0
    kept = deep & (sums > MIN_INK * sums[deep].max(initial=0))
    kept[0] = False
    return kept[components.labels]


def _ink(contrast: Floats, digit: Mask, typical: float) -> GrayImage:
    """The ink (H, W) of a digit, as in a photo of one: compared with ink nearby, for pressure
    varies along a stroke.
    """
    # Unsharp masking: what blurs strokes also fills the loops that thick pens leave small.
    sharp = contrast + SHARPENING * (contrast - gaussian_blur(contrast, SHARPENING_REACH * SCALE))
    contrast = np.maximum(gaussian_blur(sharp, SHARPENED_BLUR), 0)
    strength = np.where(digit, contrast, 0)
    size = max(int(digit.any(axis).sum()) for axis in (0, 1))
    around = gaussian_blur(max_filter(gaussian_blur(strength, 1), size // 4), 4)
    ratio = contrast / np.maximum(around, 0.5 * typical)
    ink = np.where(
        ndimage.binary_dilation(digit), np.clip((ratio - PAPER) / (INK - PAPER), 0, 1), 0
    )
    return np.round(255 * ink).astype(np.uint8)
