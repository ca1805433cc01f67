"""The form in a real browser: downloaded, its photo taken in, and its digits kept."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from mnistlab.handwriting import collection
from mnistlab.store.store import Store
from tests.browser.conftest import TIMEOUT, App, download, healthy, settled
from tests.handwriting.form.photos import filled_page, photo


def take_in(page: Page, app: App, folder: Path) -> None:
    (folder / "form.jpg").write_bytes(photo(filled_page()))
    page.goto(f"{app.url}/handwriting")
    settled(page)
    page.locator("input[type=file][accept*=jpg]").set_input_files(folder / "form.jpg")
    expect(page.get_by_text("Found 98 digits in 100 boxes")).to_be_visible()
    settled(page)


def test_a_form_s_photo_is_taken_in_and_its_digits_are_kept(
    app: App, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{app.url}/handwriting")
    settled(page)
    assert download(page, "Form, A4 (PDF)").read_bytes().startswith(b"%PDF")

    take_in(page, app, tmp_path)
    digits = page.locator(".st-key-form_digits [role=button]")
    expect(digits).to_have_count(98)
    digits.first.click()
    expect(page.get_by_role("button", name="Save 97 drawings")).to_be_visible()
    expect(digits.first).to_have_attribute("aria-pressed", "false")
    digits.first.press("Enter")
    expect(page.get_by_role("button", name="Save 98 drawings")).to_be_visible()
    digits.last.press("Enter")
    save = page.get_by_role("button", name="Save 97 drawings")
    expect(save).to_be_visible()
    page.get_by_role("textbox", name="Writer").first.fill("Ada")
    page.get_by_role("textbox", name="Writer").first.press("Enter")
    settled(page)
    save.click()
    expect(page.get_by_text("Saved 97 drawings by Ada.")).to_be_visible()
    expect(page.locator(".st-key-form_digits")).to_have_count(0)
    healthy(page)
    labels = collection.counts(Store(app.home.runs))["Ada"]
    assert labels.total() == 97 and labels[9] == 9 and labels[0] == 10

    # The uploader is ready for the next form.
    take_in(page, app, tmp_path)


def test_a_form_fits_on_a_phone(app: App, chromium: Browser, tmp_path: Path) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(TIMEOUT)
    take_in(page, app, tmp_path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    row = [page.locator(".st-key-form_digits .lab-card").nth(n).bounding_box() for n in (0, 9, 10)]
    first, last, second_row = (box for box in row if box)
    assert first["y"] == last["y"] < second_row["y"] and last["x"] + last["width"] <= 390
    healthy(page)
    page.close()
