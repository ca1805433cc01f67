"""Synthetic handwriting: random drawings of the digit variants, as MNIST has its images.

A drawing takes a variant's points from their ranges, bends the plane that they lie on, joins them
by smooth curves, slants and stretches the whole and lets the hand tremble. From there on it is a
drawing like any other: the same function as for what people draw makes the image.
"""

from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnistlab.pen.digit_variants import VARIANTS, Variant
from mnistlab.pen.raster import SIDE, GrayImage, digit_image

POOL_SIZE = 3000
"""Different images of each digit; a training draws from them, each newly augmented."""

# A digit is 100 units high; the standard deviations of what varies from drawing to drawing.
JITTER = 1.6
"""Units, of each point of a variant."""
BEND = 5.0
"""Units, of the waves that bend the plane."""
WAVES = 2
BEND_FREQUENCIES = (0.003, 0.017)
"""Periods per unit: from a third of a wave over the whole digit to almost two."""
STRETCH = 0.2
"""Of the logarithm of the width."""
SLANT_MEAN, SLANT_SD, SLANT_RANGE = 0.12, 0.2, (-0.35, 0.7)
"""Units to the right per unit upwards."""
MAX_TREMOR = 1.2
"""Units: the largest standard deviation of a point's noise within one drawing."""

CURVE_POINTS = 6
"""Points of a curve for each of its control points."""
MIN_STEP = 1e-3
"""Units: two points closer than this would make a knot interval of 0."""

Points = NDArray[np.float64]


def synthetic_digit(label: int, number: int) -> GrayImage:
    """Image `number` of a digit's POOL_SIZE, (28, 28) uint8: always the same, and kept."""
    images, is_drawn = _pool(label)
    if not is_drawn[number]:
        generator = np.random.default_rng((label, number))
        variants = VARIANTS[label]
        weights = np.array([variant.weight for variant in variants])
        variant = variants[generator.choice(len(variants), p=weights / weights.sum())]
        images[number] = digit_image(draw_variant(variant, generator))
        is_drawn[number] = True
    # Every caller gets the same pixels.
    image: GrayImage = images[number]
    image.setflags(write=False)
    return image


@cache
def _pool(label: int) -> tuple[GrayImage, NDArray[np.bool_]]:
    """A digit's images (POOL_SIZE, 28, 28), and which of them have been drawn.

    One array, because thousands of small ones that stay among large ones that come and go would
    keep several hundred megabytes from being given back.
    """
    return np.zeros((POOL_SIZE, SIDE, SIDE), np.uint8), np.zeros(POOL_SIZE, np.bool_)


def draw_variant(variant: Variant, generator: np.random.Generator) -> list[Points]:
    """One random drawing: its strokes as lines of points (N, 2), in units, y downwards."""
    stretch = np.exp(generator.normal(0, STRETCH))
    slant = np.clip(generator.normal(SLANT_MEAN, SLANT_SD), *SLANT_RANGE)
    frequencies = generator.uniform(*BEND_FREQUENCIES, (WAVES, 2))
    phases = generator.uniform(0, 1, WAVES)
    heights = generator.normal(0, BEND, (WAVES, 2))
    tremor = generator.uniform(0, MAX_TREMOR)

    lines = []
    for low, high, corners in parse_strokes(variant.strokes):
        points = generator.uniform(low, high) + generator.normal(0, JITTER, low.shape)
        # One plane for all strokes of a digit: what met or crossed nearly always still does.
        waves = np.sin(2 * np.pi * (points @ frequencies.T + phases))
        line = smooth_line(points + waves @ heights, corners)
        line = line + generator.normal(0, tremor, line.shape)
        # Slanted about the middle of the height, then stretched sideways.
        x, y = line[:, 0], line[:, 1]
        lines.append(np.stack([(x + slant * (50 - y)) * stretch, y], 1))
    return lines


@lru_cache(maxsize=1024)
def parse_strokes(text: str) -> tuple[tuple[Points, Points, tuple[bool, ...]], ...]:
    """For each stroke the bounds of its points, low and high (N, 2), and which are corners."""
    return tuple(_parse_stroke(stroke) for stroke in text.split("|"))


def _parse_stroke(text: str) -> tuple[Points, Points, tuple[bool, ...]]:
    low, high, corners = [], [], []
    for word in text.split():
        # A single number is a range from itself to itself.
        ranges = [part.split(":") for part in word.rstrip("!").split(",")]
        low.append([float(bounds[0]) for bounds in ranges])
        high.append([float(bounds[-1]) for bounds in ranges])
        corners.append(word.endswith("!"))
    return np.array(low), np.array(high), tuple(corners)


def smooth_line(points: Points, corners: tuple[bool, ...]) -> Points:
    """A curve through points (N, 2), as a line of more points; it is not smooth at corners."""
    last = len(points) - 1
    ends = [0, *(n for n in range(1, last) if corners[n]), last]
    parts = [_catmull_rom(points[start : end + 1]) for start, end in pairwise(ends)]
    return np.concatenate(parts)


def _catmull_rom(points: Points) -> Points:
    """A centripetal Catmull–Rom spline through points (N, 2): no loops or cusps between them.

    Barry and Goldman's pyramid of interpolations (P. Barry, R. Goldman, "A recursive evaluation
    algorithm for a class of Catmull-Rom splines", 1988; C. Yuksel, S. Schaefer, J. Keyser,
    "Parameterization and applications of Catmull-Rom curves", 2011).
    """
    if len(points) == 2:
        return points
    # A point beyond each end, mirrored, gives the first and the last span their direction.
    around = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    # Centripetal: the knots' distances are the square roots of the points' distances.
    lengths = np.hypot(*np.diff(around, axis=0).T)
    knots = np.concatenate([[0.0], np.cumsum(np.sqrt(np.maximum(lengths, MIN_STEP)))])
    # For each span its four knots (spans, 1) and four points (spans, 1, 2).
    spans = len(points) - 1
    k = [knots[n : n + spans, None] for n in range(4)]
    p = [around[n : n + spans, None] for n in range(4)]
    at = k[1] + np.arange(CURVE_POINTS) / CURVE_POINTS * (k[2] - k[1])

    def mix(first: Points, second: Points, start: Points, end: Points) -> Points:
        """Linear interpolation: `first` at knot `start`, `second` at knot `end`."""
        share = ((at - start) / (end - start))[..., None]
        mixed: Points = first + share * (second - first)
        return mixed

    # Three lines through neighbors, two parabolas through three points, one cubic.
    lines = [mix(p[n], p[n + 1], k[n], k[n + 1]) for n in range(3)]
    parabolas = [mix(lines[n], lines[n + 1], k[n], k[n + 2]) for n in range(2)]
    cubic = mix(parabolas[0], parabolas[1], k[1], k[2])
    return np.concatenate([cubic.reshape(-1, 2), points[-1:]])
