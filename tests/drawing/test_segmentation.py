"""Parts into digits, digits into lines: each rule with its case and its counter-case."""

import numpy as np
import pytest

from mnistlab.drawing import segmentation
from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.segmentation import (
    MAX_DISTANCES,
    MAX_POINTS,
    Points,
    reading_order,
    segment,
    segment_strokes,
)
from tests.drawn_digits import DIGITS

Strokes = list[list[tuple[float, float]]]

STEM: Strokes = [[(0, 0), (0, 100)]]
ZERO: Strokes = [[(30, 0), (0, 30), (0, 70), (30, 100), (60, 70), (60, 30), (30, 0)]]
FIVE_BODY: Strokes = [[(10, 10), (10, 50), (50, 60), (50, 90), (10, 100)]]


def moved(strokes: Strokes, x: float, y: float = 0, scale: float = 1) -> Strokes:
    return [[(scale * a + x, scale * b + y) for a, b in stroke] for stroke in strokes]


def digits(*strokes: Strokes) -> list[list[int]]:
    """The strokes of each digit, by their number in all of these."""
    together = [stroke for each in strokes for stroke in each]
    return [list(each.parts) for each in segment_strokes(together)]


@pytest.mark.parametrize("digit", DIGITS)
def test_every_digit_stays_one(digit: int) -> None:
    (found,) = segment_strokes(DIGITS[digit])
    assert found.parts == tuple(range(len(DIGITS[digit]))) and found.line == 0
    points = np.concatenate([np.asarray(stroke) for stroke in DIGITS[digit]])
    assert found.box == (*points.min(0), *points.max(0)) and not found.is_wide


def test_a_number_is_read_from_left_to_right_in_whatever_order_it_is_drawn() -> None:
    number = [stroke for x, n in ((600, 9), (300, 4), (0, 1)) for stroke in moved(DIGITS[n], x)]
    assert [each.parts for each in segment_strokes(number)] == [(3,), (1, 2), (0,)]


def test_crossing_strokes_are_one_digit_and_strokes_with_a_gap_are_two() -> None:
    bar: Strokes = [[(-30, 50), (30, 55)]]
    assert digits(STEM, bar) == [[0, 1]]
    assert digits(STEM, moved(STEM, 4)) == [[0, 1]], "they touch"
    assert digits(STEM, moved(STEM, 8)) == [[0], [1]]


@pytest.mark.parametrize(("gap", "together"), [(0.2, True), (0.45, False)])
def test_the_bar_of_a_five_belongs_to_the_nearest_digit(gap: float, together: bool) -> None:
    bar: Strokes = [[(10 + 90 * gap, 8), (60 + 90 * gap, 4)]]
    assert ([0, 1] in digits(FIVE_BODY, bar)) is together
    if together:
        assert digits(FIVE_BODY, bar, moved(ZERO, 160)) == [[0, 1], [2]]


def test_a_bar_above_belongs_to_its_digit_and_a_small_zero_beside_does_not() -> None:
    bar: Strokes = [[(10, -5), (60, -8)]]
    assert digits(FIVE_BODY, bar) == [[0, 1]]
    small = moved(ZERO, 62, 55, 0.45)
    assert digits(FIVE_BODY, small) == [[0], [1]]


def test_the_halves_of_an_open_four_are_one_digit_and_level_digits_are_two() -> None:
    corner: Strokes = [[(10, 0), (0, 60), (40, 62)]]
    stem = moved(STEM, 52, 30, 0.9)
    assert digits(corner, stem) == [[0, 1]]
    assert digits(corner, moved(STEM, 52, -20, 0.9)) == [[0], [1]], "level"
    assert digits(corner, moved(STEM, 75, 30, 0.9)) == [[0], [1]], "too far apart"


def test_a_half_that_has_found_its_other_half_is_not_joined_to_the_next_digit() -> None:
    four: Strokes = [[(10, 0), (0, 60), (40, 62)], [(38, 20), (38, 110)]]
    assert digits(four, moved(STEM, 54, 30)) == [[0, 1], [2]]


def test_the_halves_of_an_eight_are_one_digit_and_two_lines_are_two() -> None:
    assert digits(ZERO, moved(ZERO, 0, 110)) == [[0, 1]]
    assert digits(ZERO, moved(ZERO, 0, 125)) == [[0], [1]]


def test_specks_far_from_the_digits_are_noise_and_a_lone_dot_is_not() -> None:
    dot: Strokes = [[(90, 95), (95, 98)]]
    assert digits(STEM, dot, moved(ZERO, 180)) == [[0], [2]]
    assert digits(dot) == [[0]]
    assert digits(STEM, moved(dot, -75)) == [[0, 1]], "near a digit it is its part"


def test_two_lines_are_read_one_after_the_other_also_if_they_slope() -> None:
    first = [moved(STEM, 90 * n, 20 * n) for n in range(6)]
    second = [moved(STEM, 90 * n, 180 + 20 * n) for n in range(6)]
    pairs = zip(first, second, strict=True)
    found = segment_strokes([stroke for pair in pairs for each in pair for stroke in each])
    assert [each.parts[0] for each in found] == [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]
    assert [each.line for each in found] == [0] * 6 + [1] * 6


def test_a_small_or_low_digit_stays_in_its_line() -> None:
    boxes = np.array([[0, 0, 50, 100], [70, 70, 100, 100], [120, 0, 170, 72], [200, 130, 250, 230]])
    assert reading_order(boxes.astype(np.float64)) == [[0, 1, 2], [3]]


def test_a_digit_that_is_too_wide_is_two_that_touch() -> None:
    chain: Strokes = [*ZERO, [(60, 50), (120, 40)], *moved(ZERO, 120)]
    (found,) = segment_strokes(chain)
    assert found.is_wide
    assert not segment_strokes(ZERO)[0].is_wide


def test_nothing_has_no_digits_and_empty_strokes_are_skipped() -> None:
    assert segment_strokes([]) == segment_strokes([[]]) == []
    (found,) = segment_strokes([[], *STEM, []])
    assert found.parts == (1,)


def test_the_unit_and_the_place_do_not_matter() -> None:
    number = [stroke for n in range(5) for stroke in moved(DIGITS[n + 3], 200 * n)]
    found = [each.parts for each in segment_strokes(number)]
    for scale, place in ((0.01, 0.0), (40.0, -3000.0)):
        again = segment_strokes(moved(number, place, place, scale))
        assert [each.parts for each in again] == found


def test_components_of_ink_are_segmented_like_strokes() -> None:
    components = [np.asarray(stroke, np.float64) for stroke in (*STEM, *moved(ZERO, 80))]
    assert [each.parts for each in segment(components)] == [(0,), (1,)]


def test_scribbles_and_thousands_of_dots_take_no_more_memory_than_digits() -> None:
    zigzag: Strokes = [[(n % 251, n % 241) for n in range(10_000)]]
    assert digits(zigzag, moved(zigzag, 20)) == [[0, 1]]
    dots: Strokes = [[(7 * n % 500, 11 * n % 300)] for n in range(5_000)]
    assert len(digits(dots)) == 1


@pytest.fixture
def distances(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many distances between points were computed for each pair of parts."""
    counts: list[int] = []
    distance = segmentation._distance

    def counted(first: Points, second: Points) -> float:
        counts.append(len(first) * len(second))
        return distance(first, second)

    monkeypatch.setattr(segmentation, "_distance", counted)
    return counts


def test_two_hundred_strokes_on_top_of_each_other_are_compared_once_each(
    distances: list[int],
) -> None:
    zigzag: Strokes = [[(97 * n % 251, 89 * n % 241) for n in range(60)]]
    assert digits(*(moved(zigzag, n % 20, n % 7) for n in range(200))) == [[*range(200)]]
    assert len(distances) < 400, "19,900 pairs overlap"


def test_many_short_parts_near_each_other_are_compared_by_fewer_points(
    distances: list[int],
) -> None:
    dash = np.stack([np.linspace(0, 6, 5000)] * 2, 1)
    dashes = [dash + np.array([7.0 * (n % 20), 7.0 * (n // 20)]) for n in range(200)]
    segment([np.stack([np.full(5000, -200.0), np.linspace(0, 100, 5000)], 1), *dashes])
    assert len(distances) * MAX_POINTS**2 > MAX_DISTANCES
    assert sum(distances) <= MAX_DISTANCES


def test_a_coordinate_that_is_not_a_number_is_an_error() -> None:
    with pytest.raises(DigitError, match="coordinate"):
        segment_strokes([[(0, 0), (float("nan"), 1)], [(5, 5)]])
