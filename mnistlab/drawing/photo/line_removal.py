"""The lines that are printed on paper, found and taken out from under what was written on it."""

import numpy as np
from scipy import ndimage

from mnistlab.drawing.photo.morphology import (
    Floats,
    Mask,
    closing,
    connected_components,
    max_filter,
)

THICKEST = 0.02
"""Of the picture's shorter side: half of what a printed line may be thick."""
LENGTH = 0.55
"""Of the picture: a line is longer; it begins at the picture's edge."""
BLUR = 6
"""Pixels along the line, to each side, that are averaged to see it in noise."""
FALL = 5
"""A line may rise or fall by one pixel in so many: 11°, for paper that lies askew."""
GAP = 6
"""How much longer a line must be for each pixel that is missing in it."""
WRITTEN = 50.0
"""Of 255: what is so much darker than the paper may hide a line."""
STRONGER = 1.8
"""Ink on a line is so much darker than the line."""


def remove_ruled_lines(colors: Floats) -> Floats:
    """Colors (3, H, W), dark on light, without printed lines along or across the picture.

    A line is taken out by a closing across it: what goes on above and below it stays.
    """
    gray = colors.mean(0)
    short = min(gray.shape)
    reach = max(3, round(THICKEST * short))
    # What is as narrow as a line, in units that noise is measured in (robustly: most is paper).
    contrast = contrasted(gray, reach + 1)
    contrast -= np.median(contrast)
    noise = 1.48 * float(np.median(np.abs(contrast))) + 1.5
    # Under broad dark strokes a line may go on unseen.
    written = contrasted(gray, round(0.1 * short)) > WRITTEN
    hidden = max_filter(written.astype(np.float32), reach) > 0
    lines = [
        _lines(contrast, hidden, noise, reach),
        _lines(contrast.T, hidden.T, noise, reach).T,
    ]
    for across, mask in zip((-2, -1), lines, strict=True):
        if mask.any():
            # Where ink crosses the line it is darker than the line, and stays.
            usual = float(np.median(contrast[mask]))
            beside = ndimage.binary_dilation(mask, iterations=2)
            weak = beside & (contrast < STRONGER * usual + 2 * noise)
            colors = np.where(weak, closing(colors, reach, (across,)), colors)
    return colors


def contrasted(gray: Floats, reach: int) -> Floats:
    """How much darker than what surrounds it, 0–255, all is that is narrower than 2 · `reach` + 1.

    In parts of the paper's own brightness, so that it is the same in light and in shadow.
    """
    paper = closing(gray, reach)
    return ((paper - gray) * 255 / np.maximum(paper, 16)).astype(np.float32)


def _lines(contrast: Floats, hidden: Mask, noise: float, reach: int) -> Mask:
    """Where (H, W) there are lines from left to right."""
    # A line is a ridge of what is averaged along it.
    along = ndimage.uniform_filter1d(contrast, 2 * BLUR + 1, mode="nearest")
    ridge = (along > noise) & (along > 0.5 * max_filter(along, reach, (-2,)))
    # In a line's favor, against it, or neither.
    points = np.where(ridge, 1, np.where(hidden, 0, -GAP)).astype(np.float32)
    # The best path through a pixel is the best one to it and the best one from it.
    through = _best(points) + _best(points[:, ::-1])[:, ::-1] - points
    line = ridge & (through >= LENGTH * contrast.shape[1])
    # Of what hangs together, a printed line is thin and begins at the picture's edge.
    found = connected_components(line)
    tops = line & ~np.pad(line, ((1, 0), (0, 0)))[:-1]
    thin = found.sums(line) <= 2 * reach * found.sums(tops)
    at_edge = np.zeros_like(thin)
    at_edge[found.labels[:, [*range(4), *range(-4, 0)]]] = True
    return (at_edge & thin & (np.arange(found.count + 1) > 0))[found.labels]


def _best(points: Floats) -> Floats:
    """The most points (H, W) of a nearly level path from anywhere on the left to each pixel."""
    best = np.empty_like(points)
    sum_so_far = np.zeros(len(points), np.float32)
    for column in range(points.shape[1]):
        # Every few columns a path may move on by a row.
        if column % FALL == 0:
            sum_so_far = ndimage.maximum_filter1d(sum_so_far, 3)
        sum_so_far = np.maximum(sum_so_far + points[:, column], 0)
        best[:, column] = sum_so_far
    return best
