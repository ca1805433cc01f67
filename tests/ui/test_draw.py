"""The draw page by Streamlit's AppTest: strokes, steps, undo, and what comes back after a while."""

import base64
import io
import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
STEM = [(150, 40), (140, 140), (135, 240)]
BAR = [(60, 140), (220, 140)]


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)
    return tmp_path


def drawing(*strokes: list[tuple[int, int]]) -> dict[str, object]:
    """What the canvas sends: its objects and its picture."""
    picture = Image.new("RGBA", (280, 280), "white")
    objects = []
    for points in strokes:
        ImageDraw.Draw(picture).line(points, "black", 22)
        path = [["M", *points[0]], *(["L", *point] for point in points[1:])]
        objects.append({"type": "path", "path": path, "strokeWidth": 22})
    out = io.BytesIO()
    picture.save(out, "PNG")
    data = base64.b64encode(out.getvalue()).decode()
    raw = {"version": "4.4.0", "objects": objects}
    return {"drawing": {"raw": raw, "data": f"data:image/png;base64,{data}"}}


def page() -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    return settled(at.switch_page("pages/draw.py"))


def settled(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception, at.exception
    return at


def draw(at: AppTest, *strokes: list[tuple[int, int]]) -> AppTest:
    at.session_state[f"canvas{at.session_state['canvas']}"] = drawing(*strokes)
    return settled(at)


def body(at: AppTest) -> str:
    return " ".join(element.proto.body for element in at.get("html"))


def answer(at: AppTest) -> str:
    found = re.search(r'lab-answer"[^>]*><b>(.)</b>', body(at))
    assert found
    return found[1]


def seen(at: AppTest) -> list[str]:
    """The pictures of the strip, as they are in the page."""
    return re.findall(r'<figure class="lab-card"><img [^>]*src="([^"]+)"', body(at))


def press(at: AppTest, label: str) -> AppTest:
    next(b for b in at.button if b.label == label).click()
    return settled(at)


def test_each_step_is_shown_and_each_can_be_left_out() -> None:
    at = page()
    assert answer(at) == "?" and not seen(at)
    draw(at, STEM)
    assert answer(at) == "1" and len(seen(at)) == 5
    pictures = seen(at)
    for key in ("anew", "crop", "centre"):
        at.toggle(key=f"step_{key}").set_value(False)
        changed = seen(settled(at))
        assert changed[0] == pictures[0] and changed[3] != pictures[3], key
        at.toggle(key=f"step_{key}").set_value(True)
        assert seen(settled(at)) == pictures


def test_undo_takes_back_stroke_by_stroke_and_clear_all() -> None:
    at = page()
    undo = next(b for b in at.button if b.label == "Undo")
    assert undo.disabled
    draw(at, STEM)
    alone = seen(at)[3]
    draw(at, STEM, BAR)
    assert seen(at)[3] != alone
    press(at, "Undo")
    assert seen(at)[3] == alone and answer(at) == "1"
    press(at, "Undo")
    assert answer(at) == "?" and next(b for b in at.button if b.label == "Undo").disabled
    draw(at, STEM, BAR)
    press(at, "Clear")
    assert answer(at) == "?"


def test_the_drawing_is_there_again_after_another_page() -> None:
    at = page()
    draw(at, STEM)
    before = seen(at)[1:]
    settled(at.switch_page("pages/design.py"))
    settled(at.switch_page("pages/draw.py"))
    assert answer(at) == "1" and seen(at)[1:] == before
    press(at, "Undo")
    assert answer(at) == "?"


def test_pixels_without_strokes_are_read_too() -> None:
    at = page()
    whole = drawing(STEM)
    whole["drawing"]["raw"]["objects"] = []  # type: ignore[index]
    at.session_state["canvas1"] = whole
    settled(at)
    assert answer(at) == "1" and at.toggle(key="step_anew").disabled


def test_a_drawing_of_a_million_points_is_a_sentence() -> None:
    at = page()
    draw(at, STEM)
    endless = drawing(STEM)
    path = [["M", 0, 0], *(["L", n % 280, n // 280 % 280] for n in range(1_000_000))]
    endless["drawing"]["raw"]["objects"] = [{"type": "path", "path": path}]  # type: ignore[index]
    at.session_state["canvas1"] = endless
    settled(at)
    assert "points" in at.error[0].value and "checkpoint" not in at.error[0].value
    press(at, "Clear")
    assert answer(at) == "?" and not at.error
