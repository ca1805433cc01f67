"""Whatever a browser sends through a component ends in a sentence, at no great cost."""

import base64
import io
import tracemalloc
import zlib
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from mnistlab.arch.presets import PRESETS
from mnistlab.drawing.canvas_message import check_canvas, picture_ink
from mnistlab.drawing.digit import DigitError
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.store import Store
from mnistlab.ui.common import stored_drawing
from tests.store.example_runs import add_finished_run
from tests.ui.app_test import run
from tests.ui.test_pages import drawing

# The picture is refused by its size, of which Pillow warns first.
pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")

DEEP: list[Any] = []
for _ in range(400):
    DEEP = [DEEP]
ANYTHING: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**400,
    1e999,
    float("nan"),
    "x",
    "x" * 9999,
    [],
    [[]],
    {},
    {"a": 1},
    DEEP,
)
STROKE = {"type": "path", "path": [["M", 1, 2], ["L", 30, 40]]}
FIT = dict.fromkeys(("naturalWidth", "naturalHeight", "scaleX", "scaleY", "offsetX", "offsetY"), 1)


def picture(size: tuple[int, int], kind: str = "PNG", mode: str = "RGBA") -> str:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def giant() -> str:
    """13,300² pixels in a few hundred kilobytes, without making them here."""
    side = 13_300

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            len(content).to_bytes(4, "big")
            + name
            + content
            + zlib.crc32(name + content).to_bytes(4, "big")
        )

    sides = side.to_bytes(4, "big") * 2
    parts = chunk(b"IHDR", sides + b"\x08\x06\0\0\0") + chunk(b"IDAT", zlib.compress(bytes(1000)))
    content = b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(content).decode()


FORGED: tuple[Any, ...] = (
    *ANYTHING[1:10],
    *({"drawing": value} for value in ANYTHING[1:]),
    *({"drawing": {"raw": value}} for value in ANYTHING[1:10]),
    *({"drawing": {"raw": {"objects": value}}} for value in ANYTHING),
    *({"drawing": {"raw": {"objects": [value]}}} for value in ANYTHING[:10]),
    *({"drawing": {"raw": {"objects": [{"path": value}]}}} for value in ANYTHING),
    *({"drawing": {"raw": {"objects": [{"path": [value]}]}}} for value in ANYTHING),
    *({"drawing": {"raw": {"objects": [{"path": [["M", value, 2]]}]}}} for value in ANYTHING),
    *({"drawing": {"raw": {"objects": [STROKE | {"angle": value}]}}} for value in ANYTHING),
    {"drawing": {"raw": {"objects": [STROKE] * 5000}}},
    {"drawing": {"raw": {"objects": [{"path": [["M", 1, 2]] * 300_000}]}}},
    *({"drawing": {"raw": {"objects": []}, "data": value}} for value in ANYTHING[1:]),
    {"drawing": {"data": giant()}},
    {"drawing": {"data": picture((3000, 10))}},
    {"drawing": {"data": picture((280, 280), "GIF", "RGB")}},
    {"drawing": {"data": picture((280, 280))[:-40]}},
    {"drawing": {"data": "data:image/png;base64," + "A" * (5 << 20)}},
    *({"backgroundFit": value} for value in ANYTHING[1:]),
    *({"backgroundFit": FIT | {"scaleX": value}} for value in ANYTHING),
)


def is_refused(message: object) -> bool:
    try:
        check_canvas(message, 280, 280)
        if isinstance(message, dict):
            picture_ink((message.get("drawing") or {}).get("data"), 280, 280)
    except DigitError as error:
        assert str(error).endswith("Draw it again.")
        return True
    return False


def test_forged_canvas_messages_are_refused_or_harmless() -> None:
    refused = [is_refused(message) for message in FORGED]
    assert sum(refused) > 80
    assert not is_refused(drawing([(150, 40), (135, 240)])) and not is_refused(None)
    assert not is_refused({"drawing": {"data": picture((560, 560))}}), "a screen of fine pixels"


LINE = [[1, 2], [30.5, 40]]


def test_a_forged_stored_drawing_is_no_drawing() -> None:
    values = [
        *({"strokes": each, "width": 280, "brush": 22} for each in (*ANYTHING, [LINE] * 5000)),
        *({"strokes": [each], "width": 280, "brush": 22} for each in (*ANYTHING, LINE * 9000)),
        *({"strokes": [[each]], "width": 280, "brush": 22} for each in (*ANYTHING, [1])),
        *({"strokes": [[[1, each]]], "width": 280, "brush": 22} for each in ANYTHING[3:]),
        *({"strokes": [LINE], "width": each, "brush": 22} for each in (*ANYTHING, 300)),
        *({"strokes": [LINE], "width": 280, "brush": each} for each in (*ANYTHING, 23)),
        *ANYTHING,
    ]
    sizes = {280: 22, 700: 12}
    assert not [each for each in values if stored_drawing.checked(each, sizes)]
    kept = {"strokes": [LINE], "width": 700, "brush": 12}
    assert stored_drawing.checked(kept, sizes) == ([LINE], 700, 12)


def test_a_giant_picture_is_refused_before_its_pixels_are_decoded() -> None:
    message = {"drawing": {"data": giant()}}
    tracemalloc.start()
    assert is_refused(message)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize("page", ["app.py", "pages/draw.py"])
def test_a_forged_drawing_is_a_sentence_and_the_next_canvas_works(page: str) -> None:
    at = run(page)
    for message in FORGED[::7]:
        key = f"canvas{at.session_state['canvas']}"
        at.session_state[key] = message
        at.run()
        assert not at.exception, message
        if is_refused(message):
            assert any("Draw it again" in error.value for error in at.error), message
    at.session_state[f"canvas{at.session_state['canvas']}"] = drawing([(150, 40), (135, 240)])
    at.run()
    assert not at.exception and not at.error


def send(at: AppTest, key: str, value: object) -> None:
    at.session_state[key] = value
    at.run()
    assert not at.exception, (key, value)


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("app.py", "selected"),
        ("pages/design.py", "selected"),
        ("pages/draw.py", "remaining"),
        ("pages/draw.py", "stored"),
        ("pages/runs.py", "selected"),
        ("pages/runs.py", "opened"),
        ("pages/runs.py", "clicked"),
    ],
)
def test_every_other_component_takes_anything(store: Store, page: str, name: str) -> None:
    add_finished_run(store, PRESETS[3].spec, Recipe(epochs=2), [90, 80])
    at = run(page)
    ids = [element.proto.id for element in at.get("bidi_component")]
    keys = {each.rpartition("-")[2] for each in ids}
    assert keys
    for key in keys - {"canvas0", "canvas1"}:
        for value in ANYTHING[:10]:
            send(at, key, {name: value})
