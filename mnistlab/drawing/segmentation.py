"""Segment a drawing of several digits: parts into digits, digits into lines, in reading order.

A part is a pen stroke, or a connected component of ink. Parts are joined by how they overlap in the
writing direction and by their distance, as connected components are in R. Casey & E. Lecolinet, "A
survey of methods and strategies in character segmentation" (1996); digits that touch are not cut.
Lengths below are in heights of the taller of two parts, which is nearly as high as its digit. They
were chosen on numbers of half of the writers of `benchmarks/multidigit.py`, which reports the other
half, and with an eye on the single digits of all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistlab.drawing.strokes import Stroke, stroke_lines

MAX_PARTS = 400
"""A drawing of more parts is taken for one digit; a sheet of a hundred digits has fewer."""
MAX_POINTS = 512
"""Points of a part that distances are measured between; a longer part has fewer than it should."""
MAX_DISTANCES = 16_000_000
"""Between points, in all of a drawing: as many pairs of parts as a page of 60 digits has, or more
pairs with fewer points each.
"""
SPACING = 0.03
"""Distance of the points along a part that distances are measured between."""
TOUCHING = 0.05
"""Up to this distance, parts touch or cross."""
HALVES = 0.16
"""Up to this distance, two tall parts may be the halves of an 8, or of an open 4."""
NEAR = 0.25
"""Up to this distance, a short part belongs to the nearest part."""
SHORT = 0.3
"""Height of a part that is no digit by itself, such as the bar of a 5; a small 0 is higher."""
TALL = 0.8
"""Height from which a part may be a digit by itself, whatever is above or below it."""
OVERLAP = 0.5
"""Of the narrower part's width: one part is above, below or inside the other."""
HIGHER = 0.12
"""The left half of an open 4 ends this much higher than the right one, and begins so."""
STAGGER = 0.5
"""The sum of both: digits on one line differ by less."""
MIN_SIZE = 0.25
"""Of the median digit's size; what is smaller is noise."""
SAME_LINE = 0.4
"""Of the lower height that a digit and those to the left of it share, if they are in one line."""
LINE_MEMORY = 3
"""Digits to the left that a digit is compared with: one of them may be small."""
MAX_ASPECT = 1.5
"""Width by height; only one digit in 400 is wider, so it is more likely two that touch."""

Points = NDArray[np.float64]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Segment:
    """A digit: the indices of its parts, its box, its line (0 is the first).

    `is_wide`: two digits that touch, more likely than one.
    """

    parts: tuple[int, ...]
    box: Box
    line: int

    @property
    def is_wide(self) -> bool:
        left, top, right, bottom = self.box
        return right - left > MAX_ASPECT * (bottom - top)


def segment_strokes(strokes: Sequence[Stroke]) -> list[Segment]:
    """The digits of pen strokes in reading order; a stroke without points is in none of them.

    Raises DigitError if a coordinate is not a finite number or there are too many points.
    """
    lines, drawn = stroke_lines(strokes), [n for n, stroke in enumerate(strokes) if len(stroke)]
    if not lines:
        return []
    spacing = SPACING * max(float(np.ptp(line, axis=0).max()) for line in lines)
    segments = segment([_resample(line, spacing) for line in lines])
    return [
        Segment(tuple(drawn[part] for part in each.parts), each.box, each.line) for each in segments
    ]


def segment(parts: Sequence[Points]) -> list[Segment]:
    """The digits of parts, each (N, 2) points [x, y] about evenly along it, in reading order.

    Noise far from any digit is left out, unless there is nothing else.
    """
    boxes = np.array([[*part.min(0), *part.max(0)] for part in parts])
    if len(parts) > MAX_PARTS:
        whole = np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)])
        return [Segment(tuple(range(len(parts))), _box(whole), 0)]
    groups = _groups(parts, boxes)
    group_boxes = np.array(
        [[*boxes[group, :2].min(0), *boxes[group, 2:].max(0)] for group in groups]
    )
    # Noise is small compared with the digits.
    sizes = (group_boxes[:, 2:] - group_boxes[:, :2]).max(1)
    typical = float(np.median(sizes[sizes >= MIN_SIZE * sizes.max()]))
    kept = np.flatnonzero(sizes >= MIN_SIZE * typical)
    return [
        Segment(tuple(groups[kept[index]]), _box(group_boxes[kept[index]]), number)
        for number, line in enumerate(reading_order(group_boxes[kept]))
        for index in line
    ]


def _box(values: NDArray[np.float64]) -> Box:
    left, top, right, bottom = values.tolist()
    return left, top, right, bottom


def reading_order(boxes: NDArray[np.float64]) -> list[list[int]]:
    """The lines of boxes (N, 4) from top to bottom, each with its indices from left to right.

    A box continues the line whose last box is beside it, so a line may slope.
    """
    lines: list[list[int]] = []
    for index in np.argsort(boxes[:, 0] + boxes[:, 2], kind="stable").tolist():
        here, best, share = boxes[index], None, SAME_LINE
        for line in lines:
            last = boxes[line[-LINE_MEMORY:]]
            top, bottom = float(last[:, 1].min()), float(last[:, 3].max())
            common = min(bottom, here[3]) - max(top, here[1])
            lower = max(min(bottom - top, here[3] - here[1]), 1e-9)
            if common / lower >= share:
                best, share = line, common / lower
        if best is None:
            lines.append([index])
        else:
            best.append(index)
    return sorted(lines, key=lambda line: float(boxes[line][:, [1, 3]].mean()))


def _groups(parts: Sequence[Points], boxes: NDArray[np.float64]) -> list[list[int]]:
    """The parts of each digit in ascending order: joined pair by pair."""
    group_of = list(range(len(parts)))
    linked: set[int] = set()

    def join(first: int, second: int) -> None:
        old, new = group_of[second], group_of[first]
        group_of[:] = [new if group == old else group for group in group_of]
        linked.update((first, second))

    # Everything is relative to the taller part, which is nearly as high as its digit.
    own = boxes[:, 3] - boxes[:, 1]
    heights = np.maximum(np.maximum(own[:, None], own), max(0.6 * float(own.max()), 1e-9))
    # The gap between two boxes, across or down; below 0 where they overlap.
    gaps = np.maximum(boxes[:, None, :2], boxes[:, :2])
    gaps -= np.minimum(boxes[:, None, 2:], boxes[:, 2:])
    near = np.triu((gaps.max(2) <= NEAR * heights), 1)
    pairs = np.argwhere(near).tolist()
    limit = max(1, min(MAX_POINTS, int(np.sqrt(MAX_DISTANCES / max(len(pairs), 1)))))
    parts = [part[:: -(-len(part) // limit)] for part in parts]
    candidates: list[tuple[float, tuple[int, int], tuple[int, ...]]] = []
    for first, second in pairs:
        # Another link between two joined parts would change nothing.
        if group_of[first] == group_of[second]:
            continue
        height = float(heights[first, second])
        distance = _distance(parts[first], parts[second]) / height
        pair, scaled = (first, second), boxes[[first, second]] / height
        if distance <= TOUCHING or _overlap(distance, scaled):
            join(*pair)
        elif distance <= HALVES and _staggered(scaled):
            candidates.append((distance, pair, pair))
        elif distance <= NEAR and min(own[[first, second]]) <= SHORT * height:
            short = min(pair, key=lambda part: float(own[part]))
            candidates.append((distance, pair, (short,)))
    # Less certain: the nearest first, and only parts that have found no other one.
    for _, pair, single in sorted(candidates):
        if linked.isdisjoint(single):
            join(*pair)
    return [
        [part for part, group in enumerate(group_of) if group == name]
        for name in dict.fromkeys(group_of)
    ]


def _distance(first: Points, second: Points) -> float:
    """The least distance between points (N, 2) and points (M, 2)."""
    across, down = (first[:, None, axis] - second[:, axis] for axis in (0, 1))
    return float(np.sqrt((across**2 + down**2).min()))


def _overlap(distance: float, boxes: NDArray[np.float64]) -> bool:
    """Whether one part is above, below or inside the other, and of the same digit.

    The distance of the parts and their boxes (2, 4) are in heights of the taller one.
    """
    # A vertical line has some width, too.
    common = float(boxes[:, 2].min() - boxes[:, 0].max())
    narrow = max(float((boxes[:, 2] - boxes[:, 0]).min()), TOUCHING)
    lower = float((boxes[:, 3] - boxes[:, 1]).min())
    return common >= OVERLAP * narrow and (lower <= TALL or distance <= HALVES)


def _staggered(boxes: NDArray[np.float64]) -> bool:
    """Whether two parts could be the halves of an open 4; boxes (2, 4) in heights of the taller."""
    left, right = boxes[np.argsort(boxes[:, 0] + boxes[:, 2])]
    begins, ends = float(right[1] - left[1]), float(right[3] - left[3])
    return min(begins, ends) >= HIGHER and begins + ends >= STAGGER


def _resample(line: Points, spacing: float) -> Points:
    """A line (N, 2) with points added, so that two in a row are at most `spacing` apart."""
    if spacing <= 0 or len(line) < 2:
        return line
    lengths = np.sqrt((np.diff(line, axis=0) ** 2).sum(1))
    along = np.concatenate([[0], np.cumsum(lengths)])
    between = np.linspace(0, along[-1], int(np.ceil(along[-1] / spacing)) + 1)
    places = np.union1d(along, between)
    return np.stack([np.interp(places, along, line[:, axis]) for axis in (0, 1)], 1)
