"""Letters and symbols as pen strokes, which no digit classifier should accept: made by code.

Each has one or more ways to write it. O, I, S, Z, l and the like are missing: they are digits, too.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float64]
Lines = list[Line]

TEXT = """
A: 60,240 140,40 220,240 | 92,165 188,165
A: 60,240 140,40 220,240 188,165 92,165
A: ~60,240 90,120 140,40 190,120 220,240 | 85,150 195,150
A: 140,40 60,240 | 140,40 220,240 | 92,165 188,165
B: 80,40 80,240 | ~80,40 150,40 185,85 150,130 80,135 | ~80,135 165,140 200,190 165,235 80,240
B: ~80,240 80,140 80,40 150,42 180,85 140,128 90,135 165,145 195,190 160,235 80,238
E: 200,40 80,40 80,240 200,240 | 80,140 170,140
E: 80,40 80,240 | 80,40 200,40 | 80,140 170,140 | 80,240 200,240
F: 80,40 80,240 | 80,40 200,40 | 80,135 170,135
G: ~210,85 150,45 85,90 75,170 130,235 205,200 205,155 | 150,155 220,155
H: 75,40 75,240 | 205,40 205,240 | 75,140 205,140
H: 75,40 75,240 | 75,140 205,140 | 205,40 205,240
K: 80,40 80,240 | 200,40 80,150 | 110,130 205,240
K: 80,40 80,240 | 200,40 85,145 205,240
M: 60,240 70,40 140,160 210,40 220,240
M: 60,240 60,40 140,150 220,40 220,240
N: 75,240 75,40 205,240 205,40
P: 90,240 90,40 | ~90,45 170,40 200,90 165,140 90,145
Q: ~140,45 80,80 65,145 90,215 145,235 200,205 215,135 190,70 140,45 | 160,185 225,245
R: 85,240 85,40 | ~85,45 165,40 195,90 160,135 85,140 | 120,140 205,240
R: ~85,240 85,40 165,40 190,90 150,135 90,140 140,170 205,240
T: 60,45 220,45 | 140,45 140,240
T: 140,45 140,240 | 60,45 220,45
V: 65,45 140,240 215,45
W: 45,45 90,235 140,90 190,235 235,45
X: 70,45 210,240 | 210,45 70,240
Y: 70,45 140,140 | 210,45 140,140 140,240
Y: 70,45 140,140 210,45 | 140,140 140,240
a: ~195,110 145,85 90,125 85,190 130,225 185,190 195,110 | ~195,100 192,180 200,225 225,235
d: ~190,150 145,120 95,150 90,205 135,235 185,205 | 192,40 190,240
e: ~75,150 205,145 180,75 120,60 75,110 75,190 125,235 200,215
h: 90,40 90,240 | ~90,150 130,110 180,125 190,170 190,240
k: 90,40 90,240 | 180,110 95,175 190,240
n: 85,100 85,240 | ~85,150 125,100 180,115 190,160 190,240
alpha: ~220,75 150,200 90,220 60,150 95,85 150,110 220,225
heart: ~140,95 105,50 60,65 50,115 90,175 140,235 190,175 230,115 220,65 175,50 140,95
heart: ~140,100 180,45 230,75 220,135 140,240 | ~140,100 100,45 50,75 60,135 140,240
star: 80,240 140,40 200,240 45,115 235,115 80,240
star: 140,40 165,115 240,115 180,160 205,235 140,190 75,235 100,160 40,115 115,115 140,40
arrow: 50,140 230,140 | 170,85 230,140 170,195
arrow: 140,240 140,45 | 85,105 140,45 195,105
arrow: 60,230 220,60 | 140,65 220,60 215,140
smiley: ~140,40 65,75 40,145 70,215 140,240 210,215 240,145 215,75 140,40 | 105,110 105,120 |\
 175,110 175,120 | ~90,165 115,195 140,203 165,195 190,165
square: 60,60 220,60 220,220 60,220 60,60
rectangle: 40,90 240,90 240,190 40,190 40,90
triangle: 140,50 230,230 50,230 140,50
triangle: 50,60 230,60 140,230 50,60
diamond: 140,40 220,140 140,240 60,140 140,40
house: 70,240 70,120 140,50 210,120 210,240 70,240
house: 70,120 210,120 210,240 70,240 70,120 140,45 210,120
plus: 140,50 140,230 | 50,140 230,140
hash: 105,50 95,230 | 185,50 175,230 | 50,110 230,110 | 50,170 230,170
question: ~80,90 95,50 150,40 195,75 180,120 145,150 140,190 | 140,228 140,236
ampersand: ~215,235 110,110 105,60 145,40 175,70 150,115 85,165 85,215 135,238 190,200 215,150
check: 60,150 115,225 225,60
percent: ~90,60 65,80 75,115 105,115 115,80 90,60 | 210,50 70,235 |\
 ~190,170 165,190 175,225 205,225 215,190 190,170
euro: ~215,75 150,45 90,90 80,160 110,225 170,238 215,205 | 50,120 170,120 | 50,160 160,160
bolt: 165,40 90,150 150,150 110,240
spiral: ~140,140 155,125 170,145 150,170 115,155 115,105 165,85 210,125 200,195 140,220\
 80,190 70,120
"""
STEPS = 12
"""Points between two corners of a smooth stroke."""
MAX_SLANT, MAX_TURN = 0.12, 0.09
"""Of a variant: shear, and turn in radians."""
WOBBLE = 5.0
"""Standard deviation of the corners, in units of a canvas of 280."""


def _line(text: str) -> tuple[bool, Line]:
    """A stroke, and whether it is smooth."""
    text = text.strip()
    pairs = (point.split(",") for point in text.removeprefix("~").split())
    return text.startswith("~"), np.array([[float(x), float(y)] for x, y in pairs])


def templates() -> dict[str, list[list[tuple[bool, Line]]]]:
    """The ways to write each shape."""
    found: dict[str, list[list[tuple[bool, Line]]]] = {}
    for row in TEXT.strip().splitlines():
        name, _, strokes = row.partition(":")
        found.setdefault(name, []).append([_line(one) for one in strokes.split("|")])
    return found


def smooth(corners: Line) -> Line:
    """A Catmull–Rom curve through the corners."""
    padded = np.concatenate([corners[:1], corners, corners[-1:]])
    t = np.linspace(0, 1, STEPS, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces.append(
            b
            + 0.5 * t * (c - a)
            + t**2 * (a - 2.5 * b + 2 * c - 0.5 * d)
            + t**3 * (1.5 * (b - c) + 0.5 * (d - a))
        )
    return np.concatenate([*pieces, corners[-1:]])


def shape(name: str) -> Callable[[np.random.Generator], Lines]:
    """Draws variants of a shape: its corners moved, slanted, turned and stretched."""
    ways = templates()[name]

    def draw(generator: np.random.Generator) -> Lines:
        way = ways[int(generator.integers(len(ways)))]
        slant, turn = generator.normal(0, [MAX_SLANT, MAX_TURN])
        cosine, sine = np.cos(turn), np.sin(turn)
        matrix = np.array([[cosine, sine], [-sine, cosine]]) @ np.array([[1, 0], [slant, 1]])
        matrix = matrix * [generator.uniform(0.75, 1.1), 1]
        lines = []
        for is_smooth, corners in way:
            moved = (corners + generator.normal(0, WOBBLE, corners.shape)) @ matrix
            lines.append(smooth(moved) if is_smooth else moved)
        return lines

    return draw
