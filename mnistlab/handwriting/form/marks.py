"""Find the four marks of the form in a photo, at any rotation and tilt."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage

from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.photo.line_removal import local_contrast
from mnistlab.drawing.photo.morphology import Floats, Mask, connected_components
from mnistlab.handwriting.form.homography import Floats as Matrix
from mnistlab.handwriting.form.homography import area_scale, homography
from mnistlab.handwriting.form.layout import CORNERS, MARK, MARKS

MAX_HALF_MARK = 0.03
"""Of the photo's longer side: half a mark's side, if the sheet fills the photo."""
MIN_MARK = 9
"""Pixels of a mark's shorter side."""
MIN_CONTRAST = 90.0
"""Of 255, as `local_contrast` has it: print is much darker than paper, also in a shadow."""
MIN_SOLID = 0.55
"""Of a mark's area, with its holes: what is black. A box's lines are less."""
MIN_HOLE = 0.015
"""Of a mark's area: a smaller hole is noise. A whole one is 0.06, less when blurred."""
SQUARE, TOLERANCE = 1 / 144, 0.12
"""The affine moment invariant of squares and parallelograms; that of disks is 9% below it, that of
triangles a third above."""
MAX_CANDIDATES = 5
"""Marks with the same number of holes; others on the desk are unlikely."""
MIN_AREA = 0.1
"""Of the largest mark's area."""
MAX_AREA_RATIO = 1.7
"""Between a mark's area and what the perspective of all four says it is."""


@dataclass(frozen=True)
class Mark:
    """A mark in a photo: its number of holes, its center and its area in the photo's pixels."""

    number: int
    center: tuple[float, float]
    area: float


def find_sheet(gray: Floats) -> Matrix:
    """The homography (3, 3) from the sheet's millimeters to the pixels of a photo (H, W).

    Pixel (0, 0) reaches from 0 to 1. Raises DigitError that says which marks are missing.
    """
    candidates: dict[int, list[Mark]] = {number: [] for number in MARKS}
    for mark in _find_marks(gray):
        candidates[mark.number].append(mark)
    # Tilted, the nearest mark is some times as large as the farthest; what is smaller is print.
    largest_area = max((m.area for marks in candidates.values() for m in marks), default=0.0)
    candidates = {
        number: [mark for mark in marks if mark.area >= MIN_AREA * largest_area]
        for number, marks in candidates.items()
    }
    missing = [number for number, marks in candidates.items() if not marks]
    if missing:
        raise _missing_error(missing)
    largest = [
        sorted(marks, key=lambda m: -m.area)[:MAX_CANDIDATES] for marks in candidates.values()
    ]
    fits = [fit for marks in product(*largest) if (fit := _fit(marks))]
    if not fits:
        raise _missing_error(list(MARKS))
    return min(fits, key=lambda fit: fit[0])[1]


def _missing_error(missing: list[int]) -> DigitError:
    """What to do if marks were not found."""
    advice = "Photograph the whole sheet from above, flat, sharp and in even light."
    n_found = len(MARKS) - len(missing)
    if n_found == 0:
        return DigitError(f"No form found in the photo: it shows no corner marks. {advice}")
    corners = ", ".join(CORNERS[number] for number in missing)
    return DigitError(
        f"Only {n_found} of the 4 corner marks were found (missing: {corners}). {advice}"
    )


def _fit(marks: tuple[Mark, ...]) -> tuple[float, Matrix] | None:
    """The homography from the sheet through four marks, after its largest error of a mark's area;
    None if they are not the marks of one flat sheet.
    """
    sheet = np.array([MARKS[mark.number].center for mark in marks])
    try:
        matrix = homography(sheet, np.array([mark.center for mark in marks]))
    except np.linalg.LinAlgError:
        return None
    # A sheet in front of the camera is seen from one side everywhere.
    expected = area_scale(matrix, sheet) * MARK**2
    if not (np.all(expected > 0) or np.all(expected < 0)):
        return None
    error = np.abs(np.log(np.array([mark.area for mark in marks]) / np.abs(expected))).max()
    return (float(error), matrix) if error < math.log(MAX_AREA_RATIO) else None


def _find_marks(gray: Floats) -> Iterator[Mark]:
    """Whatever looks like a mark in a photo (H, W)."""
    reach = round(MAX_HALF_MARK * max(gray.shape))
    dark = local_contrast(gray, reach) > MIN_CONTRAST
    components = connected_components(dark)
    boxes = components.boxes()
    sizes = boxes[:, 2:] - boxes[:, :2]
    # Twice as long as wide at most: tilted by 60°; a square on its corner is 1.4 times as wide.
    possible = (sizes.min(1) >= MIN_MARK) & (sizes.max(1) <= 3 * reach)
    possible &= sizes.max(1) <= 2.2 * sizes.min(1)
    for label in np.flatnonzero(possible):
        if label == 0:
            continue
        top, left, bottom, right = boxes[label].tolist()
        mark = _mark(components.labels[top:bottom, left:right] == label)
        if mark:
            x, y = mark.center
            yield Mark(mark.number, (x + left, y + top), mark.area)


def _mark(own: Mask) -> Mark | None:
    """The mark that a component (H, W) is; None if it is none."""
    filled = ndimage.binary_fill_holes(own)
    area = float(filled.sum())
    if own.sum() < MIN_SOLID * area:
        return None
    # A parallelogram: det(covariance) / area² is the same for all of them (J. Flusser, T. Suk,
    # "Pattern recognition by affine moment invariants", 1993).
    y, x = np.nonzero(filled)
    invariant = float(np.linalg.det(np.cov(x, y, bias=True))) / area**2
    if abs(invariant / SQUARE - 1) > TOLERANCE:
        return None
    holes = connected_components(filled & ~own)
    number = int((holes.sums(filled & ~own) >= MIN_HOLE * area).sum())
    if number not in MARKS:
        return None
    return Mark(number, (float(x.mean()) + 0.5, float(y.mean()) + 0.5), area)
