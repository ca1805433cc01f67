"""Nothing moves while a page loads."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TIMEOUT, App, settled

OBSERVE = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
PAGES = ("", "design", "train", "runs", "experiments", "draw", "handwriting")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_that_loads_shifts_by_less_than_a_tenth(
    app: App, chromium: Browser, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 720})
    context.add_init_script(OBSERVE)
    shifts = {}
    for name in PAGES:
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.goto(f"{app.url}/{name}")
        expect(page.locator("h1").first).to_be_visible(timeout=TIMEOUT)
        settled(page)
        page.wait_for_timeout(1500)
        assert "lab-loading" not in (page.locator("html").get_attribute("class") or "")
        shifts[name] = page.evaluate("window.shift")
        page.close()
    assert max(shifts.values()) < 0.1, shifts


COUNT_ALL = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def test_a_change_of_page_shifts_nothing(app: App, page: Page) -> None:
    page.add_init_script(COUNT_ALL)
    page.goto(app.url)
    settled(page)
    shifts = {}
    for name in ("Design", "Train", "Draw", "Home"):
        page.wait_for_timeout(500)
        page.evaluate("window.shift = 0")
        link = page.locator(".st-key-links").get_by_role("link", name=name, exact=True)
        link.click()
        expect(page.locator(f".st-key-links strong:text-is('{name}')")).to_be_visible()
        settled(page)
        page.wait_for_timeout(500)
        shifts[name] = page.evaluate("window.shift")
    assert max(shifts.values()) < 0.1, shifts
