"""The Draw page with several digits by AppTest: the number, its chosen digit, labels and photos."""

import base64
import io
import math
import re
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from mnistlab import zoo
from mnistlab.drawing.classifier import Classifier
from mnistlab.drawing.prediction import Prediction
from mnistlab.drawing.segmentation import Segment
from mnistlab.drawing.strokes import digit_from_strokes
from mnistlab.handwriting import collection
from mnistlab.store.store import Store
from mnistlab.ui.draw import canvas_buttons, chosen_digit, number
from tests.drawing.multidigit.test_photo_digits import photo_of_number
from tests.drawn_digits import DIGITS
from tests.ui.app_test import body, run, settled
from tests.ui.test_draw import STEM, card_images, draw, drawing, page, prediction


def number_of(*digits: int) -> list[list[tuple[float, float]]]:
    """The strokes of a number on the wide canvas."""
    return [
        [(20 + 80 * place + 0.4 * (x - 70), 60 + 0.5 * y) for x, y in stroke]
        for place, digit in enumerate(digits)
        for stroke in DIGITS[digit]
    ]


def wide_page(*strokes: list[tuple[float, float]], **query: str) -> AppTest:
    """The page with the wide canvas and strokes on it."""
    at = run("pages/draw.py", number="true", **query)
    at.session_state[f"canvas{at.session_state['canvas']}"] = sent(*strokes)
    return settled(at)


def sent(*strokes: list[tuple[float, float]]) -> dict[str, object]:
    """What the wide canvas sends."""
    result = drawing()
    picture = Image.new("RGBA", (700, 280), "white")
    result["drawing"]["raw"]["objects"] = [  # type: ignore[index]
        {"type": "path", "path": [["M", *points[0]], *(["L", *p] for p in points[1:])]}
        for points in strokes
    ]
    for points in strokes:
        ImageDraw.Draw(picture).line(points, "black", 12)
    out = io.BytesIO()
    picture.save(out, "PNG")
    data = f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
    result["drawing"]["data"] = data  # type: ignore[index]
    return result


def choose(at: AppTest, part: int) -> AppTest:
    """What a click on the card of the digit with this part does."""
    at.session_state[chosen_digit.PART] = part
    return settled(at)


def n_strokes(*digits: int) -> int:
    return len(number_of(*digits))


def chosen(at: AppTest) -> str:
    """Which digit is chosen, as it is written on the page."""
    found = re.search(r"Digit (\d of \d):", body(at))
    return found[1] if found else ""


def number_lines(at: AppTest) -> list[str]:
    """The lines of the number on the page; none if there is only one digit."""
    found = re.search(r'lab-number"[^>]*><b>(.*?)</b>', body(at))
    return re.findall("<span>(.*?)</span>", found[1]) if found else []


def test_a_number_is_classified_digit_by_digit_with_a_box_each(lab: Path) -> None:
    at = wide_page(*number_of(1, 9, 8, 4, 2, 0, 2, 6))
    assert number_lines(at) == ["1 9 8 4 2 0 2 6"] and "8 digits, all confident" in body(at)
    assert body(at).count('class="lab-box') == 8 + 1, "and what holds them"
    assert "Digit 1 of 8" in body(at) and 'class="lab-answer"' not in body(at)
    # Everything below is about the chosen digit, and so is the label.
    before = card_images(at)
    choose(at, n_strokes(1, 9, 8))
    assert "Digit 4 of 8" in body(at) and card_images(at) != before
    at.button(key="label4").click()
    settled(at)
    (saved,) = collection.export(Store(lab / "runs"))
    four = [stroke for stroke in number_of(1, 9, 8, 4) if stroke not in number_of(1, 9, 8)]
    assert saved.label == 4
    assert [[list(point) for point in stroke] for stroke in saved.strokes] == [
        [list(point) for point in stroke] for stroke in four
    ]


def test_two_lines_are_shown_as_two_lines_also_on_the_usual_canvas() -> None:
    at = page()
    small = [
        [(x * 0.35 + 130 * column, y * 0.35 + 140 * line) for x, y in stroke]
        for line, column, digit in ((0, 0, 7), (0, 1, 3), (1, 0, 2))
        for stroke in DIGITS[digit]
    ]
    draw(at, *small)
    assert number_lines(at) == ["7 3", "2"]
    draw(at, STEM)
    assert not number_lines(at) and prediction(at) == "1" and "lab-boxes" not in body(at)


def box_edges(at: AppTest) -> list[float]:
    """The left edge and the width of each box, in percent of the canvas."""
    found = re.findall(r'class="lab-box[^>]*left:([0-9.]+)%;[^>]*width:([0-9.]+)%', body(at))
    return [float(number) for pair in found for number in pair]


def test_a_number_keeps_its_strokes_wherever_it_is_shown_smaller() -> None:
    at = wide_page(*number_of(1, 0, 7), [(650, 20), (652, 22)])
    assert number_lines(at) == ["1 0 7"], "specks are no digits"
    strokes, edges = at.session_state["strokes"], box_edges(at)
    at.toggle(key="number").set_value(False)
    assert number_lines(settled(at)) == ["1 0 7"]
    assert box_edges(at) == edges, "all of it is on the smaller canvas"
    settled(at.switch_page("app.py"))
    settled(at.switch_page("pages/draw.py"))
    at.toggle(key="number").set_value(True)
    assert number_lines(settled(at)) == ["1 0 7"]
    assert at.session_state["strokes"] == strokes and box_edges(at) == edges


def test_a_stroke_on_a_smaller_canvas_joins_the_number_where_it_was_drawn() -> None:
    at = wide_page(*number_of(1, 0))
    at.toggle(key="number").set_value(False)
    settled(at)
    # At two fifths of the size, a 1 right of the number.
    draw(at, [(120.0, 120.0), (120.0, 150.0)])
    assert at.session_state["strokes"][-1] == [[300, 90], [300, 165]]
    assert number_lines(at) == ["1 0 1"]


def test_a_point_beyond_the_edge_does_not_scale_a_drawing() -> None:
    at = page()
    draw(at, [(150.0, 40.0), (140.0, 140.0), (285.0, 240.0)])
    strokes = at.session_state["strokes"]
    settled(at.switch_page("pages/design.py"))
    settled(at.switch_page("pages/draw.py"))
    assert at.session_state["strokes"] == strokes
    assert at.session_state["drawn_width"] == 280


def test_a_saved_digit_keeps_its_label_on_another_canvas(lab: Path) -> None:
    at = wide_page(*number_of(4, 7))
    at.button(key="label4").click()
    settled(at)
    at.toggle(key="number").set_value(False)
    settled(at)
    assert at.button(key="label4").proto.type == "primary"
    at.button(key="label4").click()
    settled(at)
    assert collection.counts(Store(lab / "runs"))[""][4] == 1


def test_a_scribble_among_digits_is_uncertain() -> None:
    zigzag = [(500.0 + 120 * (n % 2), 60.0 + 10 * n) for n in range(14)]
    cross = [(500.0 + 9 * n, 60.0 + 130 * (n % 2)) for n in range(14)]
    at = wide_page(*number_of(3, 5), zigzag, cross)
    assert number_lines(at) == ["3 5 ?"] and "1 uncertain" in body(at)
    assert body(at).count("lab-box lab-uncertain") == 1


def test_a_photo_of_two_lines_is_classified_and_one_of_its_digits_saved(lab: Path) -> None:
    at = page()
    at.button_group(key="source").set_value("Photo")
    settled(at)
    content = photo_of_number([[1, 9, 8], [4, 7]])
    at.file_uploader[0].set_value(("number.jpg", content, "image/jpeg"))
    settled(at)
    assert number_lines(at) == ["1 9 8", "4 7"] and body(at).count('class="lab-box') == 5 + 1
    choose(at, at.session_state["digits_of_photo"][3][3][1][0][0])
    assert chosen(at) == "4 of 5"
    at.button(key="label4").click()
    settled(at)
    (saved,) = collection.export(Store(lab / "runs"))
    digit = digit_from_strokes(saved.strokes)
    assert saved.label == 4 and digit is not None
    assert Classifier(zoo.default_checkpoint()).predict(digit, False).digit == 4


def test_a_photo_that_an_earlier_version_of_the_code_left_is_ignored() -> None:
    at = page()
    at.button_group(key="source").set_value("Photo")
    pixels = np.full((40, 30, 3), 255, np.uint8)
    at.session_state["photo"] = pixels[..., 0], pixels, False, [[[1.0, 2.0]]]
    settled(at)
    assert 'lab-photo"' not in body(at) and prediction(at) == "?"


def test_a_damaged_checkpoint_hides_neither_the_photo_nor_the_labels(
    lab: Path, damaged_uncertainty: None
) -> None:
    at = page()
    draw(at, STEM)
    assert "sketch.uncertainty" in at.error[0].value
    assert not at.button(key="label1").disabled and "Draw a digit first." not in body(at)
    at.button_group(key="source").set_value("Photo")
    settled(at)
    at.file_uploader[0].set_value(("47.jpg", photo_of_number([[4, 7]]), "image/jpeg"))
    settled(at)
    assert 'lab-photo"' in body(at)
    at.button(key="label4").click()
    settled(at)
    assert collection.counts(Store(lab / "runs"))[""][4] == 1


def test_a_digit_stays_chosen_until_it_is_gone() -> None:
    at = wide_page(*number_of(1, 0, 7)[1:])
    key = f"canvas{at.session_state['canvas']}"
    choose(at, 1)
    assert number_lines(at) == ["0 7"] and chosen(at) == "2 of 2"
    strokes = [*number_of(1, 0, 7)[1:], number_of(1)[0]]
    at.session_state[key] = sent(*strokes)
    assert number_lines(settled(at)) == ["1 0 7"] and chosen(at) == "3 of 3"
    # Undo, and an empty canvas, after which the first one is chosen.
    at.session_state[key] = sent(strokes[0])
    assert not number_lines(settled(at)) and prediction(at) == "0"
    at.session_state[key] = sent()
    settled(at)
    at.session_state[key] = sent(*strokes)
    assert chosen(settled(at)) == "1 of 3"


def test_another_photo_has_its_first_digit_chosen() -> None:
    at = page()
    at.button_group(key="source").set_value("Photo")
    settled(at)
    for digits in ([4, 7], [7, 4]):
        content = photo_of_number([digits])
        at.file_uploader[0].set_value((f"{digits[0]}.jpg", content, "image/jpeg"))
        settled(at)
        assert chosen(at) == "1 of 2"
        choose(at, at.session_state["digits_of_photo"][3][1][1][0][0])
        assert chosen(at) == "2 of 2"


def heading(at: AppTest) -> str:
    return next(one.value for one in at.markdown if "Correct label" in one.value)


def test_next_goes_from_digit_to_digit_and_clears_after_the_last(lab: Path) -> None:
    at = wide_page(*number_of(4, 7, 1))
    for place, digit in enumerate((4, 7, 1), 1):
        assert heading(at) == f"**Correct label of digit {place} of 3**"
        at.button(key=f"label{digit}").click()
        settled(at)
        if place < 3:
            assert canvas_buttons.NEXT not in {one.key for one in at.button}
            at.button(key="next_digit").click()
            settled(at)
    assert not at.button(key=canvas_buttons.NEXT).disabled
    saved = collection.export(Store(lab / "runs"))
    assert sorted(each.label for each in saved) == [1, 4, 7]
    strokes = [stroke for each in saved for stroke in each.strokes]
    assert sorted(map(len, strokes)) == sorted(map(len, number_of(4, 7, 1)))
    draw(at, STEM)
    assert heading(at) == "**Correct label**"


def test_next_goes_from_digit_to_digit_of_a_photo_and_removes_it_after_the_last() -> None:
    at = page()
    at.button_group(key="source").set_value("Photo")
    settled(at)
    at.file_uploader[0].set_value(("47.jpg", photo_of_number([[4, 7]]), "image/jpeg"))
    settled(at)
    for digit, key in ((4, "next_digit"), (7, "next_photo")):
        assert 'lab-photo"' in body(at)
        at.button(key=f"label{digit}").click()
        settled(at)
        at.button(key=key).click()
        settled(at)
    assert 'lab-photo"' not in body(at) and prediction(at) == "?"


def test_a_card_has_a_name_that_says_which_digit_it_is() -> None:
    drawn = digit_from_strokes(DIGITS[7])
    assert drawn is not None
    segments = [Segment((part,), (0.0, 0.0, 1.0, 2.0), 0) for part in range(2)]
    sure = Prediction(tuple(0.991 if digit == 7 else 0.001 for digit in range(10)))
    unsure = Prediction(tuple(0.5 if digit in (1, 7) else 0.0 for digit in range(10)))
    cards = number.cards([drawn, drawn], [sure, unsure], segments)
    names = re.findall(r'aria-label="([^"]*)"', cards)
    assert names == ["Digit 1 of 2: 7, 99.1%", "Digit 2 of 2: 1, 50%, or 7"]
    assert cards.count('<img alt="" ') == 2, "or its text would be said twice"
    assert re.findall(r'aria-pressed="(\w+)"', cards) == ["true", "false"]


ARCS = [
    [(140 + side * (12 + 60 * math.sin(n / 10 * math.pi)), 40 + 20 * n) for n in range(11)]
    for side in (-1.0, 1.0)
]
"""A 0 of two arcs that do not meet."""


def test_a_digit_that_is_taken_for_several_can_be_taken_for_one(lab: Path) -> None:
    at = page()
    draw(at, *ARCS)
    assert len(number_lines(at)) == 1
    at.toggle(key="one_digit").set_value(True)
    settled(at)
    assert not number_lines(at) and prediction(at) == "0" and "lab-boxes" not in body(at)
    at.button(key="label0").click()
    settled(at)
    (saved,) = collection.export(Store(lab / "runs"))
    assert len(saved.strokes) == 2
    at.toggle(key="one_digit").set_value(False)
    assert len(number_lines(settled(at))) == 1
    # The next drawing is segmented again.
    at.toggle(key="one_digit").set_value(True)
    settled(at)
    draw(at)
    draw(at, *ARCS)
    assert len(number_lines(at)) == 1 and not at.toggle(key="one_digit").value


def test_the_address_says_that_a_drawing_is_one_digit() -> None:
    at = run("pages/draw.py", one_digit="true")
    draw(at, ARCS[0])
    draw(at, *ARCS)
    assert not number_lines(at) and prediction(at) == "0"


def test_a_digit_of_a_number_keeps_its_stroke_width_if_that_is_not_normalized() -> None:
    at = wide_page(*number_of(4, 7))
    redrawn = card_images(at)
    assert "stroke width normalized" in body(at)
    at.toggle(key="step_stroke_width").set_value(False)
    original = card_images(settled(at))
    assert "original pixels" in body(at)
    assert len(original) == len(redrawn) and original[0] == redrawn[0]
    assert all(a != b for a, b in zip(original[1:], redrawn[1:], strict=True))


def test_a_box_leaves_room_for_the_brush_that_drew_the_digit() -> None:
    at = page()
    digits = [[(60.0, 100.0), (60.0, 200.0)], [(200.0, 100.0), (200.0, 200.0)]]
    draw(at, *digits)
    usual = box_edges(at)
    assert usual == [17.5, 7.86, 67.5, 7.86], "11 of 280 pixels on both sides of each line"
    at.toggle(key="number").set_value(True)
    assert box_edges(settled(at)) == [7.0, 3.14, 27.0, 3.14], "and as many of 700 when restored"


def test_without_a_photo_the_next_action_is_named() -> None:
    at = page()
    at.button_group(key="source").set_value("Photo")
    assert "Choose or paste a photo of a digit or a number." in body(settled(at))
