"""The HTML file in a real browser: by mouse, finger and keyboard, offline, with hostile names."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnistlab import zoo
from mnistlab.takehome.html_page import html_page
from mnistlab.takehome.trained_network import TrainedNetwork, load_trained
from tests.drawn_digits import DIGITS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def open_file(chromium: "Browser", tmp_path: Path) -> Iterator[Callable[[TrainedNetwork], "Page"]]:
    """Opens a network's file from the disk, without a network; no script may fail."""
    context = chromium.new_context(
        offline=True, has_touch=True, viewport={"width": 390, "height": 844}
    )
    errors: list[str] = []

    def open_page(trained: TrainedNetwork, before: str = "") -> "Page":
        file = tmp_path / "reader.html"
        file.write_text(html_page(trained), "utf-8")
        page = context.new_page()
        page.add_init_script(before)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.goto(file.as_uri())
        return page

    yield open_page
    context.close()
    assert errors == []


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


@pytest.mark.parametrize(
    "worker",
    ["undefined", "class { constructor() { setTimeout(() => this.onerror()); } postMessage() {} }"],
)
def test_a_browser_that_forbids_workers_reads_too(
    open_file: Callable[..., "Page"], worker: str
) -> None:
    from playwright.sync_api import expect

    smallest = load_trained(zoo.FOLDER / "smallest.safetensors", "smallest")
    page = open_file(smallest, f"window.Worker = {worker};")
    draw_by_mouse(page, 1)
    expect(page.locator("#digit")).to_have_text("1")


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
