"""From strokes to a digit: MNIST's stroke width and position at any size; bad input is refused."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mnistlab.data.mnist import load
from mnistlab.drawing.digit import DigitError, PreparedDigit, PreprocessingOptions
from mnistlab.drawing.strokes import (
    ENLARGED,
    MAX_POINTS,
    Stroke,
    digit_from_strokes,
    strokes_from_canvas,
)
from mnistlab.pen.raster import BOX, SIDE, THICKNESS

ONE = [[[150, 40], [140, 140], [135, 240]]]
SEVEN = [[[60, 60], [200, 58], [120, 230]], [[90, 150], [170, 148]]]
RING = [
    [[140 + 60 * math.cos(a / 5), 140 + 90 * math.sin(a / 5)] for a in range(32)],
]


def prepare(strokes: Sequence[Stroke]) -> PreparedDigit:
    digit = digit_from_strokes(strokes)
    assert digit is not None
    return digit


def changed(strokes: Sequence[Stroke], scale: float, x: float, y: float) -> list[Stroke]:
    return [[[px * scale + x, py * scale + y] for px, py in stroke] for stroke in strokes]


@pytest.mark.parametrize("strokes", [ONE, SEVEN, RING])
@pytest.mark.parametrize(("scale", "x", "y"), [(0.01, 0, 0), (0.3, 55.3, -8), (1e4, -1e6, 3e5)])
def test_neither_size_nor_position_changes_the_digit(
    strokes: Sequence[Stroke], scale: float, x: float, y: float
) -> None:
    first, second = prepare(strokes), prepare(changed(strokes, scale, x, y))
    assert first.pixels.shape == (SIDE, SIDE) and max(first.scaled.shape) == BOX
    assert np.abs(first.pixels.astype(int) - second.pixels).max() <= 40, "rounding to a grid"
    assert np.abs(first.pixels.astype(int) - second.pixels).mean() < 1


def test_the_ink_fills_the_box_and_its_mass_is_in_the_middle() -> None:
    for strokes in (ONE, SEVEN, RING):
        pixels = prepare(strokes).pixels.astype(float)
        rows, columns = (np.flatnonzero(pixels.any(axis)) for axis in (1, 0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == BOX
        for axis in (0, 1):
            middle = (pixels.sum(1 - axis) * np.arange(SIDE)).sum() / pixels.sum()
            assert middle == pytest.approx(14, abs=0.51)


def test_the_strip_s_larger_picture_is_the_same_drawing() -> None:
    digit = prepare(SEVEN)
    height, width = digit.scaled.shape
    whole = np.zeros((height * ENLARGED, width * ENLARGED))
    whole[: digit.cropped.shape[0], : digit.cropped.shape[1]] = digit.cropped
    small = whole.reshape(height, ENLARGED, width, ENLARGED).mean((1, 3))
    assert np.abs(small - digit.scaled).mean() < 6
    without = digit_from_strokes(SEVEN, has_preview=False)
    assert without and np.array_equal(without.pixels, digit.pixels)
    assert without.cropped is without.scaled


def thickness(images: Tensor) -> float:
    """The median over images (N, 28, 28) of ink's area through half its outline's length.

    Exact for a long line; the outline's length is what the picture's slope sums up to.
    """
    gray = images.float() / 255
    across, down = torch.zeros_like(gray), torch.zeros_like(gray)
    across[:, :, 1:-1] = (gray[:, :, 2:] - gray[:, :, :-2]) / 2
    down[:, 1:-1] = (gray[:, 2:] - gray[:, :-2]) / 2
    outline = torch.sqrt(across**2 + down**2).sum((1, 2))
    return float((2 * gray.sum((1, 2)) / outline).median())


def test_strokes_are_as_thick_as_mnist_s(mnist_folder: Path) -> None:
    mnist = thickness(load(mnist_folder).train.images[:3000])
    ours = [torch.from_numpy(prepare(strokes).pixels) for strokes in (ONE, SEVEN, RING)]
    assert thickness(torch.stack(ours)) == pytest.approx(mnist, rel=0.05)


def test_a_dot_and_a_line_are_drawn_at_the_pen_s_size() -> None:
    dot = prepare([[[99, 99]]])
    assert max(dot.scaled.shape) == math.ceil(THICKNESS) and dot.pixels.max() == 255
    assert np.array_equal(prepare([[[5, 5], [5, 5], [5, 5]]]).pixels, dot.pixels)
    assert np.array_equal(prepare([[[0, 0], [0, 5e-324]]]).pixels, dot.pixels)
    line = prepare([[[0, 50], [100, 50]]])
    assert line.scaled.shape == (math.ceil(THICKNESS), BOX)


@pytest.mark.parametrize("nothing", [[], [[]], [[], []]])
def test_without_a_point_there_is_no_digit(nothing: list[Stroke]) -> None:
    assert digit_from_strokes(nothing) is None


@pytest.mark.parametrize(
    "bad",
    [
        [[[0, math.nan]]],
        [[[0, math.inf], [1, 2]]],
        [[[0, 1e300], [1, 2]]],
        [[[0, 1, 2]]],
        [[["a", "b"]]],
        [[None]],
        [[[0, 0]] * (MAX_POINTS + 1)],
    ],
)
def test_an_invalid_stroke_is_an_error(bad: list[Stroke]) -> None:
    with pytest.raises(DigitError):
        digit_from_strokes(bad)


def test_the_maximum_number_of_points_is_drawn_like_few() -> None:
    steps = np.linspace(0, 1, MAX_POINTS)
    fine = [[[140 + 60 * math.cos(a * 6.2), 140 + 90 * math.sin(a * 6.2)] for a in steps]]
    coarse = [[[140 + 60 * math.cos(a * 6.2), 140 + 90 * math.sin(a * 6.2)] for a in steps[::100]]]
    assert np.abs(prepare(fine).pixels.astype(int) - prepare(coarse).pixels).mean() < 1


def test_a_canvas_drawing_is_followed_along_its_curves() -> None:
    path = [["M", 0, 0], ["Q", 10, 0, 10, 10], ["L", 10, 20]]
    (stroke,) = strokes_from_canvas({"objects": [{"type": "path", "path": path}]})
    assert stroke[0] == [0, 0] and stroke[-1] == [10, 20] and [10, 10] in stroke
    # Half-way along, a quadratic curve is at a quarter of its ends and half of its control point.
    assert [7.5, 2.5] in stroke


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        {},
        {"objects": None},
        {"objects": [None, {}, {"path": 3}, {"path": [[]]}, {"path": [["Q", 1, 2, 3, 4]]}]},
        {"objects": [{"path": [["M", "a", None], ["L"], ["Z"], "M"]}]},
    ],
)
def test_invalid_canvas_data_has_no_strokes(odd: object) -> None:
    assert strokes_from_canvas(odd) == []


def test_a_disabled_step_is_not_applied() -> None:
    near = changed(SEVEN, 0.3, 10, 20)
    whole = prepare(near)
    uncropped = digit_from_strokes(near, PreprocessingOptions(crop=False), 280)
    uncentered = digit_from_strokes(near, PreprocessingOptions(center=False))
    assert uncropped and uncentered
    assert uncropped.scaled.shape == (BOX, BOX)
    rows = np.flatnonzero(uncropped.scaled.any(1))
    assert 20 * 20 / 280 - 1 < rows[0] < rows[-1] < 20 * 95 / 280 + 3, "it stays where it was"
    assert np.array_equal(uncentered.scaled, whole.scaled)
    height, width = whole.scaled.shape
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    assert np.array_equal(uncentered.pixels[top : top + height, left : left + width], whole.scaled)


def test_points_outside_the_canvas_are_moved_to_its_edge() -> None:
    digit = digit_from_strokes([[[-50, 140], [400, 140]]], PreprocessingOptions(crop=False), 280)
    assert digit and digit.scaled.shape == (BOX, BOX)


def put(**more: object) -> list[list[float]]:
    """A stroke from (40, 60) to (80, 60) as the canvas tells it, changed by its pencil."""
    one = {"type": "Path", "originX": "center", "originY": "center", "left": 60, "top": 60}
    path = [["M", 40, 60], ["L", 80, 60]]
    return strokes_from_canvas({"objects": [{**one, "path": path, **more}]})[0]


def test_a_stroke_that_turns_between_two_points_stays_where_it_was_drawn() -> None:
    # As the canvas tells a hook of three points: its box is not that of the curve itself.
    path = [["M", 120, 71], ["Q", 88, 152, 114, 152], ["L", 140, 152]]
    t = np.linspace(0, 1, 10_001)
    x = (1 - t) ** 3 * 120 + 3 * t * (1 - t) * 88 + t**3 * 114
    assert x.min() < 100
    left, top = (x.min() + 140) / 2, (71 + 152) / 2
    drawn = {"type": "Path", "originX": "center", "path": path, "left": round(left, 4), "top": top}
    as_told = strokes_from_canvas({"objects": [drawn]})
    assert as_told == strokes_from_canvas({"objects": [{"path": path}]})
    assert as_told[0][0] == [120, 71] and as_told[0][-1] == [140, 152]


def test_a_stroke_has_the_canvas_pencil_s_position() -> None:
    assert put() == put(left=60.4, scaleX=1, angle=0) == [[40, 60], [80, 60]]
    assert put(left=100, top=90) == [[80, 90], [120, 90]]
    assert put(scaleX=2) == [[20, 60], [100, 60]]
    assert put(flipX=True) == [[80, 60], [40, 60]]
    # A canvas turns clockwise, its y pointing down.
    assert np.allclose(put(angle=90), [[60, 40], [60, 80]])
    assert put(left="far", scaleX=None, angle=[]) == [[40, 60], [80, 60]]
    with pytest.raises(DigitError):
        digit_from_strokes([put(left=math.nan)])
