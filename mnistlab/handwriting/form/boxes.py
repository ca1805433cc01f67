"""What is in each box of a rectified form, and the ink of its digit.

The ink is compared with the paper around it, once for all boxes.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import ndimage

from mnistlab.drawing.photo.morphology import (
    Floats,
    Mask,
    closing,
    connected_components,
    gaussian_blur,
    max_filter,
)
from mnistlab.handwriting.form.layout import LEFT, N_ROWS, ROW, TOP, Rectangle, places
from mnistlab.handwriting.form.rectified import INSET, SCALE, find_insides
from mnistlab.pen.raster import GrayImage

BLUR = 0.8
"""Pixels: removes the camera's noise."""
REACH = 3.0
"""Millimeters: ink is narrower than twice that; what is wider is a shadow."""
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
LINE_VARIATION = 1.5
"""Between what the lines of the median box leave and of any other."""
FILLED_LIGHT = 0.6
"""Of the light of paper: a box that is filled with ink has less."""
BAND = 0.4
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


def find_boxes(flat: GrayImage) -> list[FilledBox]:
    """The boxes of a rectified sheet, in reading order."""
    gray = gaussian_blur(flat.astype(np.float32), BLUR)
    paper: Floats = np.maximum(closing(gray, round(REACH * SCALE)), np.float32(MIN_PAPER))
    # Relative to the light on the paper: so it is the same in light and in shadow.
    contrast: Floats = (paper - gray) * np.float32(255) / paper
    level, noise = _noise(contrast, paper)
    insides = find_insides(contrast)
    boxes = [contrast[inside] - _level(contrast[inside], level) for inside in insides]
    _remove_lines(boxes)
    noises = [noise * 255 / float(np.median(paper[inside])) for inside in insides]
    digits = [_digit(each, n) for each, n in zip(boxes, noises, strict=True)]
    typical = [
        float(np.percentile(each[digit], 70)) if digit.any() else 0.0
        for each, digit in zip(boxes, digits, strict=True)
    ]
    written = [strength for strength in typical if strength > 0]
    usual = float(np.median(written)) if written else 0.0
    found = []
    for place, inside, each, digit, strength in zip(
        places(), insides, boxes, digits, typical, strict=True
    ):
        state, ink = BoxState.DIGIT, np.zeros(digit.shape, np.uint8)
        if digit.mean() > MAX_FILLED or _is_filled(gray, *inside):
            state = BoxState.UNREADABLE
        elif strength <= MIN_STRENGTH * usual:
            state = BoxState.EMPTY
        else:
            ink = _ink(each, digit, strength)
        found.append(FilledBox(*place, state, _rectangle(*inside), ink))
    return found


def _rectangle(y: slice, x: slice) -> Rectangle:
    """Pixels of a rectified sheet in millimeters."""
    left, top, right, bottom = (n / SCALE for n in (x.start, y.start, x.stop, y.stop))
    return Rectangle(left, top, right - left, bottom - top)


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


def _remove_lines(boxes: list[Floats]) -> None:
    """Remove from the contrast in each box (H, W) what its printed lines, blurred, leave along its
    edges: there, what most of a row or of a column has in common, as far as all boxes have it.

    More is a stroke along the edge.
    """
    band = round(BLURRED_LINE * SCALE)
    for side in (slice(band), slice(-1, -1 - band, -1)):
        for axis in (0, 1):
            strips = [(each if axis == 0 else each.T)[side] for each in boxes]
            common = np.array([np.percentile(strip, 40, axis=1) for strip in strips])
            limit = LINE_VARIATION * np.maximum(np.median(common, axis=0), 0)
            for strip, own in zip(strips, common, strict=True):
                strip -= np.clip(own, 0, limit)[:, None]


def _is_filled(gray: Floats, y: slice, x: slice) -> bool:
    """Whether most of a box of a rectified sheet (H, W) is much darker than the paper to its left
    and right.
    """
    near, far = round((INSET + 0.6) * SCALE), round((INSET + 1.8) * SCALE)
    beside = gray[y, x.start - far : x.start - near], gray[y, x.stop + near : x.stop + far]
    paper = max(float(np.median(strip)) for strip in beside)
    return float(np.median(gray[y, x])) < FILLED_LIGHT * paper


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
    parts: Mask = kept[components.labels]
    return parts


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
