"""The center lines of ink as pen strokes, so that a photo can be saved like a drawing."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from mnistlab.data.thinning import NEIGHBORS, thin
from mnistlab.pen.raster import GrayImage

Point = tuple[int, int]

SIDE = 140
"""Pixels of the longer side at which lines are thinned: half the canvas, enough for any digit."""


def center_lines(ink: GrayImage) -> list[list[list[float]]]:
    """The center lines of ink (H, W) as strokes of points [x, y], in the ink's own pixels."""
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return []
    cropped = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = SIDE / max(cropped.shape)
    height, width = (max(1, round(length * scale)) for length in cropped.shape)
    resized = Image.fromarray(cropped).resize((width, height), Image.Resampling.BILINEAR)
    skeleton = thin(np.pad(np.asarray(resized) > 127, 1))
    return [
        [
            [float(columns[0] + (x - 0.5) / scale), float(rows[0] + (y - 0.5) / scale)]
            for y, x in line
        ]
        for line in _trace({(int(y), int(x)) for y, x in np.argwhere(skeleton)})
    ]


def _trace(pixels: set[Point]) -> Iterator[list[Point]]:
    """Lines through all the pixels of a skeleton: from ends and junctions, then closed ones."""
    links = {pixel: _links(pixel, pixels) for pixel in pixels}
    nodes = sorted(pixel for pixel in pixels if len(links[pixel]) != 2)
    for start in (*nodes, *sorted(pixels)):
        if start in nodes and not links[start]:
            yield [start]
        while links[start]:
            line = [start]
            while links[line[-1]]:
                here = line[-1]
                there = links[here].pop()
                links[there].discard(here)
                line.append(there)
                if there in nodes:
                    break
            yield line


def _links(pixel: Point, pixels: set[Point]) -> set[Point]:
    """The neighbors of a pixel, without the diagonal ones that a straight one leads to."""
    y, x = pixel
    straight = {(y + a, x + b) for a, b in NEIGHBORS if not (a and b)} & pixels
    diagonal = {
        (y + a, x + b)
        for a, b in NEIGHBORS
        if a and b and (y + a, x) not in straight and (y, x + b) not in straight
    }
    return straight | (diagonal & pixels)
