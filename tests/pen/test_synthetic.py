"""Synthetic handwriting: the table of variants, the curves, and what networks make of both."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from mnistlab import zoo
from mnistlab.data.mnist import normalize
from mnistlab.pen.digit_variants import VARIANTS
from mnistlab.pen.raster import BOX, SIDE, digit_image
from mnistlab.pen.synthetic import (
    CURVE_POINTS,
    POOL_SIZE,
    Points,
    _pool,
    draw_variant,
    parse_strokes,
    smooth_line,
    synthetic_digit,
)
from mnistlab.training.checkpoint import load_checkpoint

ALL = [(digit, variant) for digit, variants in VARIANTS.items() for variant in variants]
DRAWINGS = 20


def test_every_digit_has_several_variants_whose_texts_are_sound() -> None:
    assert list(VARIANTS) == list(range(10))
    for digit, variants in VARIANTS.items():
        assert len(variants) >= 5
        assert len({variant.name for variant in variants}) == len(variants), digit
    for digit, variant in ALL:
        assert variant.weight > 0
        for low, high, corners in parse_strokes(variant.strokes):
            where = digit, variant.name
            assert low.shape == high.shape == (len(corners), 2) and len(corners) >= 2, where
            assert (low <= high).all(), where
            assert (low[:, 1] >= -20).all() and (high[:, 1] <= 115).all(), where


def test_a_stroke_s_text_gives_ranges_and_corners() -> None:
    (low, high, corners), (bar, _, _) = parse_strokes("0,5 60,-2:2! 25:35,100 | 10,40 55,45")
    assert low.tolist() == [[0, 5], [60, -2], [25, 100]]
    assert high.tolist() == [[0, 5], [60, 2], [35, 100]]
    assert corners == (False, True, False)
    assert bar.tolist() == [[10, 40], [55, 45]]


def hermite(points: Points, span: int, share: Points) -> Points:
    """A span of the same spline in its other form, a cubic by its ends' tangents: the oracle."""
    p = [2 * points[0] - points[1], *points, 2 * points[-1] - points[-2]][span : span + 4]
    gaps = [np.sqrt(np.hypot(*(b - a))) for a, b in pairwise(p)]

    def tangent(before: int) -> Points:
        first, second = (p[before + n + 1] - p[before + n] for n in (0, 1))
        a, b = gaps[before], gaps[before + 1]
        slope: Points = (first / a - (first + second) / (a + b) + second / b) * gaps[1]
        return slope

    t = share[:, None]
    value: Points = (
        (2 * t**3 - 3 * t**2 + 1) * p[1]
        + (t**3 - 2 * t**2 + t) * tangent(0)
        + (3 * t**2 - 2 * t**3) * p[2]
        + (t**3 - t**2) * tangent(1)
    )
    return value


def test_a_smooth_line_is_a_centripetal_catmull_rom_spline() -> None:
    points = np.array([[0.0, 12.0], [30.0, 0.0], [58.0, 22.0], [40.0, 60.0], [0.0, 100.0]])
    line = smooth_line(points, (False,) * 5)
    share = np.arange(CURVE_POINTS) / CURVE_POINTS
    for span in range(4):
        part = line[span * CURVE_POINTS : (span + 1) * CURVE_POINTS]
        assert np.allclose(part, hermite(points, span, share))
    assert np.array_equal(line[-1], points[-1])


def test_a_corner_ends_a_curve_and_two_points_are_a_line() -> None:
    points = np.array([[0.0, 0.0], [60.0, 0.0], [30.0, 100.0]])
    assert np.array_equal(
        np.unique(smooth_line(points, (False, True, False)), axis=0), np.unique(points, axis=0)
    )
    assert len(smooth_line(points, (False, False, False))) > 3
    same = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    assert np.isfinite(smooth_line(same, (False, False, False))).all()


def test_a_synthetic_digit_is_an_image_as_mnist_has_them() -> None:
    for digit in range(10):
        image = synthetic_digit(digit, 7)
        assert image.shape == (SIDE, SIDE) and image.dtype == np.uint8 and image.max() > 200
        rows, columns = (np.flatnonzero(image.any(axis)) for axis in (1, 0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == BOX
        assert not image.flags.writeable, "every caller gets the same array"


def test_the_pool_is_the_same_every_time_and_no_two_images_are() -> None:
    before = [synthetic_digit(4, number) for number in range(50)]
    _pool.cache_clear()
    after = [synthetic_digit(4, number) for number in range(50)]
    assert all(map(np.array_equal, before, after))
    assert len({image.tobytes() for image in after}) == 50
    last = synthetic_digit(4, POOL_SIZE - 1)
    assert last.base is synthetic_digit(4, POOL_SIZE - 1).base and not last.flags.writeable


def test_the_strokes_of_a_digit_still_meet_after_bending() -> None:
    variant = next(variant for variant in VARIANTS[7] if variant.name == "bar")
    n_met = 0
    for seed in range(100):
        stem, bar = draw_variant(variant, np.random.default_rng(seed))
        n_met += min(np.hypot(*(dense(stem) - point).T).min() for point in dense(bar)) < 3
    assert n_met >= 90


def dense(line: Points) -> Points:
    share = np.linspace(0, 1, 400)
    return np.stack([np.interp(share, np.linspace(0, 1, len(line)), line[:, n]) for n in (0, 1)], 1)


@pytest.fixture(scope="module")
def drawings() -> torch.Tensor:
    """Drawings of every variant, (variants, DRAWINGS, 28, 28)."""
    generator = np.random.default_rng(0)
    images = [
        [digit_image(draw_variant(variant, generator)) for _ in range(DRAWINGS)]
        for _, variant in ALL
    ]
    return torch.from_numpy(np.array(images))


def fraction_correct(name: str, drawings: torch.Tensor) -> dict[tuple[int, str], float]:
    """Of each variant, how many of its drawings a pretrained network classifies as its digit."""
    path = zoo.checkpoint(name)
    assert path is not None
    network = load_checkpoint(path).network.eval()
    with torch.inference_mode():
        predicted = network(normalize(drawings.flatten(0, 1))).argmax(1).view(len(ALL), DRAWINGS)
    return {
        (digit, variant.name): (row == digit).float().mean().item()
        for (digit, variant), row in zip(ALL, predicted, strict=True)
    }


@pytest.mark.parametrize("name", ["most-accurate", zoo.DEFAULT])
def test_a_network_classifies_most_drawings_of_most_variants_as_their_digit(
    name: str, drawings: torch.Tensor
) -> None:
    correct = fraction_correct(name, drawings)
    assert sum(correct.values()) / len(correct) > 0.8
    assert len([which for which, share in correct.items() if share < 0.5]) < len(correct) / 5
