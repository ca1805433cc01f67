"""The Draw page by AppTest: strokes, preprocessing, undo, explanations, and a restored drawing."""

import base64
import io
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from mnistlab import zoo
from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.home import Home
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details
from mnistlab.training import checkpoint
from mnistlab.training.epoch import Epoch
from mnistlab.training.recipe import Recipe
from mnistlab.training.record import TrainingRecord
from mnistlab.ui.common import checkpoints, get_mnist
from tests.ui.app_test import body, run, settled

ATTRIBUTION, MAPS, NEAREST = "Attribution", "Feature maps", "Nearest training images"
COMPARE, EPOCHS = "Compare checkpoints", "Across epochs"
STEM = [(150, 40), (140, 140), (135, 240)]
BAR = [(60, 140), (220, 140)]


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
    return run("pages/draw.py")


def draw(at: AppTest, *strokes: list[tuple[int, int]]) -> AppTest:
    at.session_state[f"canvas{at.session_state['canvas']}"] = drawing(*strokes)
    return settled(at)


def prediction(at: AppTest) -> str:
    found = re.search(r'lab-answer"[^>]*><b>(.)</b>', body(at))
    assert found
    return found[1]


def card_images(at: AppTest) -> list[str]:
    """The images of the cards on the page."""
    return re.findall(r'<figure class="lab-card"><img [^>]*src="([^"]+)"', body(at))


def press(at: AppTest, label: str) -> AppTest:
    next(b for b in at.button if b.label == label).click()
    return settled(at)


def test_each_step_is_shown_and_can_be_turned_off() -> None:
    at = page()
    assert prediction(at) == "?" and not card_images(at)
    draw(at, STEM)
    assert prediction(at) == "1" and len(card_images(at)) == 5
    pictures = card_images(at)
    for key in ("stroke_width", "crop", "center"):
        at.toggle(key=f"step_{key}").set_value(False)
        changed = card_images(settled(at))
        assert changed[0] == pictures[0] and changed[3] != pictures[3], key
        at.toggle(key=f"step_{key}").set_value(True)
        assert card_images(settled(at)) == pictures


def test_undo_removes_a_stroke_and_clear_removes_all() -> None:
    at = page()
    undo = next(b for b in at.button if b.label == "Undo")
    assert undo.disabled
    draw(at, STEM)
    alone = card_images(at)[3]
    draw(at, STEM, BAR)
    assert card_images(at)[3] != alone
    press(at, "Undo")
    assert card_images(at)[3] == alone and prediction(at) == "1"
    press(at, "Undo")
    assert prediction(at) == "?" and next(b for b in at.button if b.label == "Undo").disabled
    draw(at, STEM, BAR)
    press(at, "Clear")
    assert prediction(at) == "?"


def test_the_drawing_is_restored_after_another_page() -> None:
    at = page()
    draw(at, STEM)
    before = card_images(at)[1:]
    settled(at.switch_page("pages/design.py"))
    settled(at.switch_page("pages/draw.py"))
    assert prediction(at) == "1" and card_images(at)[1:] == before
    press(at, "Undo")
    assert prediction(at) == "?"


def test_pixels_without_strokes_are_classified_too() -> None:
    at = page()
    whole = drawing(STEM)
    whole["drawing"]["raw"]["objects"] = []  # type: ignore[index]
    at.session_state["canvas1"] = whole
    settled(at)
    assert prediction(at) == "1" and at.toggle(key="step_stroke_width").disabled


def test_a_drawing_of_a_million_points_is_an_error() -> None:
    at = page()
    draw(at, STEM)
    endless = drawing(STEM)
    path = [["M", 0, 0], *(["L", n % 280, n // 280 % 280] for n in range(1_000_000))]
    endless["drawing"]["raw"]["objects"] = [{"type": "path", "path": path}]  # type: ignore[index]
    at.session_state["canvas1"] = endless
    settled(at)
    assert "points" in at.error[0].value and "checkpoint" not in at.error[0].value
    press(at, "Clear")
    assert prediction(at) == "?" and not at.error


def explain(at: AppTest, name: str) -> AppTest:
    at.button_group(key="explanation").set_value(name)
    return settled(at)


def test_a_scribble_is_not_a_digit() -> None:
    at = page()
    zigzag = [(20 + 240 * (n % 2), 20 + 12 * n) for n in range(20)]
    cross = [(20 + 12 * n, 20 + 240 * (n % 2)) for n in range(20)]
    draw(at, zigzag, cross)
    assert prediction(at) == "?" and card_images(at), "it was preprocessed and classified"
    draw(at, STEM)
    assert prediction(at) == "1"


def test_each_explanation_opens(lab: Path, mnist_folder: Path) -> None:
    (lab / "data").symlink_to(mnist_folder)
    at = page()
    # Without a drawing, each of them names the next step.
    for name in (ATTRIBUTION, MAPS, NEAREST, COMPARE, EPOCHS):
        explain(at, name)
        assert "lab-empty" in body(at)
    draw(at, STEM)
    assert "lab-empty" in body(at), "the default checkpoint has no saved epochs"
    explain(at, ATTRIBUTION)
    assert len(card_images(at)) == 5 + 10
    explain(at, NEAREST)
    assert len(card_images(at)) == 5 + 10 and len(re.findall("<b>1</b>", body(at))) >= 8
    explain(at, COMPARE)
    assert len(re.findall('lab-answer"', body(at))) == 1 + 3
    at.multiselect(key="compared").set_value([])
    settled(at)
    assert len(re.findall('lab-answer"', body(at))) == 1


def test_nearest_images_without_mnist_offer_its_download() -> None:
    at = page()
    draw(at, STEM)
    explain(at, NEAREST)
    assert at.button(key="get_mnist_nearest").label == get_mnist.BUTTON


def test_every_layer_and_unit_can_be_selected_also_of_a_smaller_network() -> None:
    at = page()
    draw(at, STEM)
    explain(at, MAPS)
    at.slider(key="maps_row").set_value(25)
    settled(at)
    layers = at.selectbox(key="maps_layer").options
    for layer in layers:
        at.selectbox(key="maps_layer").set_value(layer)
        settled(at)
    # Another network has other layers; the selection must adapt.
    other = next(o for o in at.selectbox(key="checkpoint").options if "target-4" in o)
    index = at.selectbox(key="checkpoint").options.index(other)
    at.selectbox(key="checkpoint").select_index(index)
    settled(at)
    assert at.selectbox(key="maps_layer").options != layers
    assert "Receptive field" in body(at) and not at.error


def test_class_activation_maps_are_offered_where_the_last_maps_are_large_enough() -> None:
    at = page()
    draw(at, STEM)
    explain(at, ATTRIBUTION)
    assert "attribution_method" not in {group.key for group in at.button_group}
    options = at.selectbox(key="checkpoint").options
    index = next(n for n, o in enumerate(options) if "target-4" in o)
    at.selectbox(key="checkpoint").select_index(index)
    settled(at)
    at.button_group(key="attribution_method").set_value("Class activation map")
    settled(at)
    assert "Exact" in body(at) and len(card_images(at)) == 15


def test_a_run_s_epochs_predict_one_by_one(lab: Path) -> None:
    a_run(lab, "mine", 3)
    at = page()
    draw(at, STEM)
    explain(at, EPOCHS)
    choose(at, "mine")
    slider = at.select_slider[0]
    assert slider.value == 3 and "99.03" in body(at)
    slider.set_value(1)
    settled(at)
    assert "99.01" in body(at)


def test_a_test_image_has_its_label_and_the_drawing_is_restored_after_it(
    lab: Path, mnist_folder: Path
) -> None:
    at = page()
    draw(at, STEM)
    before = card_images(at)[1:]
    at.button_group(key="source").set_value("MNIST")
    settled(at)
    assert at.button(key="get_mnist_test-image").label == get_mnist.BUTTON
    (lab / "data").symlink_to(mnist_folder)
    at.session_state["test_image"] = 0
    settled(at)
    assert prediction(at) == "7" and "label: 7" in body(at)
    press(at, "Random image")
    assert at.session_state["test_image"] != 0
    at.button_group(key="source").set_value("Draw")
    settled(at)
    assert prediction(at) == "1" and card_images(at)[1:] == before


def test_a_damaged_uncertainty_model_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "zoo"
    folder.mkdir()
    shutil.copy(zoo.default_checkpoint(), folder)
    (folder / "sketch.uncertainty").write_bytes(b"x")
    monkeypatch.setattr(zoo, "FOLDER", folder)
    at = page()
    assert "sketch.uncertainty" in at.error[0].value


def a_run(lab: Path, name: str, epochs: int) -> tuple[Store, int]:
    """A run in the store with all epochs saved."""
    store = Store(lab / "runs")
    spec, recipe = parse("4-p-8-gap-bn"), Recipe(epochs=epochs)
    run_id = store.add(name, spec, recipe)
    assert store.claim()
    done = tuple(
        Epoch(n, 0.1, 0.9, 0.1, 100 - n, 10_000, 0.1, 1.0, 1000.0) for n in range(1, epochs + 1)
    )
    store.replace_epochs(run_id, done)
    for epoch in done:
        checkpoint.save_checkpoint(
            store.epoch_checkpoint_path(run_id, epoch.number),
            build(spec, seed=epoch.number),
            TrainingRecord(name, spec, recipe, (epoch,), 1),
        )
    record = TrainingRecord(name, spec, recipe, done, epochs)
    checkpoint.save_checkpoint(store.best_checkpoint_path(run_id), build(spec, seed=epochs), record)
    return store, run_id


def choose(at: AppTest, name: str) -> AppTest:
    options = at.selectbox(key="checkpoint").options
    at.selectbox(key="checkpoint").select_index(next(n for n, o in enumerate(options) if name in o))
    return settled(at)


def test_damaged_epoch_files_do_not_affect_the_others(lab: Path) -> None:
    store, run_id = a_run(lab, "mine", 4)
    first = store.epoch_checkpoint_path(run_id, 1)
    shutil.copy(first, first.with_name("copy of 0001.safetensors"))
    store.epoch_checkpoint_path(run_id, 2).write_bytes(first.read_bytes()[:500])
    at = page()
    draw(at, STEM)
    explain(at, EPOCHS)
    choose(at, "mine")
    assert at.select_slider[0].options == ["1", "3", "4"]
    assert re.findall(r"\d+", at.warning[0].value) == ["1"]
    assert "uncalibrated" in body(at), "no temperature is fitted yet"


def test_a_checkpoint_deleted_during_the_run_is_an_error(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, run_id = a_run(lab, "mine", 1)
    at = page()
    draw(at, STEM)
    explain(at, NEAREST)
    found = checkpoints.find

    def find_then_delete(home: Home) -> checkpoints.CheckpointList:
        available = found(home)
        store.best_checkpoint_path(run_id).unlink(missing_ok=True)
        return available

    monkeypatch.setattr(checkpoints, "find", find_then_delete)
    choose(at, "mine")
    assert "best.safetensors" in at.error[0].value


def test_a_run_has_its_current_name_never_rendered_as_markdown(lab: Path) -> None:
    store, run_id = a_run(lab, "old", 1)
    edit_details(store, run_id, "![x](https://example.org/x.png)", "", "", "")
    at = page()
    draw(at, STEM)
    explain(at, COMPARE)
    at.multiselect(key="compared").set_value([str(store.best_checkpoint_path(run_id))])
    settled(at)
    assert not any("example.org" in element.value for element in at.markdown)
    assert "![x](https://example.org/x.png)" in body(at)


def test_the_sentence_about_confidence_has_the_code_s_own_thresholds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mnistlab.ui.draw import prediction as shown

    monkeypatch.setattr(shown, "CONFIDENT_FROM", 0.66)
    monkeypatch.setattr(shown, "REJECTION_RATE", 0.013)
    text = shown.about_confidence()
    assert "66%" in text and "1.3%" in text
