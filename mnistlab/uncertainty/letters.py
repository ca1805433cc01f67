"""Letters and symbols as strokes, for examples of what is no digit; O, I, S, Z, l are digits, too.

Each line is a sign and a way to write it; a stroke's points are two digits each, column and row of
a grid of ten by ten, y downwards. `~` begins a smooth stroke, `|` the next one.
"""

from functools import cache

import numpy as np

from mnistlab.uncertainty.lines import Lines, smooth

TEXT = """
A 19 51 99|25 85
A ~19 35 51 75 99|26 86
B 21 29|~21 61 83 65 25|~25 75 87 69 29
C ~82 41 15 49 88
E 81 21 29 89|25 75
E ~72 31 34 55 26 38 69 88
F 21 29|21 81|25 75
G ~82 41 15 49 88 85|55 95
H 11 19|91 99|15 95
J ~71 77 49 17|41 91
K 21 29|81 25 89
L 21 29 89
M 19 11 56 91 99
M 19 21 57 81 99
N 19 11 99 91
P 29 21|~21 71 84 66 25
Q ~51 15 49 85 51|67 99
R 29 21|~21 71 84 66 25|55 89
T 11 91|51 59
U ~11 16 49 86 81
V 11 59 91
W 11 39 53 79 91
X 11 99|91 19
Y 11 55 91|55 59
a ~84 43 26 48 84|~84 85 87 99
b 21 29|~25 65 87 59 27
d ~75 35 27 49 77|81 89
e ~25 85 72 32 16 39 88
f ~82 51 44 49|25 75
h 21 29|~26 54 76 79
k 21 29|74 26|46 79
m 14 19|~15 34 46 49|~45 64 86 89
n 24 29|~25 54 76 79
p 23 29|~24 63 75 57 27
r 24 29|~26 44 74
t ~51 57 79|24 84
u ~14 17 49 77|74 79
w ~13 28 54 77 93
x ~13 55 99|~93 55 19
y 13 56|93 39
pi 13 93|33 39|73 79
psi 51 59|~11 16 57 96 91
phi 51 59|~53 16 57 96 53
plus 51 59|15 95
equal 13 93|17 97
division 51 52|58 59|15 95
hash 31 29|71 69|13 93|16 96
percent ~21 13 35 43 21|91 19|~75 67 89 97 75
ampersand ~99 43 51 63 17 49 96
at ~65 45 47 67 64 67 95 72 31 15 49 88
euro ~82 41 15 49 88|14 64|16 66
question ~22 51 83 55 57|59 59
brackets ~61 33 36 69|~81 93 96 79
check 15 49 91
arrow 15 95|62 95 68
arrow 19 91|41 91 96
bolt 71 35 75 39
heart ~53 31 13 35 59|~59 85 93 71 53
diamond 51 95 59 15 51
moon ~61 15 69 44 61
eye ~15 52 95 58 15|55 56
fish ~15 53 76 99|~15 57 74 91
cup 21 29 79 71|~73 94 76
flag 21 29|21 92 25
tree 51 19 99 51|59 59
umbrella ~15 31 71 95 15|55 58 38
house 19 14 51 94 99 19
house 14 94 99 19 14 51 94
smiley ~51 15 59 95 51|33 34|73 74|~36 57 76
"""
WOBBLE = 0.35
"""Standard deviation of the points, in units of the grid."""


@cache
def ways() -> tuple[tuple[tuple[bool, tuple[tuple[int, int], ...]], ...], ...]:
    """Each way to write a sign: its strokes, smooth or not, with their points."""
    return tuple(
        tuple(
            (
                stroke.startswith("~"),
                tuple((int(point[0]), int(point[1])) for point in stroke.strip("~").split()),
            )
            for stroke in row.split(" ", 1)[1].split("|")
        )
        for row in TEXT.strip().splitlines()
    )


def letter(generator: np.random.Generator) -> Lines:
    """One of them, its points moved a little."""
    strokes = ways()[int(generator.integers(len(ways())))]
    moved = [
        (is_smooth, np.array(points) + generator.normal(0, WOBBLE, (len(points), 2)))
        for is_smooth, points in strokes
    ]
    return [smooth(line) if is_smooth else line for is_smooth, line in moved]
