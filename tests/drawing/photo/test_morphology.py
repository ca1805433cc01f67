"""Shapes, outlines and printed lines, each against what the definition says pixel by pixel."""

from collections import deque

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from mnistlab.drawing.photo.edges import find_edges, find_strokes
from mnistlab.drawing.photo.line_removal import remove_ruled_lines
from mnistlab.drawing.photo.morphology import (
    closing,
    connected_components,
    gaussian_blur,
    halve,
    max_filter,
)

CHANCE = np.random.default_rng(0)
MASKS = [CHANCE.random(CHANCE.integers(1, 24, 2)) < CHANCE.random() for _ in range(60)]
MASKS += [np.ones((5, 7), bool), np.zeros((3, 4), bool), np.eye(9, dtype=bool)]
GRAYS = [CHANCE.random(mask.shape, np.float32) for mask in MASKS]


def flooded(mask: np.ndarray) -> np.ndarray:
    """The parts of a mask by walking from pixel to pixel."""
    labels = np.zeros(mask.shape, int)
    for start in zip(*mask.nonzero(), strict=True):
        if labels[start]:
            continue
        name, queue = labels.max() + 1, deque([start])
        labels[start] = name
        while queue:
            row, column = queue.popleft()
            for near in np.ndindex(3, 3):
                y, x = row + near[0] - 1, column + near[1] - 1
                inside = 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1]
                if inside and mask[y, x] and not labels[y, x]:
                    labels[y, x] = name
                    queue.append((y, x))
    return labels


@pytest.mark.parametrize("mask", MASKS, ids=lambda mask: f"{mask.shape}")
def test_connected_components_are_those_of_a_flood_fill(mask: np.ndarray) -> None:
    components, flooded_labels = connected_components(mask), flooded(mask)
    assert (
        components.count == flooded_labels.max(initial=0)
        and ((components.labels > 0) == mask).all()
    )
    pairs = set(zip(components.labels[mask].tolist(), flooded_labels[mask].tolist(), strict=True))
    assert len(pairs) == components.count
    sizes, boxes = components.sums(mask), components.boxes()
    for name in range(1, components.count + 1):
        rows, columns = (components.labels == name).nonzero()
        assert sizes[name] == len(rows)
        box = [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]
        assert boxes[name].tolist() == box


@pytest.mark.parametrize("reach", [0, 1, 2, 5, 30])
def test_a_maximum_filter_and_a_closing_fit_their_definitions(reach: int) -> None:
    for gray in GRAYS:
        around = max_filter(gray, reach)
        assert np.array_equal(closing(gray, reach), -max_filter(-around, reach))
        assert np.array_equal(max_filter(max_filter(gray, reach, (-2,)), reach, (-1,)), around)
        for y, x in np.ndindex(gray.shape):
            rows = slice(max(0, y - reach), y + reach + 1)
            assert around[y, x] == gray[rows, max(0, x - reach) : x + reach + 1].max()


def test_a_closing_fills_narrow_gaps_and_keeps_slopes_and_wide_gaps() -> None:
    slope = np.add.outer(np.arange(40.0), np.arange(50.0)).astype(np.float32) + 100
    assert np.array_equal(closing(slope, 4)[4:-4, 4:-4], slope[4:-4, 4:-4])
    with_line, with_bar = slope.copy(), slope.copy()
    with_line[:, 20:28] -= 80
    with_bar[:, 20:29] -= 80
    # A filled line is as light as the darkest of what is beside it.
    assert (closing(with_line, 4) >= slope - 17).all()
    assert np.abs(closing(with_bar, 4)[4:-4, 20:29] - with_bar[4:-4, 20:29]).max() <= 8


def test_smoothing_and_halving_keep_the_mean() -> None:
    point = np.zeros((2, 61, 61), np.float32)
    point[:, 30, 30] = 1
    blurred = gaussian_blur(point, 3)
    assert blurred.sum() == pytest.approx(2, abs=1e-4) and blurred.max() < 0.02
    spread = (blurred[0] * (np.arange(61) - 30) ** 2).sum()
    assert spread == pytest.approx(9, rel=0.03), "the Gaussian's variance"
    assert halve(point[:, :60, :60]).sum() == pytest.approx(0.5)
    assert halve(np.ones((3, 7, 5), np.float32)).shape == (3, 3, 2)


@pytest.mark.parametrize("pen", [5, 9, 15, 25])
@pytest.mark.parametrize("dark", [True, False])
def test_a_stroke_is_as_wide_as_it_was_drawn_and_only_one_way(pen: int, dark: bool) -> None:
    paper, ink = (200, 60) if dark else (60, 200)
    sheet = Image.new("L", (200, 160), paper)
    ImageDraw.Draw(sheet).line([(30, 40), (120, 60), (90, 130)], ink, pen, joint="curve")
    components = find_edges(gaussian_blur(np.asarray(sheet, np.float32), 1))
    right, wrong = (find_strokes(components, 40, way) for way in (dark, not dark))
    assert float(np.median(right.width[right.weight > 0])) == pytest.approx(pen, abs=1.5)
    assert right.weight.sum() > 5 * wrong.weight.sum()
    inside = (np.asarray(sheet) == ink).mean()
    assert right.mask.mean() == pytest.approx(inside, rel=0.35)


def test_light_s_slopes_have_no_outline() -> None:
    slope = np.add.outer(np.arange(100.0), np.arange(120.0)).astype(np.float32)
    assert not find_edges(slope).mask.any()
    assert not find_strokes(find_edges(slope), 20).mask.any()


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("askew", [-16, 0, 16])
def test_printed_lines_are_removed_and_strokes_across_them_stay(askew: int, squared: bool) -> None:
    sheet = Image.new("L", (300, 220), 230)
    draw = ImageDraw.Draw(sheet)
    for step in range(-20, 320, 35):
        draw.line([(-5, step), (305, step + askew)], 190, 2)
        if squared:
            draw.line([(step, -5), (step - askew, 225)], 190, 2)
    plain = Image.new("L", sheet.size, 230)
    for each in (sheet, plain):
        written = ImageDraw.Draw(each)
        written.line([(120, 60), (180, 58), (140, 170)], 60, 6, joint="curve")
    gray, expected = (gaussian_blur(np.asarray(one, np.float32), 0.8) for one in (sheet, plain))
    cleared = remove_ruled_lines(np.stack([gray] * 3)).mean(0)
    beside = ~ndimage.binary_dilation(expected < 215, iterations=3)
    assert ((expected - cleared)[beside] > 10).mean() < 0.003, "no line is left"
    assert ((expected - gray)[beside] > 10).mean() > 0.02
    assert np.abs(cleared - expected)[expected < 100].mean() < 6, "the digit is"


def test_a_long_stroke_that_does_not_reach_the_edge_is_no_printed_line() -> None:
    sheet = Image.new("L", (300, 220), 230)
    ImageDraw.Draw(sheet).line([(40, 100), (260, 104)], 120, 4)
    gray = np.stack([gaussian_blur(np.asarray(sheet, np.float32), 0.8)] * 3)
    assert np.array_equal(remove_ruled_lines(gray), gray)
