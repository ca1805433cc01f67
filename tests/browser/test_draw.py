"""Drawing in a real browser: ten digits by mouse, one by finger, undone, cleared, found again."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TIMEOUT, App, healthy, settled
from tests.digits import DIGITS, Points


def corner(page: Page) -> tuple[float, float]:
    """Where the canvas begins, once it can be drawn on."""
    canvas = page.locator("canvas.upper-canvas")
    # While a new canvas comes, the old one is still there.
    expect(canvas).to_have_count(1)
    expect(canvas).to_be_visible()
    settled(page)
    # A canvas that has just come is deaf for a moment.
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
    """One of the page's own buttons; the canvas' toolbar has some of the same name."""
    page.get_by_test_id("stButton").get_by_role("button", name=label).click()


def test_ten_digits_by_mouse_are_read_as_what_they_are(app: App, page: Page) -> None:
    page.goto(f"{app.url}/draw")
    answer = page.locator(".lab-answer b")
    for digit, strokes in DIGITS.items():
        expect(answer).to_have_text("?")
        for points in strokes:
            stroke(page, points)
        expect(answer).to_have_text(str(digit))
        expect(page.locator(".lab-card")).to_have_count(5)
        press(page, "Clear")
    healthy(page)


def test_a_digit_by_finger_on_a_phone(app: App, chromium: Browser) -> None:
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
def test_a_drawing_is_found_again_and_goes_on(app: App, page: Page, away: str) -> None:
    page.goto(f"{app.url}/draw")
    answer = page.locator(".lab-answer b")
    first, second = DIGITS[4]
    stroke(page, first)
    expect(page.locator(".lab-card")).to_have_count(5)
    page.get_by_role("link", name=away, exact=True).click()
    expect(page.locator("canvas.upper-canvas")).to_have_count(0)
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(page.locator(".lab-card")).to_have_count(5)
    stroke(page, second)
    expect(answer).to_have_text("4")
    press(page, "Undo")
    expect(answer).not_to_have_text("4")
    press(page, "Undo")
    expect(answer).to_have_text("?")
    healthy(page)
