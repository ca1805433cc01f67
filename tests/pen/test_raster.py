"""Lines as pixels: coverage, and the same image in training as for a drawing."""

from itertools import pairwise

import numpy as np
import pytest

from mnistlab.drawing.strokes import digit_from_strokes
from mnistlab.pen.digit_variants import VARIANTS
from mnistlab.pen.raster import BOX, THICKNESS, digit_image, fit_into_box, rasterize
from mnistlab.pen.synthetic import draw_variant


def distance(point: np.ndarray, line: np.ndarray) -> float:
    """From a point to a line of points, by small steps along it: the oracle."""
    steps = np.linspace(0, 1, 2001)[:, None]
    pieces = [a + (b - a) * steps for a, b in pairwise(line)] or [line]
    return float(np.sqrt(((np.concatenate(pieces) - point) ** 2).sum(1)).min())


@pytest.mark.parametrize("thickness", [1.0, 2.45, 6.0])
def test_a_pixel_is_as_gray_as_the_stroke_covers_it(thickness: float) -> None:
    line = np.array([[5.0, 4.0], [14.0, 6.0], [9.0, 15.0]])
    dot = np.array([[16.0, 3.0]])
    picture = rasterize([line, dot], thickness)
    for y, x in np.ndindex(picture.shape):
        middle = np.array([x + 0.5, y + 0.5])
        near = min(distance(middle, line), distance(middle, dot))
        expected = np.clip(thickness / 2 + 0.5 - near, 0, 1)
        assert picture[y, x] / 255 == pytest.approx(expected, abs=0.01)


def test_lines_fill_the_box_with_half_a_stroke_around_them() -> None:
    lines = [np.array([[-3.0, 5.0], [7.0, 25.0]]), np.array([[2.0, 15.0]])]
    placed = np.concatenate(fit_into_box(lines))
    assert placed.min(0) == pytest.approx([THICKNESS / 2] * 2)
    assert placed.max(0) == pytest.approx(
        [THICKNESS / 2 + (BOX - THICKNESS) / 2, BOX - THICKNESS / 2]
    )
    # The middle stays the middle: one scale for both directions.
    assert placed[2] == pytest.approx(placed[:2].mean(0))


@pytest.mark.parametrize("digit", range(10))
def test_a_synthetic_digit_is_what_the_same_drawing_becomes(digit: int) -> None:
    lines = draw_variant(VARIANTS[digit][0], np.random.default_rng(digit))
    drawn = digit_from_strokes([(line * 2.5 + 40).tolist() for line in lines])
    assert drawn is not None
    away = np.abs(digit_image(lines).astype(int) - drawn.pixels)
    # Rounding to the grid may tip at another size.
    assert away.mean() < 0.5 and away.max() <= 40
