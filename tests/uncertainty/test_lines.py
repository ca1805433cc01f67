"""Rendered lines, against the Draw page's own rasterizer, and made-up drawings."""

import numpy as np
import pytest
import torch

from mnistlab.drawing.strokes import digit_from_strokes
from mnistlab.uncertainty import letters, lines, nondigits
from tests.drawn_digits import DIGITS

MADE_UP = [*nondigits.KINDS]


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_looks_as_on_the_draw_page(digit: int) -> None:
    strokes = DIGITS[digit]
    prepared = digit_from_strokes(strokes)
    assert prepared is not None
    rendered = lines.render([np.asarray(stroke, np.float64) for stroke in strokes])
    # Its center of mass may be rounded to the next pixel.
    shifted = (
        np.roll(rendered.astype(int), (down, right), (0, 1)) - prepared.pixels
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
    )
    best = min(shifted, key=lambda difference: float(np.abs(difference).mean()))
    assert np.abs(best).mean() < 2 and abs(best.mean()) < 1


def test_a_dot_is_a_disc_in_the_middle() -> None:
    image = lines.render([np.array([[3.0, 5.0]])])
    assert image[13:15, 13:15].min() > 150 and image.sum() < 255 * 8


@pytest.mark.parametrize("digit", [0, 3, 7])
def test_the_center_lines_of_a_digit_draw_it_again(digit: int) -> None:
    prepared = digit_from_strokes(DIGITS[digit])
    assert prepared is not None
    again = lines.render(lines.center_lines(prepared.pixels[None])[0])
    both = np.minimum(again, prepared.pixels).sum(dtype=float)
    assert both / prepared.pixels.sum(dtype=float) > 0.75


def test_an_empty_image_has_a_point() -> None:
    found = lines.center_lines(np.zeros((2, 28, 28), np.uint8))
    assert [len(each) for each in found] == [1, 1] and lines.render(found[0]).any()


@pytest.mark.parametrize("make", MADE_UP, ids=lambda make: make.__name__)
def test_every_kind_is_finite_and_has_ink_whatever_the_seed(make: nondigits.Kind) -> None:
    for seed in range(20):
        image = lines.render(make(np.random.default_rng(seed)))
        assert image.shape == (28, 28) and image.max() > 100


def test_made_up_drawings_depend_on_the_seed_alone() -> None:
    digits = [[np.array([[0.0, 0.0], [3.0, 20.0]])], [np.array([[0.0, 0.0], [9.0, 9.0]])]]
    first, second, other = (
        nondigits.nondigits(60, digits, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    assert first.shape == (60, 28, 28) and first.dtype == np.uint8
    assert (first == second).all() and (first != other).any()
    assert nondigits.nondigits(0, digits, np.random.default_rng(0)).shape == (0, 28, 28)


def test_some_zeros_are_slashed_and_other_digits_are_not() -> None:
    angle = np.linspace(0, 2 * np.pi, 30)
    zero = [np.stack([7 * np.cos(angle), 10 * np.sin(angle)], 1)]
    again = nondigits.redrawn_digits([zero] * 100, [0] * 100, np.random.default_rng(0))
    ink = torch.from_numpy(again[:, 12:16, 12:16].copy()).float().mean((1, 2))
    assert 5 < int((ink > 100).sum()) < 40
    plain = nondigits.redrawn_digits([zero] * 100, [8] * 100, np.random.default_rng(0))
    assert not (plain[:, 12:16, 12:16].mean((1, 2)) > 100).any()


def test_letters_have_points_on_their_grid() -> None:
    points = [point for way in letters.ways() for _, stroke in way for point in stroke]
    assert len(letters.ways()) > 60 and all(0 <= each <= 9 for point in points for each in point)
