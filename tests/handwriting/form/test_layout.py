"""The form's layout and its printed page."""

import re
from itertools import combinations

import numpy as np
import pytest

from mnistlab.handwriting.form import layout
from mnistlab.handwriting.form.layout import HOLES, MARKS, Paper, Rectangle, box, places
from mnistlab.handwriting.form.printed import INCH, pdf, render


def overlap(a: Rectangle, b: Rectangle) -> bool:
    apart_x = a.x + a.width <= b.x or b.x + b.width <= a.x
    return not (apart_x or a.y + a.height <= b.y or b.y + b.height <= a.y)


def test_a_hundred_boxes_and_four_marks_lie_apart_within_the_sheet() -> None:
    boxes = [box(*place) for place in places()]
    assert len(boxes) == 100 and [label for _, label in places()] == [*range(10)] * 10
    everything = [*boxes, *MARKS.values(), layout.NUMBER_FIELD]
    assert not any(overlap(a, b) for a, b in combinations(everything, 2))
    for each in everything:
        assert each.x >= 0 and each.x + each.width <= layout.WIDTH
        assert each.y >= 0 and each.y + each.height <= layout.HEIGHT


@pytest.mark.parametrize("paper", [*Paper])
def test_printers_reach_all_of_the_sheet(paper: Paper) -> None:
    width, height = paper.size
    assert min(width - layout.WIDTH, height - layout.HEIGHT) / 2 > 12


def test_marks_differ_by_their_holes() -> None:
    assert {number: len(holes) for number, holes in HOLES.items()} == {1: 1, 2: 2, 3: 3, 4: 4}
    for holes in HOLES.values():
        squares = [Rectangle(x, y, layout.HOLE, layout.HOLE) for x, y in holes]
        assert not any(overlap(a, b) for a, b in combinations(squares, 2))
        ends = [n + layout.HOLE for hole in holes for n in hole]
        assert min(min(hole) for hole in holes) >= 2 and max(ends) <= layout.MARK - 2


@pytest.mark.parametrize("paper", [*Paper])
def test_the_page_has_the_paper_s_size_and_what_the_layout_says(paper: Paper) -> None:
    scale = 5
    page = np.asarray(render(paper, scale * INCH))
    assert page.shape == tuple(round(n * scale) for n in reversed(paper.size))
    left, top = (
        (a - b) / 2 for a, b in zip(paper.size, (layout.WIDTH, layout.HEIGHT), strict=True)
    )

    def at(x: float, y: float) -> int:
        return int(page[round((top + y) * scale), round((left + x) * scale)])

    for number, mark in MARKS.items():
        assert at(mark.x + 1, mark.y + 1) == 0
        for x, y in HOLES[number]:
            assert at(mark.x + x + layout.HOLE / 2, mark.y + y + layout.HOLE / 2) == 255
    for place in places():
        frame = box(*place)
        row = round((top + frame.center[1]) * scale)
        line = page[row, round((left + frame.x) * scale) - 2 :][:5]
        assert line.min() == 0 and at(*frame.center) == 255


@pytest.mark.parametrize(("paper", "points"), [(Paper.A4, (595, 842)), (Paper.LETTER, (612, 792))])
def test_the_pdf_is_one_page_of_the_paper_s_size(paper: Paper, points: tuple[int, int]) -> None:
    content = pdf(paper)
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", content)
    assert content.startswith(b"%PDF") and box and content.count(b"/Type /Page\n") == 1
    assert [float(n) for n in box.groups()] == pytest.approx(points, abs=1)
    assert len(content) < 100_000
