"""The HTML file in a real browser: the lab's answers, by mouse, finger and keyboard, offline."""

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mnistlab import zoo
from mnistlab.arch.build import build
from mnistlab.arch.spec import Spec, parse
from mnistlab.data.mnist import load
from mnistlab.data.tta import tta_views
from mnistlab.drawing.classifier import Classifier
from mnistlab.drawing.strokes import digit_from_strokes, strokes_from_canvas
from mnistlab.takehome.description import network_description
from mnistlab.takehome.html_page import READER, html_page, source
from mnistlab.takehome.trained_network import TrainedNetwork, load_trained
from mnistlab.training.evaluate import logits
from mnistlab.training.record import read_record
from mnistlab.uncertainty.model import temperature_only
from tests.drawn_digits import DIGITS
from tests.random_specs import possible

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TOLERANCE = 1e-4
CLASSIFY = """({ description, data }) => {
  const reader = makeReader(description);
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return Array.from({ length: bytes.length / 784 }, (_, i) =>
    reader.classify(bytes.subarray(784 * i, 784 * (i + 1))));
}"""
FAMILIES = (
    "8-8r-8dr-p-12ds-gap-bn-nobias-gelu",
    "8-p4-12d-t6-10s-full-leaky",
    "6s-p-8d-8r-p5-full-bn-cdrop0.1",
    "5-p-7-p-9-p-gap-gelu",
)
"""Every kind of layer, head and activation, whatever the random networks have."""


@pytest.fixture(scope="module")
def sandbox(chromium: "Browser") -> Iterator["Page"]:
    """An empty page that knows what reads strokes."""
    page = chromium.new_page()
    page.set_content(f"<script>{source(READER)}</script>")
    yield page
    page.close()


@pytest.fixture
def open_file(chromium: "Browser", tmp_path: Path) -> Iterator[Callable[[TrainedNetwork], "Page"]]:
    """Opens a network's file from the disk, without a network; no script may fail."""
    context = chromium.new_context(
        offline=True, has_touch=True, viewport={"width": 390, "height": 844}
    )
    errors: list[str] = []

    def open_page(trained: TrainedNetwork) -> "Page":
        file = tmp_path / "reader.html"
        file.write_text(html_page(trained), "utf-8")
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.goto(file.as_uri())
        return page

    yield open_page
    context.close()
    assert errors == []


def in_browser(page: "Page", trained: TrainedNetwork, images: torch.Tensor) -> NDArray[np.float64]:
    """The probabilities (N, 10) of images (N, 28, 28) uint8, each without its other views."""
    data = base64.b64encode(images.numpy().tobytes()).decode()
    argument = {"description": network_description(trained), "data": data}
    return np.array(page.evaluate(CLASSIFY, argument))


def in_torch(
    network: torch.nn.Module, temperature: float, images: torch.Tensor
) -> NDArray[np.float64]:
    return (logits(network, images).double() / temperature).softmax(1).numpy()


@pytest.mark.parametrize("name", [path.stem for path in zoo.checkpoints()])
def test_a_pretrained_network_answers_a_thousand_images_as_pytorch_does(
    sandbox: "Page", mnist_folder: Path, name: str
) -> None:
    path = zoo.FOLDER / f"{name}.safetensors"
    images = load(mnist_folder).test.images[:1000]
    trained = load_trained(path, name)
    expected = in_torch(Classifier(path).network, trained.temperature, images)
    assert np.abs(in_browser(sandbox, trained, images) - expected).max() < TOLERANCE


def random_network(spec: Spec, seed: int) -> tuple[torch.nn.Sequential, TrainedNetwork]:
    """Untrained, but with batch norm's statistics and biases that make a difference."""
    network = build(spec, seed).eval()
    generator = torch.Generator().manual_seed(seed)
    for name, value in network.state_dict().items():
        uniform = torch.rand(value.shape, generator=generator)
        if name.endswith(("running_var", "norm.weight")):
            value.copy_(0.5 + uniform)
        elif name.endswith(("bias", "running_mean")):
            value.copy_(0.4 * uniform - 0.2)
    weights = {
        name: value.numpy()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    record = replace(read_record(zoo.default_checkpoint()), spec=spec)
    return network, TrainedNetwork("random", record, weights)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_random_designs_answer_as_pytorch_does(
    sandbox: "Page", mnist_folder: Path, first: int
) -> None:
    """Five images for each of 200 designs; a temperature keeps probabilities away from 0 and 1."""
    test_images = load(mnist_folder).test.images
    specs = [summary.spec for summary in possible(200)][first : first + 50]
    families = [parse(text) for text in FAMILIES] if not first else []
    for number, spec in enumerate((*specs, *families), first):
        images = test_images[5 * number : 5 * number + 5]
        network, trained = random_network(spec, number)
        temperature = max(1e-3, float(logits(network, images).std()))
        trained = replace(trained, uncertainty=temperature_only(temperature))
        expected = in_torch(network, temperature, images)
        answers = in_browser(sandbox, trained, images)
        assert np.abs(answers - expected).max() < TOLERANCE, spec


def pen_strokes() -> list[list[list[list[float]]]]:
    """Ten digits, a dot, a line, scribbles that pause and turn, one of them very small."""
    rng = random.Random(0)
    drawings = [
        [[[float(x), float(y)] for x, y in stroke] for stroke in strokes]
        for strokes in DIGITS.values()
    ]
    drawings += [[[[50, 60]]], [[[20, 30], [20, 30], [20, 200]]], [[[5, 9], [260, 9]]]]
    for size in (3, 40, 250, 280):
        for _ in range(5):
            drawings.append(
                [
                    [
                        [rng.randint(0, size), rng.randint(0, size) * rng.random()]
                        for _ in range(rng.randint(1, 40))
                    ]
                    for _ in range(rng.randint(1, 4))
                ]
            )
    return drawings


def on_canvas(strokes: list[list[list[float]]]) -> dict[str, object]:
    """The drawing as the lab's canvas tells it (fabric.js): curves from middle to middle."""
    objects = []
    for stroke in strokes:
        points = [p for i, p in enumerate(stroke) if not i or p != stroke[i - 1]]
        path: list[list[object]] = [["M", *points[0]]]
        for (x, y), (next_x, next_y) in pairwise(points):
            path.append(["Q", x, y, (x + next_x) / 2, (y + next_y) / 2])
        objects.append({"type": "path", "path": [*path, ["L", *points[-1]]]})
    return {"objects": objects}


def test_strokes_become_the_lab_s_input_and_its_answer(sandbox: "Page") -> None:
    path = zoo.default_checkpoint()
    classifier = Classifier(path)
    sandbox.evaluate(
        "(description) => { window.reader = makeReader(description); }",
        network_description(load_trained(path, "sketch")),
    )
    for strokes in pen_strokes():
        digit = digit_from_strokes(strokes_from_canvas(on_canvas(strokes)))
        assert digit is not None
        answer: dict[str, Any] = sandbox.evaluate(
            """(strokes) => {
              const { image, probabilities, oodScore } = reader.read(strokes);
              return { image: [...image], probabilities, oodScore };
            }""",
            strokes,
        )
        image = np.array(answer["image"]).reshape(28, 28)
        assert np.abs(image - digit.pixels).max() <= 1
        prediction = classifier.predict(digit)
        if (image == digit.pixels).all():
            difference = np.array(answer["probabilities"]) - prediction.probabilities
            assert np.abs(difference).max() < TOLERANCE
            assert prediction.ood_score is not None
            assert answer["oodScore"] == pytest.approx(prediction.ood_score, rel=0.02)


def test_views_are_the_lab_s(sandbox: "Page", mnist_folder: Path) -> None:
    views = network_description(load_trained(zoo.default_checkpoint(), "sketch"))["views"]
    for image in load(mnist_folder).test.images[:20]:
        made = sandbox.evaluate(
            "([image, views]) => viewsOf(image, views).map((view) => [...view])",
            [image.flatten().tolist(), views],
        )
        difference = np.array(made) - tta_views(image).flatten(1).numpy()
        assert np.abs(difference).max() <= 1
        assert (difference != 0).mean() < 1e-3, "only a half may be rounded otherwise"


def test_no_point_is_no_digit(sandbox: "Page") -> None:
    assert sandbox.evaluate("digitFromStrokes([[], []])") is None


def draw_by_mouse(page: "Page", digit: int) -> None:
    box = page.locator("#pad").bounding_box()
    assert box is not None
    scale = box["width"] / 280
    for stroke in DIGITS[digit]:
        points = [(box["x"] + x * scale, box["y"] + y * scale) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=3)
        page.mouse.up()


def test_ten_digits_by_mouse_and_one_by_touch_are_read_without_a_network(
    open_file: Callable[[TrainedNetwork], "Page"],
) -> None:
    from playwright.sync_api import expect

    page = open_file(load_trained(zoo.default_checkpoint(), "sketch"))
    answer, clear = page.locator("#digit"), page.get_by_role("button", name="Clear")
    for digit in DIGITS:
        draw_by_mouse(page, digit)
        expect(answer).to_have_text(str(digit))
        expect(page.get_by_role("status")).to_contain_text(f"{digit}: ")
        clear.click()
        expect(answer).to_have_text("?")
        expect(page.get_by_role("status")).to_be_empty()
    draw_by_touch(page, 3)
    expect(answer).to_have_text("3")


def draw_by_touch(page: "Page", digit: int) -> None:
    box = page.locator("#pad").bounding_box()
    assert box is not None
    scale = box["width"] / 280
    session = page.context.new_cdp_session(page)

    def send(kind: str, points: list[dict[str, float]]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for stroke in DIGITS[digit]:
        points = [{"x": box["x"] + x * scale, "y": box["y"] + y * scale} for x, y in stroke]
        send("touchStart", points[:1])
        for point in points[1:]:
            send("touchMove", [point])
        send("touchEnd", [])


def test_the_answer_comes_before_the_pen_is_lifted(
    open_file: Callable[[TrainedNetwork], "Page"],
) -> None:
    from playwright.sync_api import expect

    page = open_file(load_trained(zoo.default_checkpoint(), "sketch"))
    box = page.locator("#pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 150, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 250, steps=10)
    expect(page.locator("#digit")).to_have_text("1")
    expect(page.get_by_role("status")).to_be_empty()
    page.mouse.up()
    expect(page.get_by_role("status")).to_contain_text("1: ")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#digit")).to_have_text("?")


def test_a_one_is_drawn_with_the_keyboard_and_cleared(
    open_file: Callable[[TrainedNetwork], "Page"],
) -> None:
    from playwright.sync_api import expect

    page = open_file(load_trained(zoo.default_checkpoint(), "sketch"))
    page.keyboard.press("Tab")
    expect(page.locator("#pad")).to_be_focused()
    for key in ["ArrowUp"] * 6 + ["Space"] + ["ArrowDown"] * 12 + ["Space"]:
        page.keyboard.press(key)
    expect(page.get_by_role("status")).to_contain_text("1: ")
    page.keyboard.press("Escape")
    expect(page.locator("#digit")).to_have_text("?")


def test_feature_maps_are_shown_when_they_are_opened(
    open_file: Callable[[TrainedNetwork], "Page"],
) -> None:
    from playwright.sync_api import expect

    page = open_file(load_trained(zoo.FOLDER / "smallest.safetensors", "smallest"))
    draw_by_mouse(page, 7)
    page.get_by_text("Feature maps").click()
    expect(page.get_by_role("img", name="6 feature maps of 26 by 26")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#maps figure")).to_have_count(0)


HOSTILE = (
    "</script><script>document.title = 'taken'</script>",
    "</title><img src=x onerror=\"document.title = 'taken'\">",
    "{policy} {data} {{0}} %s ${1} `x`",
    "<!--<script>",
    "Ünï & <b>bold</b> “quoted” 日本",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(
    open_file: Callable[[TrainedNetwork], "Page"], name: str
) -> None:
    from playwright.sync_api import expect

    trained = load_trained(zoo.FOLDER / "smallest.safetensors", name)
    teacher_record = replace(trained.record, name=name, environment={"machine": name})
    page = open_file(replace(trained, record=teacher_record))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    assert page.title() == f"{name} reads digits"
    draw_by_mouse(page, 1)
    expect(page.locator("#digit")).to_have_text("1")


def test_no_script_runs_but_the_file_s_own(chromium: "Browser", tmp_path: Path) -> None:
    """The policy is the second lock: a script that got in somehow does not run."""
    text = html_page(load_trained(zoo.FOLDER / "smallest.safetensors", "smallest"))
    file = tmp_path / "changed.html"
    script = (
        "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"
    )
    file.write_text(text.replace("</main>", f"{script}</main>"), "utf-8")
    page = chromium.new_page()
    page.goto(file.as_uri())
    assert page.title() == "smallest reads digits"
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_screen_and_the_page_is_accessible(
    open_file: Callable[[TrainedNetwork], "Page"], width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_file(load_trained(zoo.FOLDER / "target-4.safetensors", "target 4 " + "x" * 200))
    page.set_viewport_size({"width": width, "height": 720})
    for summary in page.locator("summary").all():
        summary.click()
    draw_by_mouse(page, 8)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert Axe().run(page).response["violations"] == []
