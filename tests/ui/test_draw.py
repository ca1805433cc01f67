"""The Draw page by AppTest: strokes, preprocessing, undo, explanations, and a restored drawing."""

import base64
import io
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Multiselect, Selectbox

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.drawing.prediction import Prediction
from mnistlab.drawing.strokes import digit_from_strokes
from mnistlab.handwriting import collection
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details
from mnistlab.store.trash import move_to_trash
from mnistlab.training import checkpoint
from mnistlab.training.epoch import Epoch
from mnistlab.training.record import TrainingRecord
from mnistlab.ui.common import checkpoints, get_mnist
from mnistlab.ui.draw.canvas_buttons import _remaining
from tests.drawing.photo.files import heic
from tests.drawing.photo.test_photo import photo_of
from tests.drawing.test_digit import png
from tests.drawn_digits import DIGITS
from tests.ui.app_test import body, run, settled

MAPS, NEAREST = "Feature maps", "Nearest training images"
COMPARE, EPOCHS = "Compare checkpoints", "Across epochs"
STEM = [(150, 40), (140, 140), (135, 240)]
BAR = [(60, 140), (220, 140)]


def drawing(*strokes: Sequence[tuple[float, float]]) -> dict[str, object]:
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


def draw(at: AppTest, *strokes: Sequence[tuple[float, float]]) -> AppTest:
    at.session_state[f"canvas{at.session_state['canvas']}"] = drawing(*strokes)
    return settled(at)


def prediction(at: AppTest) -> str:
    found = re.search(r'lab-answer"[^>]*><b>(.)</b>', body(at))
    assert found
    return found[1]


def card_images(at: AppTest) -> list[str]:
    """The images of the cards on the page."""
    return re.findall(r'<figure class="lab-card"><img [^>]*src="([^"]+)"', body(at))


def checkpoint_box(at: AppTest) -> "Selectbox[str]":
    return next(box for box in at.selectbox if box.label == "Checkpoint")


def labels_of(box: "Multiselect[str]") -> list[str]:
    """The labels of the selected options."""
    return [box.format_func(value) for value in box.value]


def selected(at: AppTest) -> str:
    """The label of the selected checkpoint."""
    box = checkpoint_box(at)
    return str(box.format_func(box.value))


def comparison(at: AppTest) -> "Multiselect[str]":
    return next(box for box in at.multiselect if box.label == "Checkpoints")


def why(at: AppTest) -> AppTest:
    at.toggle(key="why").set_value(True)
    return settled(at)


def undo(at: AppTest, *strokes: list[tuple[int, int]]) -> AppTest:
    """What the buttons do in the browser: the canvas sends the strokes that are left."""
    return draw(at, *strokes)


def restored_remain(at: AppTest, count: int) -> AppTest:
    """What the browser sends after Undo or Clear removed strokes of an earlier page."""
    at.session_state["canvas_buttons"] = {"remaining": [at.session_state["canvas"], count]}
    return settled(at)


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
    draw(at, STEM)
    alone = card_images(at)[3]
    draw(at, STEM, BAR)
    assert card_images(at)[3] != alone
    undo(at, STEM)
    assert card_images(at)[3] == alone and prediction(at) == "1"
    undo(at)
    assert prediction(at) == "?" and not card_images(at)


def test_the_drawing_is_restored_after_another_page() -> None:
    at = page()
    draw(at, STEM)
    before = card_images(at)[1:]
    settled(at.switch_page("pages/design.py"))
    settled(at.switch_page("pages/draw.py"))
    assert prediction(at) == "1" and card_images(at)[1:] == before
    # A stroke on the new canvas joins the restored one, and outlives it.
    draw(at, BAR)
    both = card_images(at)[3]
    assert both != before[2]
    restored_remain(at, 0)
    assert card_images(at)[3] not in (both, before[2])
    draw(at)
    assert prediction(at) == "?"


@pytest.mark.parametrize("sent", [None, 3, [1], ["x", "y"], [0, 0], [2, -5], [2, 99]])
def test_what_a_browser_sends_about_restored_strokes_may_be_anything(sent: object) -> None:
    assert _remaining({"remaining": sent}, 2, 3) == (0 if sent == [2, -5] else 3)
    assert _remaining({"remaining": [2, 1]}, 2, 3) == 1 and _remaining(None, 2, 3) == 3


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
    draw(at)
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
    for name in (MAPS, NEAREST, COMPARE, EPOCHS):
        explain(at, name)
        assert body(at).count('class="lab-empty"') == 2, "the preprocessing, too"
    why(at)
    assert body(at).count('class="lab-empty"') == 3
    draw(at, STEM)
    assert "lab-empty" in body(at), "the default checkpoint has no saved epochs"
    assert len(card_images(at)) == 5 + 2, "the two likeliest digits"
    at.toggle(key="attribution_all").set_value(True)
    settled(at)
    assert len(card_images(at)) == 5 + 10
    at.toggle(key="why").set_value(False)
    explain(at, NEAREST)
    assert len(card_images(at)) == 5 + 10 and len(re.findall("<b>1</b>", body(at))) >= 8
    explain(at, COMPARE)
    assert len(re.findall('lab-answer"', body(at))) == 1 + 3
    comparison(at).set_value([])
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
    other = next(o for o in checkpoint_box(at).options if "Target 4" in o)
    index = checkpoint_box(at).options.index(other)
    checkpoint_box(at).select_index(index)
    settled(at)
    assert at.selectbox(key="maps_layer").options != layers
    assert "Receptive field" in body(at) and not at.error


def test_class_activation_maps_are_offered_where_the_last_maps_are_large_enough() -> None:
    at = page()
    draw(at, STEM)
    why(at)
    assert "attribution_method" not in {group.key for group in at.button_group}
    options = checkpoint_box(at).options
    index = next(n for n, o in enumerate(options) if "Target 4" in o)
    checkpoint_box(at).select_index(index)
    settled(at)
    at.button_group(key="attribution_method").set_value("Class activation map")
    settled(at)
    assert "Exact" in body(at) and len(card_images(at)) == 7


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


def test_a_damaged_uncertainty_model_is_an_error(damaged_uncertainty: None) -> None:
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
    options = checkpoint_box(at).options
    checkpoint_box(at).select_index(next(n for n, o in enumerate(options) if name in o))
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

    def find_then_delete(home: Home, run_ids: Sequence[int]) -> checkpoints.CheckpointList:
        available = found(home, run_ids)
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
    comparison(at).set_value([str(store.best_checkpoint_path(run_id))])
    settled(at)
    assert not any("example.org" in element.value for element in at.markdown)
    assert "![x](https://example.org/x.png)" in body(at)


def test_the_sentence_about_confidence_has_the_code_s_own_thresholds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mnistlab.ui.draw import prediction as shown

    monkeypatch.setattr(shown, "CONFIDENT_FROM", 0.66)
    assert "66%" in shown.about_confidence()


def test_several_digits_taken_for_one_are_named_so_only_if_they_look_like_none() -> None:
    from mnistlab.ui.draw.prediction import describe

    probabilities = (0.99, *[0.01 / 9] * 9)
    none, sure = Prediction(probabilities, 2.0), Prediction(probabilities, 0.5)
    assert describe(none, 3) == ("?", "This looks like 3 digits, not one.")
    assert describe(none)[1].startswith("This doesn't look like a digit. Closest: 0.")
    assert describe(sure, 3)[0] == "0"


def test_the_browser_is_sent_the_selection_in_every_run(lab: Path) -> None:
    # The first run of a page may be interrupted before the browser has its select box.
    at = run("pages/draw.py")
    for _ in range(2):
        assert checkpoint_box(at).proto.set_value
        settled(at)


def test_the_address_selects_a_run_and_follows_the_select_box(lab: Path) -> None:
    a_run(lab, "first", 1)
    a_run(lab, "second", 2)
    at = run("pages/draw.py", run="1")
    assert not at.warning and selected(at).startswith("first ")
    choose(at, "second")
    assert list(at.query_params["run"]) == ["2"] and selected(at).startswith("second ")
    choose(at, "Target 4")
    assert "run" not in at.query_params and selected(at).startswith("Target 4 ")
    # A link to the same run again decides again.
    at.query_params["run"] = "1"
    assert selected(settled(at)).startswith("first ")


def test_two_runs_in_the_address_open_the_comparison(lab: Path) -> None:
    a_run(lab, "first", 1)
    a_run(lab, "second", 1)
    at = run("pages/draw.py", run="2,1")
    assert at.button_group(key="explanation").value == COMPARE
    assert [text.split(" · ")[0] for text in labels_of(comparison(at))] == ["second", "first"]
    draw(at, STEM)
    assert len(re.findall('lab-answer"', body(at))) == 1 + 2
    # The address opens it once, and does not undo what is chosen afterwards.
    explain(at, MAPS)
    assert at.button_group(key="explanation").value == MAPS


@pytest.mark.parametrize(
    ("text", "named"),
    [("99", "99"), ("nonsense", "nonsense"), ("1,99", "99"), ("2", "trash"), ("3", "epoch")],
)
def test_a_run_without_a_checkpoint_is_named_and_the_page_works(
    lab: Path, text: str, named: str
) -> None:
    store, _ = a_run(lab, "first", 1)
    _, deleted = a_run(lab, "deleted", 1)
    store.finish(deleted, State.DONE, "")
    assert move_to_trash(store, [deleted]) == [2]
    assert store.add("queued", parse("4-p-8-gap-bn"), Recipe(epochs=1)) == 3
    at = run("pages/draw.py", run=text)
    (warning,) = at.warning
    assert named in warning.value
    assert selected(at).startswith("first " if text == "1,99" else "Sketch ")
    draw(at, STEM)
    assert prediction(at) != "?"


def test_a_renamed_run_stays_selected_everywhere(lab: Path) -> None:
    store, run_id = a_run(lab, "old", 1)
    at = run("pages/draw.py", run=str(run_id))
    draw(at, STEM)
    explain(at, COMPARE)
    path = str(store.best_checkpoint_path(run_id))
    comparison(at).set_value([path])
    settled(at)
    edit_details(store, run_id, "new", "", "", "")
    settled(at)
    assert selected(at).startswith("new ") and labels_of(comparison(at))[0].startswith("new ")
    # What is chosen in a list that still has the old name counts, too.
    choose(at, "Target 4")
    box = checkpoint_box(at)
    box.select_index(next(n for n, text in enumerate(box.options) if text.startswith("new ")))
    edit_details(store, run_id, "newest", "", "", "")
    assert selected(settled(at)).startswith("newest ")


def test_no_checkpoint_is_named_as_its_file() -> None:
    at = page()
    names = [text.split(" · ")[0] for text in checkpoint_box(at).options]
    assert names[0] == "Sketch" and "Most accurate" in names
    assert all(name[0].isupper() and "-" not in name for name in names)


def test_bars_are_gray_only_if_it_is_not_a_digit() -> None:
    at = page()
    muted = 'class="lab-bars lab-muted"'
    draw(at, STEM)
    assert muted not in body(at)
    zigzag = [(20 + 240 * (n % 2), 20 + 12 * n) for n in range(20)]
    draw(at, zigzag, [(y, x) for x, y in zigzag])
    assert prediction(at) == "?" and muted in body(at)


def test_a_photo_is_shown_with_a_frame_and_saved_as_its_center_lines(lab: Path) -> None:
    at = page()
    at.button_group(key="source").set_value("Photo")
    settled(at)
    assert 'lab-photo"' not in body(at) and "label4" not in {one.key for one in at.button}
    at.file_uploader[0].set_value(("four.jpg", photo_of(4), "image/jpeg"))
    settled(at)
    assert prediction(at) == "4" and '<img class="lab-photo"' in body(at) and not at.warning
    at.button(key="label4").click()
    settled(at)
    store = Store(lab / "runs")
    assert collection.counts(store)[""][4] == 1
    at.button(key="next_photo").click()
    settled(at)
    assert prediction(at) == "?" and '<img class="lab-photo"' not in body(at)


def test_a_file_that_is_as_mnist_s_stays_as_it_is_and_the_steps_say_so() -> None:
    drawn = digit_from_strokes(DIGITS[4])
    assert drawn is not None
    at = page()
    at.button_group(key="source").set_value("Photo")
    settled(at)
    at.file_uploader[0].set_value(("4.png", png(Image.fromarray(drawn.pixels)), "image/png"))
    settled(at)
    assert prediction(at) == "4"
    assert "Left unchanged" in body(at) and "No step was needed" in body(at)
    # With a step turned off, the others are shown again.
    next(toggle for toggle in at.toggle if toggle.label == "Center by mass").set_value(False)
    settled(at)
    assert "Left unchanged" not in body(at) and "Centered by box" in body(at)


def test_a_photo_s_missing_end_is_noted_and_heic_is_read() -> None:
    at = page()
    at.button_group(key="source").set_value("Photo")
    settled(at)
    content = photo_of(4)
    at.file_uploader[0].set_value(("four.jpg", content[: len(content) * 9 // 10], "image/jpeg"))
    settled(at)
    assert prediction(at) == "4" and len(at.warning) == 1
    with Image.open(io.BytesIO(photo_of(7))) as photo:
        at.file_uploader[0].set_value(("seven.heic", heic(photo), "image/heic"))
    settled(at)
    assert prediction(at) == "7" and not at.warning


def test_the_camera_s_photo_is_read_and_another_may_be_taken() -> None:
    at = page()
    at.button_group(key="source").set_value("Camera")
    settled(at)
    assert "Take a photo" in body(at)
    at.camera_input[0].upload("photo.jpg", photo_of(4), "image/jpeg")
    settled(at)
    assert prediction(at) == "4" and not at.camera_input
    next(button for button in at.button if button.label == "Take another").click()
    settled(at)
    at.camera_input[0].upload("photo.jpg", b"no photo", "image/jpeg")
    settled(at)
    assert "Not a readable image" in at.error[0].value
    # The photo source starts empty: it does not show the camera's.
    at.button_group(key="source").set_value("Photo")
    settled(at)
    assert not at.error and "Choose or paste" in body(at)


def test_the_address_selects_a_pretrained_checkpoint_until_another_is_chosen() -> None:
    at = run("pages/draw.py", checkpoint="smallest")
    box = next(box for box in at.selectbox if box.label == "Checkpoint")
    assert "4,844 parameters" in box.options[box.index or 0]
    other = next(option for option in box.options if "4,844" not in option)
    box.select(other)
    settled(at)
    assert "checkpoint" not in at.query_params
    box = next(box for box in at.selectbox if box.label == "Checkpoint")
    assert box.options[box.index or 0] == other
