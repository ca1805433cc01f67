"""Made-up drawings of what is no digit, and digits drawn again: examples for the detector.

They are drawn from a generator, not from people, and by other code than those that
`benchmarks/nonsense.py` measures with: it tests the drawing of the same kinds, not other kinds.
"""

from collections.abc import Callable, Sequence

import numpy as np

from mnistlab.pen.raster import SIDE
from mnistlab.uncertainty.letters import letter
from mnistlab.uncertainty.lines import Images, Line, Lines, render, smooth, transform

Generator = np.random.Generator
Kind = Callable[[Generator], Lines]
PEN_WIDTHS = (1.6, 3.6)
"""Pixels: those of photos and of MNIST vary; three drawings in ten have such a width."""


def scribble(generator: Generator) -> Lines:
    """A long line that turns at random, that visits random points, or that goes to and fro, the
    last sometimes twice, at an angle.
    """
    match generator.integers(3):
        case 0:
            steps = int(generator.integers(15, 90))
            turns = np.convolve(generator.normal(0, generator.uniform(0.3, 1.6), steps), np.ones(4))
            direction = np.cumsum(turns[:steps] / 4)
            return [np.cumsum(np.stack([np.cos(direction), np.sin(direction)], 1), 0)]
        case 1:
            points = generator.uniform(0, 1, (int(generator.integers(6, 22)), 2))
            return [smooth(points * [1, generator.uniform(0.6, 1.4)])]
    lines = [_zigzag(generator)]
    if generator.random() < 0.4:
        angle = generator.uniform(0.8, 2.3)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        lines.append(_zigzag(generator) @ turn)
    # Around one center, so that two of them cross.
    return [line - line.mean(0) for line in lines]


def _zigzag(generator: Generator) -> Line:
    count = int(generator.integers(5, 16))
    across = np.linspace(0, 1, count) + generator.normal(0, 0.06, count)
    down = np.arange(count) % 2 * generator.uniform(0.4, 1.2) + generator.normal(0, 0.12, count)
    zigzag = np.stack([across, down], 1)
    return smooth(zigzag) if generator.random() < 0.5 else zigzag


def short_strokes(generator: Generator) -> Lines:
    """Short curves at random places."""
    return [
        smooth(generator.uniform(-0.35, 0.35, (int(generator.integers(2, 5)), 2)))
        + generator.uniform(0, 1, 2)
        for _ in range(int(generator.integers(3, 9)))
    ]


def sticks(generator: Generator) -> Lines:
    """Straight lines at odd angles."""
    lines = []
    for _ in range(int(generator.integers(3, 9))):
        angle, half = generator.uniform(0, np.pi), generator.uniform(0.2, 0.7)
        way = half * np.array([np.cos(angle), np.sin(angle)])
        lines.append(generator.uniform(0, 1, 2) + np.array([-way, way]))
    return lines


def blots(generator: Generator) -> Lines:
    """Dots, or blots as of ink, at random places; often a single one."""
    size = generator.choice([0.0, 0.01, 0.08])
    return [
        generator.uniform(0, 1, 2) + smooth(generator.normal(0, size, (4, 2)))
        for _ in range(int(generator.integers(1, 7)))
    ]


def polygon(generator: Generator) -> Lines:
    """A triangle, a quadrilateral or a pentagon, often upright, in one stroke or in several."""
    count = int(generator.choice([3, 3, 3, 4, 4, 4, 5]))
    first = {3: -np.pi / 2, 4: np.pi / 4, 5: -np.pi / 2}[count]
    match generator.integers(4):
        case 0:
            first = generator.uniform(0, 2 * np.pi)
        case 1:
            first += np.pi / count
    angles = first + np.arange(count) * (2 * np.pi / count)
    corners = np.stack([np.cos(angles), np.sin(angles)], 1)
    corners *= generator.uniform(0.75, 1.25, (count, 1)) * [generator.uniform(0.55, 1.3), 1]
    corners = np.roll(corners, generator.integers(count), 0)
    # Hardly anybody ends exactly where they began.
    ends = np.concatenate([corners[1:], corners[:1] + generator.normal(0, 0.06, 2)])
    along = np.linspace(0, 1, 6)[:, None]
    sides = [
        begin + along * (end - begin) + generator.normal(0, 0.02, (6, 2))
        for begin, end in zip(corners, ends, strict=True)
    ]
    if generator.random() < 0.25:
        return [side + generator.normal(0, 0.04, 2) for side in sides]
    outline = np.concatenate(sides)
    return [smooth(outline) if generator.random() < 0.3 else outline]


def star(generator: Generator) -> Lines:
    """A star in one stroke: its outline, or a pentagram."""
    if generator.random() < 0.5:
        count = int(generator.integers(4, 9))
        angles = np.arange(2 * count + 1) * np.pi / count - np.pi / 2
        radius = np.where(np.arange(2 * count + 1) % 2, generator.uniform(0.3, 0.6), 1)
    else:
        angles, radius = np.arange(6) * 4 * np.pi / 5 - np.pi / 2, np.ones(6)
    corners = np.stack([np.cos(angles) * radius, np.sin(angles) * radius], 1)
    return [corners + generator.normal(0, 0.05, corners.shape)]


def spiral(generator: Generator) -> Lines:
    turns = np.linspace(0, generator.uniform(1.6, 4) * 2 * np.pi, 60)
    radius, angle = turns + generator.uniform(0, 4), turns * generator.choice([-1, 1])
    angle = angle + generator.uniform(0, 2 * np.pi)
    return [np.stack([np.cos(angle) * radius, np.sin(angle) * radius], 1)]


def wave(generator: Generator) -> Lines:
    """A wave, with loops or without, across or down."""
    phase = 2 * np.pi * generator.uniform(1.5, 5) * np.linspace(0, 1, 50)
    across = np.linspace(0, 1, 50) + generator.uniform(0, 0.12) * np.cos(phase)
    down = np.sin(phase + generator.uniform(0, 2 * np.pi)) * generator.uniform(0.1, 0.5)
    line = np.stack([across, down], 1)
    return [line[:, ::-1] if generator.random() < 0.3 else line]


def cross(generator: Generator) -> Lines:
    """Two to four lines through one place: upright, diagonal or at random."""
    count, lines = int(generator.integers(2, 5)), []
    first = generator.choice([0, np.pi / 4, generator.uniform(0, np.pi)])
    for number in range(count):
        angle = first + number * np.pi / count + generator.normal(0, 0.1)
        way = generator.uniform(0.7, 1.1) * np.array([np.cos(angle), np.sin(angle)])
        lines.append(np.array([-way, way]) + generator.normal(0, 0.12, 2))
    return lines


def rings(generator: Generator) -> Lines:
    """Circles in each other, beside each other, or a large one with small ones."""
    kind, lines = generator.integers(3), []
    for number in range(int(generator.integers(2, 4))):
        angle = np.linspace(0, 2 * np.pi, 24) * generator.uniform(0.95, 1.05)
        ring = np.stack([np.cos(angle), np.sin(angle)], 1) * [generator.uniform(0.7, 1.1), 1]
        match kind:
            case 0:
                lines.append(ring * (1 - 0.4 * number))
            case 1:
                lines.append(ring + np.array([1.9 * number * generator.uniform(0.6, 1.4), 0]))
            case _:
                lines.append(ring * 0.15 + generator.uniform(-0.5, 0.5, 2) if number else ring)
    return lines


def several_digits(generator: Generator, digits: Sequence[Lines]) -> Lines:
    """Two or three digits side by side, or two above each other; they may touch."""
    lines: Lines = []
    is_below, offset = generator.random() < 0.15, 0.0
    for _ in range(2 if is_below or generator.random() < 0.75 else 3):
        digit = digits[int(generator.integers(len(digits)))]
        points = np.concatenate(digit)
        low, extent = points.min(0), np.ptp(points, axis=0)
        scale = generator.uniform(0.8, 1.15)
        place = np.array([generator.normal(0, 2), offset] if is_below else [offset, 0.0])
        # On one line digits stand on it, more or less.
        place = place + ([0, 0] if is_below else [0, generator.normal(0, 1.5) - extent[1] * scale])
        lines += [(line - low) * scale + place for line in digit]
        offset += float(extent[1 if is_below else 0]) * scale + generator.uniform(0.5, 9)
    return lines


KINDS: dict[Kind, int] = {
    scribble: 4,
    short_strokes: 4,
    sticks: 4,
    blots: 2,
    polygon: 3,
    star: 1,
    spiral: 1,
    wave: 1,
    cross: 1,
    rings: 1,
    letter: 6,
}
"""How often each is drawn."""
N_SEVERAL = 5
"""How often several digits are."""


def nondigits(count: int, digits: Sequence[Lines], generator: Generator) -> Images:
    """Images (N, 28, 28) of what is no digit; `digits` are the center lines of some digits."""
    kinds = [kind for kind, often in KINDS.items() for _ in range(often)]
    images = []
    for _ in range(count):
        place = int(generator.integers(len(kinds) + N_SEVERAL))
        is_shape = place < len(kinds)
        lines = kinds[place](generator) if is_shape else several_digits(generator, digits)
        pen_width = generator.uniform(*PEN_WIDTHS) if generator.random() < 0.3 else None
        lines = transform(lines, generator)
        images.append(render(lines, pen_width) if pen_width else render(lines))
    return np.stack(images) if images else np.zeros((0, SIDE, SIDE), np.uint8)


SLASHED, TAILED = 0.15, 0.3
"""Of the zeros that are drawn again."""


def redrawn_digits(digits: Sequence[Lines], labels: Sequence[int], generator: Generator) -> Images:
    """Images (N, 28, 28) of the same digits, drawn along their center lines.

    Some zeros get a slash, or a pen's way to their outline: MNIST's writers made neither.
    """
    images = []
    for lines, label in zip(digits, labels, strict=True):
        extra = [] if label else _in_zero(np.concatenate(lines), generator)
        images.append(render(transform([*lines, *extra], generator)))
    return np.stack(images)


def _in_zero(points: Line, generator: Generator) -> Lines:
    low, high = points.min(0), points.max(0)
    chance = generator.random()
    if chance < SLASHED:
        over = generator.uniform(-0.1, 0.25, 2)[:, None] * (high - low)
        left, right = low - over[0], high + over[1]
        return [np.array([[left[0], right[1]], [right[0], left[1]]])]
    if chance < SLASHED + TAILED:
        # It begins within the zero or left of it, and meets the outline near its top.
        start = low + (high - low) * generator.uniform([-0.3, 0], [0.5, 0.6])
        top = points[np.argsort(points[:, 1])[int(generator.integers(max(1, len(points) // 4)))]]
        bend = (start + top) / 2 + generator.normal(0, 1.5, 2)
        return [smooth(np.array([start, bend, top]))]
    return []
