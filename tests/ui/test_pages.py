"""Pages run by Streamlit's own AppTest: bad input is an error message, and nothing is lost."""

import ast
import base64
import io
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from mnistlab import zoo
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import Request
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.ui.common import current_network
from mnistlab.ui.common.page import BOUND
from mnistlab.ui.train import choices
from mnistlab.ui.train.recipe import IS_OPEN
from tests.ui.app_test import ROOT, body, run, settled

PAGES = ("app.py", *sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py")))


def html(at: AppTest) -> str:
    """All HTML on the page, with its entities read and its spaces plain."""
    return unescape(body(at)).replace("\N{NO-BREAK SPACE}", " ")


def net(at: AppTest) -> str:
    """The network's text as the page shows it."""
    return str(at.text_input(key="net").value)


def test_every_page_opens_with_an_empty_store() -> None:
    for page in PAGES:
        run(page)


@pytest.mark.parametrize(
    ("step", "figures"),
    [
        (1, ("1,595,316", "99.93%")),
        (2, ("12,490", "99.71%")),
        (3, ("12,874", "99.28%")),
        (4, ("12,874", "99.45%")),
    ],
)
def test_home_shows_the_article_s_counts_and_figures(step: int, figures: tuple[str, ...]) -> None:
    shown = html(run("app.py", step=str(step)))
    for figure in figures:
        assert figure in shown


def test_batch_norm_s_384_parameters() -> None:
    at = run("pages/design.py", net="8-16-p10-16-20-t12-16-20-full")
    assert "12,490" in html(at)
    at.toggle(key="batch_norm").set_value(True).run()
    assert "12,874" in html(at) and net(at).endswith("full-bn")
    at.number_input(key="filters0").set_value(9).run()
    assert net(at).startswith("9-16-p10")
    at.toggle(key="pooled2").set_value(False).run()
    assert not at.exception


@pytest.mark.parametrize(
    "text",
    ["nonsense", "8-p-8-p-8-p-8-8", "9" * 9, "8-" * 10_000, "1024-1024-1024", "<b>8</b>"],
)
def test_an_invalid_network_is_an_error_and_the_last_valid_one_stays(text: str) -> None:
    at = run("pages/design.py", net="8-16-p10-16-20-t12-16-20-full-bn")
    at.text_input(key="net").set_value(text).run()
    assert not at.exception and len(at.error) == 1
    assert "12,874" in html(at)


@pytest.mark.parametrize(
    "quoted", ["![x](http://example.org/x.png)", "[x](http://example.org)", "$x$", "<b>x</b>"]
)
def test_an_error_quotes_an_address_as_plain_text(quoted: str) -> None:
    (error,) = run("pages/design.py", net=quoted).error
    assert quoted not in error.value, "Markdown would load the image or render the link"
    assert re.search(r"\\[\[$<]", error.value)


def test_a_learning_rate_out_of_bounds_is_an_error_and_starts_nothing(lab: Path) -> None:
    at = run("pages/train.py")
    at.session_state[IS_OPEN] = True
    settled(at)
    for wrong in (0.0, -1.0, 1e9):
        next(n for n in at.number_input if n.label == "Learning rate").set_value(wrong).run()
        assert not at.exception and "learning rate" in at.error[0].value
        assert next(b for b in at.button if b.label == "Start training").disabled
    assert newest(Store(lab / "runs"), 9) == []


def test_a_damaged_store_is_an_error_on_every_page(lab: Path) -> None:
    (lab / "runs").mkdir()
    (lab / "runs" / "store.sqlite").write_bytes(b"no database" * 1000)
    for page in ("train", "runs", "run", "compare", "experiments"):
        assert "store.sqlite" in run(f"pages/{page}.py").error[0].value
    at = run("pages/draw.py")
    assert "store.sqlite" in " ".join(e.value for e in [*at.error, *at.warning])


def test_an_empty_text_restores_the_current_network() -> None:
    at = run("pages/design.py", net="8-16-p10-16-20-t12-16-20-full-bn")
    at.text_input(key="net").set_value("").run()
    assert not at.error and net(at).endswith("full-bn")
    at.text_input(key="net").set_value("target-2").run()
    assert not at.error and "12,490" in html(at)


@pytest.mark.parametrize(("label", "wrong"), [("Epochs", 0), ("Batch size", 5000), ("Seed", -1)])
def test_an_integer_out_of_bounds_is_an_error(label: str, wrong: int) -> None:
    at = run("pages/train.py")
    at.session_state[IS_OPEN] = True
    settled(at)
    next(n for n in at.number_input if n.label == label).set_value(wrong).run()
    assert not at.exception and label.lower() in at.error[0].value
    assert next(b for b in at.button if b.label == "Start training").disabled


def test_the_train_page_takes_the_network_of_the_link() -> None:
    assert "8,026" in html(run("pages/train.py", net="4-8-p6-8-8-full-bn"))


def test_every_possible_design_opens(lab: Path) -> None:
    for text in ("8-drop0.9", "8-drop0.1251", "8-gap", "p-8", "1024s-gap", "8-bn-nobias-cdrop0.3"):
        assert not run("pages/design.py", net=text).error


def test_an_unknown_run_in_the_address_is_a_warning_and_an_old_one_is_shown(lab: Path) -> None:
    store = Store(lab / "runs")
    for number in range(60):
        store.request(store.add(f"run {number}", current_network.DEFAULT, Recipe()), Request.STOP)
    for wrong in ("61", "-1", "<script>", "9" * 5000, "١"):
        at = run("pages/train.py", run=wrong)
        assert len(at.warning) == 1 and "run 59" in html(at)
    at = run("pages/train.py", run="1")
    assert not at.warning and "run 0" in html(at)


def test_after_an_edit_the_train_page_selects_the_current_network() -> None:
    at = run("pages/train.py")
    at.selectbox(key=choices.NETWORK).set_value("target-1").run()
    assert "1,595,316" in html(at)
    at.switch_page("pages/design.py").run()
    at.text_input(key="net").set_value("8-p8-gap-bn").run()
    at.switch_page("pages/train.py").run()
    assert not at.exception and at.selectbox(key=choices.NETWORK).value == "8-p8-gap-bn"


def test_the_design_page_never_imports_torch() -> None:
    code = (
        "import sys; from streamlit.testing.v1 import AppTest;"
        "at = AppTest.from_file('app.py', default_timeout=600);"
        "at.switch_page('pages/design.py').run();"
        "at.number_input(key='filters0').set_value(9).run();"
        "assert not at.exception; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def drawing(points: list[tuple[int, int]]) -> dict[str, object]:
    picture = Image.new("RGBA", (280, 280), "white")
    ImageDraw.Draw(picture).line(points, "black", 22)
    out = io.BytesIO()
    picture.save(out, "PNG")
    data = base64.b64encode(out.getvalue()).decode()
    path = [["M", *points[0]], *(["L", *point] for point in points[1:])]
    raw = {"objects": [{"type": "path", "path": path, "strokeWidth": 22}]}
    return {"drawing": {"raw": raw, "data": f"data:image/png;base64,{data}"}}


def test_a_drawing_is_classified(lab: Path) -> None:
    at = run("pages/draw.py")
    at.session_state["canvas1"] = drawing([(150, 40), (135, 240)])
    at.run()
    assert not at.exception and "<b>1</b>" in html(at)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"weights": [1, 2, 3]}))


@pytest.mark.parametrize("damage", [cut, pickled])
def test_a_damaged_checkpoint_is_an_error_on_the_pages_that_use_it(
    lab: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    damaged = Path(shutil.copy(zoo.default_checkpoint(), lab / "target-4.safetensors"))
    damage(damaged)
    monkeypatch.setattr(zoo, "FOLDER", lab)
    run("app.py")
    at = run("pages/draw.py")
    if damage is cut:
        at.session_state["canvas1"] = drawing([(150, 40), (135, 240)])
        at.run()
        assert "target-4.safetensors" in at.error[0].value
        assert len(at.session_state["strokes"]) == 1, "the drawing stays"
    else:
        assert "target-4.safetensors" in at.warning[0].value
    assert not at.exception


@pytest.mark.parametrize(
    ("page", "key", "text"),
    [
        ("experiments", "start", "false"),  # a button
        ("design", "menu0", "None"),  # a menu
        ("runs", "archives0", "None"),  # an upload
    ],
)
def test_a_widget_s_key_in_an_address_sets_nothing(page: str, key: str, text: str) -> None:
    settled(run(f"pages/{page}.py", **{key: text}))


def test_the_widgets_that_are_bound_to_the_address_are_listed() -> None:
    bound = set()
    for path in (
        ROOT / "app.py",
        *(ROOT / "pages").glob("*.py"),
        *(ROOT / "mnistlab").rglob("*.py"),
    ):
        for call in (
            n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)
        ):
            words = {word.arg: word.value for word in call.keywords}
            if "bind" in words and isinstance(key := words.get("key"), ast.Constant):
                bound.add(key.value)
    assert bound == BOUND
