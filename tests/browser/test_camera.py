"""A photo taken with the camera: a Chromium whose camera is a file shows a digit to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CHROMIUM, FLAGS, TIMEOUT, App, healthy
from tests.drawing.photo.test_photo import photo_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def camera_page(chromium: "Browser", tmp_path: Path) -> Iterator[Page]:
    """A page whose camera films a 4 and may be used without being asked."""
    film = tmp_path / "film.mjpeg"
    film.write_bytes(photo_of(4, 640) * 2)
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM,
        args=[
            *FLAGS,
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ],
    )
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(TIMEOUT)
    yield page
    browser.close()


def test_a_photo_of_the_camera_is_read(app: App, camera_page: Page) -> None:
    page = camera_page
    page.goto(f"{app.url}/draw")
    page.get_by_text("Camera", exact=True).click()
    # Before the film runs there is nothing to take, and Streamlit ignores the click.
    page.wait_for_function("document.querySelector('video')?.readyState === 4")
    page.get_by_role("button", name="Take Photo").click()
    expect(page.locator(".lab-answer b")).to_have_text("4")
    expect(page.get_by_role("button", name="Take another")).to_be_visible()
    healthy(page)
    page.get_by_role("button", name="Take another").click()
    expect(page.get_by_role("button", name="Take Photo")).to_be_visible()
    healthy(page)
