"""Drawing in a real browser: by mouse, by touch, from a file; saved, undone, cleared, explained."""

import io
import math
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ROOT, TIMEOUT, App, draw_stroke, end, healthy, serve, settled
from tests.drawn_digits import DIGITS, Points


def corner(page: Page) -> tuple[float, float]:
    """The canvas' top left corner, once it accepts strokes."""
    canvas = page.locator("canvas.upper-canvas")
    # The old canvas stays until the new one is ready.
    settled(page)
    expect(canvas).to_have_count(1)
    expect(canvas).to_be_visible()
    # A new canvas ignores the mouse for a moment.
    page.wait_for_timeout(500)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    return box["x"], box["y"]


def stroke(page: Page, points: Points) -> None:
    x, y = corner(page)
    page.mouse.move(x + points[0][0], y + points[0][1])
    page.mouse.down()
    for right, down in points[1:]:
        page.mouse.move(x + right, y + down, steps=4)
    page.mouse.up()


def press(page: Page, label: str) -> None:
    """Click one of the page's own buttons; the canvas' hidden toolbar has some like them."""
    own = page.get_by_test_id("stButton").or_(page.locator(".lab-canvas-buttons"))
    own.get_by_role("button", name=label, exact=True).first.click()


def test_ten_digits_drawn_by_mouse_are_classified_correctly(app: App, page: Page) -> None:
    page.goto(f"{app.url}/draw")
    prediction = page.locator(".lab-answer b")
    for digit, strokes in DIGITS.items():
        expect(prediction).to_have_text("?")
        for points in strokes:
            stroke(page, points)
        expect(prediction).to_have_text(str(digit))
        expect(page.locator(".lab-card")).to_have_count(5)
        press(page, "Clear")
    healthy(page)


@pytest.mark.parametrize("milliseconds", [0, 30, 120, 300])
def test_a_stroke_right_after_clear_and_undo_is_kept(
    app: App, page: Page, milliseconds: int
) -> None:
    page.goto(f"{app.url}/draw")
    prediction = page.locator(".lab-answer b")
    (seven,), (one,) = DIGITS[7], DIGITS[1]
    stroke(page, seven)
    expect(prediction).to_have_text("7")
    for button in ("Clear", "Undo"):
        press(page, button)
        page.wait_for_timeout(milliseconds)
        draw_stroke(page, one)
        expect(prediction).to_have_text("1")
        # Nothing of the old stroke comes back, and the canvas has not been replaced.
        page.wait_for_timeout(600)
        expect(prediction).to_have_text("1")
        press(page, "Clear")
        draw_stroke(page, seven)
        expect(prediction).to_have_text("7")
    healthy(page)


def test_strokes_drawn_while_the_page_reruns_are_kept(app: App, page: Page) -> None:
    page.goto(f"{app.url}/draw")
    corner(page)
    for points in DIGITS[4]:
        # A toggle starts a run, during which the next stroke is drawn.
        page.get_by_text("Center by mass").click()
        draw_stroke(page, points)
    expect(page.locator(".lab-answer b")).to_have_text("4")
    healthy(page)


def test_the_canvas_is_undone_by_keyboard_also_what_was_restored(app: App, page: Page) -> None:
    page.goto(f"{app.url}/draw")
    prediction = page.locator(".lab-answer b")
    first, second = DIGITS[4]
    stroke(page, first)
    expect(page.locator(".lab-card")).to_have_count(5)
    page.get_by_role("radio", name="Photo").click()
    expect(page.locator("canvas.upper-canvas")).to_have_count(0)
    page.get_by_role("radio", name="Draw").click()
    stroke(page, second)
    expect(prediction).to_have_text("4")
    page.keyboard.press("Control+z")
    expect(prediction).not_to_have_text("4")
    page.keyboard.press("Control+z")
    expect(prediction).to_have_text("?")
    # Clear removes restored strokes at once, and what is drawn right after it stays.
    for points in DIGITS[4]:
        stroke(page, points)
    expect(prediction).to_have_text("4")
    page.get_by_role("radio", name="Photo").click()
    expect(page.locator("canvas.upper-canvas")).to_have_count(0)
    page.get_by_role("radio", name="Draw").click()
    expect(prediction).to_have_text("4")
    corner(page)
    clear = page.locator(".lab-canvas-buttons [name=clear]")
    clear.focus()
    clear.press("Enter")
    draw_stroke(page, DIGITS[7][0])
    expect(prediction).to_have_text("7")
    healthy(page)


@pytest.mark.parametrize("path", ["", "draw", "draw?number=true"])
def test_a_reload_keeps_the_drawing_which_can_be_undone_and_cleared(
    app: App, page: Page, path: str
) -> None:
    page.goto(f"{app.url}/{path}")
    prediction = page.locator(".lab-answer b")
    for points in DIGITS[4]:
        stroke(page, points)
    expect(prediction).to_have_text("4")
    settled(page)
    page.reload()
    expect(prediction).to_have_text("4")
    corner(page)
    press(page, "Undo")
    expect(prediction).not_to_have_text("4")
    stroke(page, DIGITS[4][1])
    expect(prediction).to_have_text("4")
    press(page, "Clear")
    expect(prediction).to_have_text("?")
    settled(page)
    page.reload()
    corner(page)
    settled(page)
    expect(prediction).to_have_text("?")
    healthy(page)


@pytest.mark.parametrize("width", [480, 640, 1280])
def test_the_answer_is_beside_the_canvas(app: App, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(f"{app.url}/draw")
    corner(page)
    canvas = page.locator("canvas.upper-canvas").bounding_box()
    answer = page.locator(".lab-answer").bounding_box()
    bars = page.locator(".lab-bars").bounding_box()
    assert canvas and answer and bars
    assert answer["x"] >= canvas["x"] + canvas["width"] and canvas["width"] == 280
    assert answer["y"] < canvas["y"] + canvas["height"]
    assert bars["x"] + bars["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_answer_follows_the_canvas_on_a_phone(app: App, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app.url}/draw")
    corner(page)
    canvas = page.locator("canvas.upper-canvas").bounding_box()
    answer = page.locator(".lab-answer").bounding_box()
    labels = page.locator(".st-key-labels").bounding_box()
    assert canvas and answer and labels
    assert canvas["y"] + 280 < answer["y"] < labels["y"] and answer["y"] < canvas["y"] + 460


@pytest.mark.parametrize("width", [1280, 390])
def test_a_number_drawn_by_mouse_is_classified_and_a_click_chooses_a_digit(
    app: App, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{app.url}/draw")
    corner(page)
    page.get_by_text("Number", exact=True).click()
    expect(page).to_have_url(re.compile("number=true"))
    expect(page.locator(".st-key-wide_paper")).to_be_visible()
    corner(page)
    box = page.locator("canvas.upper-canvas").bounding_box()
    # On a phone the canvas is shown smaller, and what is drawn is where the finger is.
    assert box and box["x"] + box["width"] <= width
    scale = box["width"] / 700
    for place, digit in enumerate((4, 7)):
        for points in DIGITS[digit]:
            draw_stroke(page, [(scale * (x + 300 * place), scale * y) for x, y in points])
    expect(page.locator(".lab-number b")).to_have_text("4 7")
    expect(page.locator(".lab-box")).to_have_count(2)
    second = page.locator(".lab-box").nth(1).bounding_box()
    assert second and abs(second["x"] - box["x"] - scale * (300 + 84 - 6)) < 4
    page.get_by_role("button", name="Digit 2 of 2: 7").click()
    expect(page.get_by_text("Digit 2 of 2:")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    press(page, "Clear")
    expect(page.locator(".lab-answer b")).to_have_text("?")
    expect(page.locator(".lab-box")).to_have_count(0)
    healthy(page)


def test_a_digit_of_two_parts_is_taken_for_one_until_the_canvas_is_cleared(
    app: App, page: Page
) -> None:
    page.goto(f"{app.url}/draw")
    corner(page)
    arcs = [
        [(140 + side * (12 + 60 * math.sin(n / 10 * math.pi)), 40 + 20 * n) for n in range(11)]
        for side in (-1.0, 1.0)
    ]
    for points in arcs:
        draw_stroke(page, points)
    expect(page.locator(".lab-box")).to_have_count(2)
    page.get_by_text("One digit", exact=True).click()
    expect(page.locator(".lab-answer b")).to_have_text("0")
    expect(page.locator(".lab-box")).to_have_count(0)
    expect(page).to_have_url(re.compile("one_digit=true"))
    press(page, "Clear")
    expect(page).not_to_have_url(re.compile("one_digit=true"))
    corner(page)
    for points in arcs:
        draw_stroke(page, points)
    expect(page.locator(".lab-box")).to_have_count(2)
    healthy(page)


def test_saving_fills_the_label_and_next_clears_the_canvas(app: App, page: Page) -> None:
    page.goto(f"{app.url}/draw")
    prediction = page.locator(".lab-answer b")
    filled = page.locator(".st-key-labels [data-testid=stBaseButton-primary]")
    for number, digit in enumerate((7, 1), 1):
        draw_stroke(page, DIGITS[digit][0]) if number > 1 else stroke(page, DIGITS[digit][0])
        expect(prediction).to_have_text(str(digit))
        expect(filled).to_have_count(0)
        press(page, str(digit))
        expect(filled).to_have_text(str(digit))
        expect(page.locator(".lab-note[role=status]")).to_contain_text(f"{number} in total")
        press(page, "Next")
    expect(prediction).to_have_text("?")
    expect(filled).to_have_count(0)
    healthy(page)


def test_a_digit_drawn_by_touch_on_a_phone(app: App, chromium: Browser) -> None:
    phone = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = phone.new_page()
    page.set_default_timeout(TIMEOUT)
    page.goto(f"{app.url}/draw")
    x, y = corner(page)
    finger = phone.new_cdp_session(page)
    for points in DIGITS[4]:
        for number, (right, down) in enumerate(points):
            kind = "touchMove" if number else "touchStart"
            place = {"x": x + right, "y": y + down}
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_timeout(300)
    expect(page.locator(".lab-answer b")).to_have_text("4")
    healthy(page)
    phone.close()


@pytest.mark.parametrize("away", ["Design", "Runs"])
def test_a_drawing_is_restored_and_continued(app: App, page: Page, away: str) -> None:
    page.goto(f"{app.url}/draw")
    prediction = page.locator(".lab-answer b")
    first, second = DIGITS[4]
    stroke(page, first)
    expect(page.locator(".lab-card")).to_have_count(5)
    page.get_by_role("link", name=away, exact=True).click()
    expect(page.locator("canvas.upper-canvas")).to_have_count(0)
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(page.locator(".lab-card")).to_have_count(5)
    stroke(page, second)
    expect(prediction).to_have_text("4")
    press(page, "Undo")
    expect(prediction).not_to_have_text("4")
    press(page, "Undo")
    expect(prediction).to_have_text("?")
    healthy(page)


def test_a_photo_is_classified_and_replaced(app: App, page: Page) -> None:
    photos = {}
    for digit, (ink, paper) in {3: ("navy", "beige"), 7: ("white", "darkgreen")}.items():
        picture = Image.new("RGB", (600, 420), paper)
        for points in DIGITS[digit]:
            ImageDraw.Draw(picture).line([(150 + x, 70 + y) for x, y in points], ink, 14)
        out = io.BytesIO()
        picture.save(out, "JPEG")
        photos[digit] = out.getvalue()
    page.goto(f"{app.url}/draw")
    page.get_by_role("radio", name="Photo").click()
    prediction, file = page.locator(".lab-answer b"), page.locator("input[type=file]")
    for digit, content in photos.items():
        file.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": content})
        expect(prediction).to_have_text(str(digit))
    file.set_input_files({"name": "b.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.get_by_test_id("stAlert")).to_contain_text("image")
    press(page, "Remove")
    expect(prediction).to_have_text("?")
    healthy(page)


def test_a_drawing_is_saved_by_one_click_corrected_and_scored(app: App, page: Page) -> None:
    page.goto(f"{app.url}/draw")
    for points in DIGITS[4]:
        stroke(page, points)
    expect(page.locator(".lab-answer b")).to_have_text("4")
    for wrong_then_right in ("9", "4"):
        press(page, wrong_then_right)
        expect(page.locator(".lab-note[role=status]")).to_contain_text(
            f"Saved as {wrong_then_right}"
        )
    page.get_by_role("link", name="Handwriting test set").click()
    expect(page.get_by_role("heading", name="Handwriting test set")).to_be_visible()
    # One drawing, not two: the second click corrected its label.
    total = page.locator(".lab-table tr").last
    expect(total.locator("td").nth(1)).to_have_text("1")
    expect(total.locator("td").nth(2)).to_contain_text("0 errors")
    healthy(page)


def test_every_explanation_opens_and_a_click_selects_a_unit(app: App, page: Page) -> None:
    page.goto(f"{app.url}/draw")
    for points in DIGITS[4]:
        stroke(page, points)
    expect(page.locator(".lab-answer b")).to_have_text("4")
    page.get_by_text("Why?").click()
    expect(page.locator(".lab-large .lab-card")).to_have_count(2)
    page.get_by_text("All ten digits").click()
    expect(page.locator(".lab-large .lab-card")).to_have_count(10)
    assert "why=true" in page.url
    page.get_by_role("radio", name="Nearest training images").click()
    expect(page.locator(".lab-card b", has_text="4").last).to_be_visible()
    page.get_by_role("radio", name="Compare checkpoints").click()
    expect(page.locator(".lab-answer")).to_have_count(4)
    page.get_by_role("radio", name="Feature maps").click()
    seeing = page.locator(".lab-seeing")
    expect(seeing).to_have_attribute("aria-label", re.compile("row 12, column 12.* 3 by 3 "))
    page.locator('.lab-seeing [data-part="3:20"]').click()
    expect(seeing).to_have_attribute("aria-label", re.compile("row 3, column 20.* 3 by 3 "))
    healthy(page)


def test_a_drawing_survives_a_change_of_the_app_s_code(
    tmp_path: Path, mnist_folder: Path, page: Page
) -> None:
    root = tmp_path / "checkout"
    for name in ("pages", "mnistlab", ".streamlit"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "app.py", root)
    (tmp_path / "data").symlink_to(mnist_folder)
    # As `make dev` does; otherwise files are not watched.
    watched = ("--server.fileWatcherType=poll", "--server.runOnSave=true")
    app = serve(tmp_path, root=root, options=watched)
    try:
        page.goto(f"{app.url}/draw")
        first, second = DIGITS[4]
        stroke(page, first)
        expect(page.locator(".lab-card")).to_have_count(5)
        code = root / "pages" / "draw.py"
        code.write_text(code.read_text("utf-8").replace('Draw a digit")', 'Draw again")'), "utf-8")
        expect(page.get_by_role("heading", name="Draw again")).to_be_visible()
        expect(page.locator(".lab-card")).to_have_count(5)
        stroke(page, second)
        expect(page.locator(".lab-answer b")).to_have_text("4")
        page.get_by_text("Why?").click()
        expect(page.locator(".lab-large .lab-card")).to_have_count(2)
        press(page, "Undo")
        expect(page.locator(".lab-answer b")).not_to_have_text("4")
        healthy(page)
    finally:
        end(app)
