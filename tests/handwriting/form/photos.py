"""Photos of filled forms: digits drawn on the printed page, which is seen from somewhere."""

import io
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from mnistlab.handwriting.form.homography import Floats, homography, project
from mnistlab.handwriting.form.layout import HEIGHT, WIDTH, Paper, Rectangle, box, places
from mnistlab.handwriting.form.printed import INCH, render
from tests.drawn_digits import DIGITS

SCALE = 6
"""Pixels per millimeter of the page."""
DESK = 90
EMPTY, FILLED = (2, 3), (7, 5)
"""Row and label of the box that stays empty, and of the one that is filled with ink."""
# The page's corners in the photo, in hundreds of pixels: top left, top right, bottom right, left.
STRAIGHT = ((1, 1), (11, 1), (11, 15.1), (1, 15.1))
ASKEW = ((2.2, 1.5), (10.1, 0.6), (11.5, 14.5), (0.4, 13.4))
UPSIDE_DOWN = tuple((12 - x, 16 - y) for x, y in ASKEW)
SIDEWAYS = tuple((16 - y, x) for x, y in ASKEW)
MIRRORED = tuple((12 - x, y) for x, y in ASKEW)
VIEWS = (STRAIGHT, ASKEW, UPSIDE_DOWN, SIDEWAYS, MIRRORED)

Corners = Sequence[Sequence[float]]


def margin(paper: Paper) -> tuple[float, float]:
    """The sheet's corner on the page, in millimeters."""
    return (paper.size[0] - WIDTH) / 2, (paper.size[1] - HEIGHT) / 2


@cache
def filled_page(paper: Paper = Paper.A4, rows: int = 10) -> Image.Image:
    """The page with a digit in each box of some rows, but for EMPTY and FILLED."""
    page = render(paper, SCALE * INCH)
    pen, (left, top) = ImageDraw.Draw(page), margin(paper)
    for row, label in places():
        frame = box(row, label)
        x, y = left + frame.x, top + frame.y
        if (row, label) == EMPTY or row >= rows:
            continue
        if (row, label) == FILLED:
            corners = (x + 0.5, y + 0.5, x + frame.width - 0.5, y + frame.height - 0.5)
            pen.rectangle([n * SCALE for n in corners], 40)
            continue
        # The drawn digits lie in a square of 280; here it is 13 mm wide.
        for stroke in DIGITS[label]:
            points = [
                ((x + a * 13 / 280) * SCALE, (y + 1 + b * 13 / 280) * SCALE) for a, b in stroke
            ]
            pen.line(points, 40, round(0.7 * SCALE), "curve")
    return page


def view(paper: Paper, corners: Corners) -> Floats:
    """The homography from the sheet's millimeters to the photo's pixels."""
    width, height = paper.size
    page = np.array([(0, 0), (width, 0), (width, height), (0, height)]) - margin(paper)
    return homography(page, 100 * np.array(corners, np.float64))


def photo(
    page: Image.Image,
    corners: Corners = ASKEW,
    paper: Paper = Paper.A4,
    light: Callable[[Floats, Floats], Floats] | None = None,
) -> bytes:
    """The photo of a page on a desk; `light`: how bright it is at x and y, 0 to 1."""
    width, height = (round(100 * (max(c[axis] for c in corners) + 0.5)) for axis in (0, 1))
    size = width, height
    to_page = np.diag([SCALE, SCALE, 1.0]) @ _shift(paper) @ np.linalg.inv(view(paper, corners))
    coefficients = (to_page / to_page[2, 2]).reshape(9)[:8].tolist()
    seen = page.transform(
        size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR, fillcolor=DESK
    )
    pixels = np.asarray(seen, np.float64)
    if light:
        y, x = np.mgrid[: size[1], : size[0]]
        pixels = pixels * light(x / size[0], y / size[1])
    out = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, "JPEG", quality=85)
    return out.getvalue()


def _shift(paper: Paper) -> Floats:
    left, top = margin(paper)
    return np.array([[1, 0, left], [0, 1, top], [0, 0, 1]])


def middle(frame: Rectangle, paper: Paper, corners: Corners) -> Floats:
    """Where the middle of a rectangle of the sheet is in the photo, in pixels."""
    result: Floats = project(view(paper, corners), np.array([frame.center]))[0]
    return result
