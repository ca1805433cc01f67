"""What is where on the form. All lengths are in millimeters, x to the right and y downwards.

The sheet is the same on every paper, in its middle, so a photo tells nothing about the paper.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

WIDTH, HEIGHT = 180.0, 250.0
"""The sheet, from the outer edges of the marks on one side to those on the other."""
N_ROWS, N_LABELS = 10, 10
"""A row has a box for each digit."""
MARK = 12.0
"""A mark's side: a black square with one to four white holes."""
HOLE = 3.0
HOLES = {
    1: ((4.5, 4.5),),
    2: ((2.0, 2.0), (7.0, 7.0)),
    3: ((2.0, 2.0), (7.0, 2.0), (2.0, 7.0)),
    4: ((2.0, 2.0), (7.0, 2.0), (2.0, 7.0), (7.0, 7.0)),
}
"""The holes' corners in a mark, by their number, which says which corner of the sheet it is."""
LINE = 0.2
"""The width of printed lines: black, and thinner than any pen's."""
COLUMN, ROW = 16.0, 20.0
"""From one box to the next."""
BOX_WIDTH, BOX_HEIGHT = 13.4, 15.0
LEFT, TOP = 11.3, 32.4
"""The corner of the first box."""
LABEL_HEIGHT, LABEL_GAP = 3.2, 3.1
"""A label's size, and where it begins above its box."""


class Paper(StrEnum):
    """Paper that the form fits on."""

    A4 = "A4"
    LETTER = "Letter"

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in millimeters."""
        return (210.0, 297.0) if self is Paper.A4 else (215.9, 279.4)


@dataclass(frozen=True)
class Rectangle:
    """A rectangle; `is_ink`: printed black, otherwise white again on what is under it."""

    x: float
    y: float
    width: float
    height: float
    is_ink: bool = True

    @property
    def center(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class Line:
    """A line of text, `height` high, whose upper left corner is at (x, y); or its upper middle."""

    x: float
    y: float
    height: float
    text: str
    is_centered: bool = False


MARKS = {
    1: Rectangle(0, 0, MARK, MARK),
    2: Rectangle(WIDTH - MARK, 0, MARK, MARK),
    3: Rectangle(0, HEIGHT - MARK, MARK, MARK),
    4: Rectangle(WIDTH - MARK, HEIGHT - MARK, MARK, MARK),
}
"""The marks by their number of holes."""
CORNERS = {1: "top left", 2: "top right", 3: "bottom left", 4: "bottom right"}
"""Where they are, in words."""
NUMBER_FIELD = Rectangle(136, 0.1, 26, 9.4)
"""Where a writer's number is written, for people to read."""
TEXTS = (
    Line(18, 0, 6.2, "Handwriting form"),
    Line(18, 10.6, 3.6, "Write the small digit into the box below it, as you always write."),
    Line(18, 15.4, 3.6, "Use a dark pen, and stay inside the boxes."),
    Line(18, 20.2, 3.6, "A box may stay empty. If a digit went wrong, fill its box with ink."),
    Line(120, 3.4, 3.6, "Number"),
    Line(WIDTH / 2, 240.6, 3.6, "Photograph the whole sheet with its four corner marks.", True),
    Line(WIDTH / 2, 245.8, 3.2, "mnistlab · Draw · Handwriting test set · Form", True),
)


def box(row: int, label: int) -> Rectangle:
    """The box in which a digit is written, from the middle of its lines."""
    return Rectangle(LEFT + COLUMN * label, TOP + ROW * row, BOX_WIDTH, BOX_HEIGHT)


def places() -> Iterator[tuple[int, int]]:
    """The row and the label of each box, in reading order."""
    return ((row, label) for row in range(N_ROWS) for label in range(N_LABELS))


def shapes() -> Iterator[Rectangle | Line]:
    """What is printed on the sheet, from the bottom up."""
    for number, mark in MARKS.items():
        yield mark
        for x, y in HOLES[number]:
            yield Rectangle(mark.x + x, mark.y + y, HOLE, HOLE, is_ink=False)
    yield from _outline(NUMBER_FIELD)
    yield from TEXTS
    for row, label in places():
        frame = box(row, label)
        yield from _outline(frame)
        yield Line(frame.center[0], frame.y - LABEL_GAP, LABEL_HEIGHT, str(label), True)


def _outline(frame: Rectangle) -> Iterator[Rectangle]:
    """The four lines of a box, whose middle lies on its sides."""
    half = LINE / 2
    for y in (frame.y, frame.y + frame.height):
        yield Rectangle(frame.x - half, y - half, frame.width + LINE, LINE)
    for x in (frame.x, frame.x + frame.width):
        yield Rectangle(x - half, frame.y - half, LINE, frame.height + LINE)
