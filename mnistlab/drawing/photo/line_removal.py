"""Remove the printed lines of ruled or squared paper, without the ink that crosses them."""

import numpy as np
from scipy import ndimage

from mnistlab.drawing.photo.morphology import (
    Floats,
    Mask,
    closing,
    connected_components,
    max_filter,
)

MAX_HALF_WIDTH = 0.02
"""Half the largest width of a printed line, as a fraction of the image's shorter side."""
MIN_LENGTH = 0.55
"""Fraction of the image that a printed line crosses, starting at the image's edge."""
BLUR = 6
"""Pixels to each side along the line that are averaged against noise."""
SLOPE_STEP = 5
"""A line may rise or fall by one pixel in this many: 11°, for rotated paper."""
GAP_PENALTY = 6
"""Extra pixels of length required for each missing pixel of a line."""
INK_CONTRAST = 50.0
"""Of 255: ink this much darker than the paper may hide a line."""
INK_RATIO = 1.8
"""Ink on a line has at least this many times the line's contrast."""


def remove_ruled_lines(colors: Floats) -> Floats:
    """Colors (3, H, W), dark on light, without horizontal or vertical printed lines.

    A closing across a line removes it, but not the ink that continues on both sides of it.
    """
    gray = colors.mean(0)
    short = min(gray.shape)
    reach = max(3, round(MAX_HALF_WIDTH * short))
    # Contrast of features as narrow as a line. Noise is estimated robustly: most pixels are paper.
    contrast = local_contrast(gray, reach + 1)
    contrast -= np.median(contrast)
    noise = 1.48 * float(np.median(np.abs(contrast))) + 1.5
    # A line may be hidden under wide dark strokes.
    written = local_contrast(gray, round(0.1 * short)) > INK_CONTRAST
    hidden = max_filter(written.astype(np.float32), reach) > 0
    lines = [
        _lines(contrast, hidden, noise, reach),
        _lines(contrast.T, hidden.T, noise, reach).T,
    ]
    for across, mask in zip((-2, -1), lines, strict=True):
        if mask.any():
            # Ink that crosses the line, or lies on it, is darker than the line, and stays.
            usual = _line_contrast(contrast, mask, noise, max_filter(contrast, reach, (across,)))
            near = ndimage.binary_dilation(mask, iterations=2)
            weak = near & (contrast < INK_RATIO * usual + 2 * noise)
            colors = np.where(weak, closing(colors, reach, (across,)), colors)
    return colors


def _line_contrast(contrast: Floats, mask: Mask, noise: float, highest: Floats) -> float:
    """The usual contrast of printed lines in their mask (H, W); `highest`: the highest contrast
    across each.

    The median, unless ink lies on most of the lines, as in a small crop: then the median would be
    ink to their bare parts, and is theirs alone.
    """
    usual = float(np.median(contrast[mask]))
    if usual < INK_CONTRAST:
        return usual
    # One value for each place along a line, for ink is wider. It seldom covers all but a fifth.
    centers = contrast[mask & (contrast >= highest)]
    least = float(np.percentile(centers, 20))
    bare = float(np.median(centers[centers <= INK_RATIO * least + 2 * noise]))
    return bare if usual > INK_RATIO * bare + 2 * noise else usual


def local_contrast(gray: Floats, reach: int) -> Floats:
    """The contrast (0–255) of dark features narrower than 2 · `reach` + 1 to their surroundings.

    Relative to the brightness of the paper, so it is the same in light and in shadow.
    """
    paper = closing(gray, reach)
    return ((paper - gray) * 255 / np.maximum(paper, 16)).astype(np.float32)


def _lines(contrast: Floats, hidden: Mask, noise: float, reach: int) -> Mask:
    """The mask (H, W) of lines from left to right."""
    # A line is a ridge of the contrast averaged along it.
    along = ndimage.uniform_filter1d(contrast, 2 * BLUR + 1, mode="nearest")
    ridge = (along > noise) & (along > 0.5 * max_filter(along, reach, (-2,)))
    # Points for a line, against it, or neither where it may be hidden.
    points = np.where(ridge, 1, np.where(hidden, 0, -GAP_PENALTY)).astype(np.float32)
    # The best path through a pixel: the best path to it plus the best path from it.
    through = _best(points) + _best(points[:, ::-1])[:, ::-1] - points
    line = ridge & (through >= MIN_LENGTH * contrast.shape[1])
    # A connected component is a printed line if it is thin and starts at the image's edge.
    components = connected_components(line)
    tops = line & ~np.pad(line, ((1, 0), (0, 0)))[:-1]
    thin = components.sums(line) <= 2 * reach * components.sums(tops)
    at_edge = np.zeros_like(thin)
    at_edge[components.labels[:, [*range(4), *range(-4, 0)]]] = True
    return (at_edge & thin & (np.arange(components.count + 1) > 0))[components.labels]


def _best(points: Floats) -> Floats:
    """The best score (H, W) of a nearly horizontal path from the left to each pixel."""
    best = np.empty_like(points)
    sum_so_far = np.zeros(len(points), np.float32)
    for column in range(points.shape[1]):
        # Every few columns a path may move by one row.
        if column % SLOPE_STEP == 0:
            sum_so_far = ndimage.maximum_filter1d(sum_so_far, 3)
        sum_so_far = np.maximum(sum_so_far + points[:, column], 0)
        best[:, column] = sum_so_far
    return best
