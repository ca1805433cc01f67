"""Made-up photos of filled forms for `benchmarks/form.py`: a sheet on a desk, written on with one
of three pens, photographed askew with a phone.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scenes import INKS, PAPERS, TABLES, Scene, blend, clouds, light, photograph
from scipy import ndimage

from mnistlab.handwriting.form.layout import (
    BOX_HEIGHT,
    BOX_WIDTH,
    HEIGHT,
    WIDTH,
    Paper,
    box,
    places,
)

PAGE_SCALE = 8
"""Pixels per millimeter of the sheet before it is photographed."""
PENS = {
    "ballpoint": ((0.4, 0.8), ("blue", "black")),
    "felt pen": ((1.0, 2.0), ("black", "blue", "red", "green")),
    "pencil": ((0.4, 0.9), ("pencil",)),
}
"""Widths in millimeters, and inks."""
SIZES = (0.45, 0.85)
"""Of a box's height; each writer's digits are about as large."""
EMPTY, OVER = 0.04, 0.03
"""Boxes that stay empty; digits that may cross a line by a millimeter."""
LONG_SIDES = (1600, 3200)
"""Pixels of the photo."""
MAX_TILT = 32
"""Degrees between the camera's axis and the normal of the paper."""
FOCAL = 0.75
"""Of the photo's longer side, as a phone's main camera."""
MAX_BEND = 1.2
"""Millimeters by which paper that does not lie flat seems to be elsewhere."""

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FilledForm:
    """A photo (JPEG) of a form, and which digit was written in each box in reading order, None for
    an empty one; the rest says what is where in it.
    """

    content: bytes
    digits: list[dict[str, Any] | None]
    paper: Paper
    camera: NDArray[np.float64]
    bend: NDArray[np.float64]
    size: tuple[int, int]

    def distances(self, middles: Points) -> Points:
        """How many millimeters (100,) each box is from a place (100, 2) in the photo, in parts of
        its width and height.
        """
        seen = _project(np.linalg.inv(self.camera), middles * self.size)
        offset = (np.array(self.paper.size) - [WIDTH, HEIGHT]) / 2
        true = np.array([box(*place).center for place in places()]) + offset
        distances: Points = np.hypot(*(seen + _at(self.bend, seen) - true).T)
        return distances


def filled_form(
    digits: list[dict[str, Any]], pen: str, paper: Paper, generator: np.random.Generator
) -> FilledForm:
    """A form that one writer with these digits has filled."""
    chosen = _chosen(digits, generator)
    page = _written(chosen, pen, paper, generator)
    long_side = round(math.exp(generator.uniform(*np.log(LONG_SIDES))))
    ratio = generator.choice([0.75, 4 / 3])
    width, height = round(long_side * min(1, ratio)), round(long_side * min(1, 1 / ratio))
    camera = _camera(paper, width, height, generator)
    bend = _bend(generator)
    picture = _seen(page, camera, bend, paper, width, height, generator)
    shadow = Scene("plain", 0.04, "black", shadow=bool(generator.random() < 0.5))
    lit = picture * light(shadow, width, height, generator)[..., None]
    content = photograph(lit.astype(np.float32), min(long_side, 1280), generator)
    return FilledForm(content, chosen, paper, camera, bend, (width, height))


def _chosen(
    digits: list[dict[str, Any]], generator: np.random.Generator
) -> list[dict[str, Any] | None]:
    """A digit of the right label for each box, or none; each is used again only if it must be."""
    by_label = [
        generator.permutation([n for n, digit in enumerate(digits) if digit["label"] == label])
        for label in range(10)
    ]
    return [
        None
        if generator.random() < EMPTY or not len(by_label[label])
        else digits[by_label[label][row % len(by_label[label])]]
        for row, label in places()
    ]


def _written(
    digits: list[dict[str, Any] | None], pen: str, paper: Paper, generator: np.random.Generator
) -> NDArray[np.float32]:
    """The filled page (H, W, 3) from straight above in even light."""
    from mnistlab.drawing.strokes import render_preview
    from mnistlab.handwriting.form.printed import INCH, render

    printed = np.asarray(render(paper, PAGE_SCALE * INCH), np.float32)
    height, width = printed.shape
    color = np.array(PAPERS[generator.integers(3)], np.float32)
    page: NDArray[np.float32] = np.ones((height, width, 3), np.float32) * color
    page *= 1 + 0.015 * clouds(width, height, 0.1, generator)[..., None]
    toner = generator.uniform(0.75, 1)
    blend(page, (28, 28, 28), toner * (1 - printed / 255))
    thick, inks = PENS[pen]
    thickness, size = generator.uniform(*thick), generator.uniform(*SIZES)
    cover = np.zeros((height, width), np.float32)
    left, top = (np.array(paper.size) - [WIDTH, HEIGHT]) / 2
    for (row, label), digit in zip(places(), digits, strict=True):
        if digit is None:
            continue
        frame = box(row, label)
        lines = _in_box(
            digit["strokes"], size * generator.uniform(0.85, 1.15), thickness, generator
        )
        # Two millimeters around the box, for digits that cross its lines.
        x, y = (round((a + b - 2) * PAGE_SCALE) for a, b in ((left, frame.x), (top, frame.y)))
        w, h = (round((side + 4) * PAGE_SCALE) for side in (BOX_WIDTH, BOX_HEIGHT))
        drawn = render_preview(
            [(line + 2) * PAGE_SCALE for line in lines], thickness * PAGE_SCALE, w, h
        )
        np.maximum(
            cover[y : y + h, x : x + w], drawn / np.float32(255), out=cover[y : y + h, x : x + w]
        )
    # A pen presses unevenly; pencil is fainter and leaves the paper's grain free.
    cover *= 1 - generator.uniform(0, 0.25) * (0.5 + 0.5 * clouds(width, height, 0.01, generator))
    if pen == "pencil":
        grain = clouds(width, height, 1.5 / max(width, height), generator)
        cover *= generator.uniform(0.6, 1) * np.clip(0.75 + 0.35 * grain, 0, 1)
    blend(page, INKS[str(generator.choice(inks))], cover)
    return page


def _in_box(
    strokes: list[list[list[float]]],
    size: float,
    thickness: float,
    generator: np.random.Generator,
) -> list[Points]:
    """A digit's strokes in millimeters from its box's corner."""
    lines = [np.asarray(stroke, np.float64).reshape(-1, 2) for stroke in strokes]
    whole = np.concatenate(lines)
    low, extent = whole.min(0), np.maximum(np.ptp(whole, axis=0), 1e-9)
    # Inside the lines by half a pen, or over one of them.
    over = 1.0 if generator.random() < OVER else -thickness - 0.8
    free = np.array([BOX_WIDTH, BOX_HEIGHT]) + over
    scale = min(size * BOX_HEIGHT / extent.max(), float((free / extent).min()))
    room = free - extent * scale
    corner = (np.array([BOX_WIDTH, BOX_HEIGHT]) - free) / 2
    corner = corner + room * np.clip(generator.normal(0.5, 0.2, 2), 0, 1)
    return [(line - low) * scale + corner for line in lines]


def _camera(
    paper: Paper, width: int, height: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """The homography (3, 3) from the page's millimeters to the photo's pixels of a pinhole camera
    that is tilted, up to 20° from upright, upside down or sideways, and sees the whole page.
    """
    page = np.array(paper.size)
    tilt = math.radians(generator.uniform(0, MAX_TILT))
    turn, roll = generator.uniform(0, 2 * math.pi), generator.uniform(-20, 20)
    # Upright or upside down as the picture is; a page across the picture would be small in it.
    upright = (page[0] < page[1]) == (width < height)
    roll = math.radians(roll + 180 * generator.integers(2) + 90 * (not upright))
    rotation = _about_z(roll) @ _about_z(turn) @ _about_x(tilt) @ _about_z(-turn)
    focal = FOCAL * max(width, height)
    corners = (np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) - 0.5) * page
    fill = generator.uniform(0.78, 0.96)
    # As near as the page still fills no more than that part of the picture.
    near, far = float(max(page)) / 2, 20.0 * max(page)
    for _ in range(60):
        distance = (near + far) / 2
        matrix = _pinhole(rotation, distance, focal)
        seen = _project(matrix, corners)
        extent = np.ptp(seen, axis=0)
        if (extent > fill * np.array([width, height])).any():
            near = distance
        else:
            far = distance
    matrix = _pinhole(rotation, far, focal)
    seen = _project(matrix, corners)
    # Moved such that the page is somewhere in the picture.
    room = np.array([width, height]) - np.ptp(seen, axis=0)
    shift = room * generator.uniform(0.2, 0.8, 2) - seen.min(0)
    to_picture = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]])
    from_corner = np.array([[1, 0, -page[0] / 2], [0, 1, -page[1] / 2], [0, 0, 1]])
    result: NDArray[np.float64] = to_picture @ matrix @ from_corner
    return result


def _about_z(angle: float) -> NDArray[np.float64]:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def _about_x(angle: float) -> NDArray[np.float64]:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _pinhole(rotation: Points, distance: float, focal: float) -> NDArray[np.float64]:
    """The homography of the plane z = 0: the camera's matrix times rotation and translation."""
    intrinsic = np.diag([focal, focal, 1.0])
    plane: NDArray[np.float64] = np.column_stack([rotation[:, 0], rotation[:, 1], [0, 0, distance]])
    result: NDArray[np.float64] = intrinsic @ plane
    return result


def _project(matrix: NDArray[np.floating[Any]], points: NDArray[np.floating[Any]]) -> Points:
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    result: Points = mapped[:, :2] / mapped[:, 2:]
    return result


def _bend(generator: np.random.Generator) -> NDArray[np.float64]:
    """Waves (2, 4): for x and y, the amplitude in millimeters, the two wave numbers, the phase."""
    return np.stack(
        [
            np.array(
                [
                    generator.uniform(0, MAX_BEND),
                    *generator.uniform(-1, 1, 2) * 2 * math.pi / 300,
                    generator.uniform(0, 2 * math.pi),
                ]
            )
            for _ in range(2)
        ]
    )


def _at(bend: NDArray[np.float64], points: Points) -> Points:
    """What the bend adds (N, 2) to points (N, 2) of the page."""
    return np.stack([a * np.sin(points @ [k, m] + p) for a, k, m, p in bend], 1)


def _seen(
    page: NDArray[np.float32],
    camera: NDArray[np.float64],
    bend: NDArray[np.float64],
    paper: Paper,
    width: int,
    height: int,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """The page on a desk (height, width, 3) as the camera sees it in even light."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    flat = _project(np.linalg.inv(camera), np.stack([x.ravel(), y.ravel()], 1))
    flat = flat + _at(bend, flat)
    on_paper = ((flat >= 0) & (flat <= paper.size)).all(1).reshape(height, width)
    rows, columns = flat[:, 1] * PAGE_SCALE - 0.5, flat[:, 0] * PAGE_SCALE - 0.5
    desk = np.array(TABLES[generator.integers(len(TABLES))], np.float32)
    picture = desk * (1 + 0.15 * clouds(width, height, 0.02, generator)[..., None])
    for channel in range(3):
        values = ndimage.map_coordinates(
            page[..., channel], [rows, columns], order=1, mode="nearest"
        ).reshape(height, width)
        picture[..., channel] = np.where(on_paper, values, picture[..., channel])
    return picture.astype(np.float32)
