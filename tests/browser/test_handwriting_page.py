"""The Handwriting page in a real browser: three digits imported, scored, exported, deleted."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnistlab.handwriting.drawings import from_json, to_json, validate
from tests.browser.conftest import TIMEOUT, App, download, healthy, settled
from tests.drawn_digits import DIGITS


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A one, a seven, and a four that is labeled as a nine."""
    drawings = [validate(label, "Ada <b>", DIGITS[label]) for label in (1, 7)]
    (tmp_path / "three.json").write_text(to_json([*drawings, validate(9, "Ben", DIGITS[4])]))
    return tmp_path / "three.json"


def import_file(page: Page, app: App, file: Path) -> None:
    page.goto(f"{app.url}/handwriting")
    expect(page.locator(".lab-empty")).to_be_visible()
    settled(page)
    page.get_by_text("Import drawings").click()
    page.locator("input[type=file][accept*=json]").set_input_files(file)
    page.get_by_role("button", name="Import").click()


def test_three_digits_are_imported_scored_exported_and_deleted(
    app: App, page: Page, three: Path
) -> None:
    import_file(page, app, three)
    lines = page.locator(".lab-table tr")
    expect(lines).to_have_count(4)
    expect(lines.nth(1)).to_contain_text("Ada <b>")
    expect(lines.nth(3)).to_contain_text("66.7")
    cards = page.locator(".lab-card")
    expect(cards).to_have_count(3)
    expect(cards.first).to_contain_text("9 predicted as 4")
    expect(page.locator(".lab-wrong")).to_have_count(1)

    content = download(page, "Export all").read_bytes()
    assert from_json(content) == from_json(three.read_bytes()) and len(json.loads(content)) == 3

    page.get_by_role("checkbox", name="#3").press("Space")
    page.get_by_role("button", name="Delete 1").press("Enter")
    expect(cards).to_have_count(2)
    expect(lines.last).to_contain_text("100.0")
    page.get_by_role("button", name="Undo").press("Enter")
    expect(cards).to_have_count(3)
    healthy(page)

    page.reload()
    expect(cards).to_have_count(3)


def test_the_keyboard_reaches_every_control_and_a_phone_shows_everything(
    app: App, chromium: Browser, three: Path
) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(TIMEOUT)
    import_file(page, app, three)
    expect(page.locator(".lab-card")).to_have_count(3)
    settled(page)
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("""() => {
                const here = document.activeElement;
                const label = here.closest("label");
                return (here.ariaLabel || (label ?? here).innerText).trim();
            }""")
        )
    controls = {"Checkpoints", "Writer", "Label", "Misclassified only", "Export all"}
    focused = {name for name in controls if any(name in text for text in reached)}
    assert focused == controls and {"#1", "#2", "#3"} <= reached, reached
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    healthy(page)
    page.close()
