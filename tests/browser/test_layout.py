"""Nothing moves while a page loads."""

import pytest
from playwright.sync_api import Browser, expect

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
