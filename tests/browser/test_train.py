"""From an empty Train page to a drawing: a way to begin, the panel at the end, Draw with it."""

import re
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

from mnistlab.arch.presets import get_preset
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.ui.train.outcome import N_DIGITS
from tests.browser.conftest import App, healthy, settled
from tests.store.example_runs import add_finished_run

if TYPE_CHECKING:
    from playwright.sync_api import Page


def tops(page: "Page") -> list[float]:
    """Where the panel, the run's state and its first chart begin, in pixels."""
    expect(page.locator(".lab-state")).to_be_visible()
    boxes = [
        page.locator(selector).first.bounding_box()
        for selector in (".st-key-outcome", ".lab-state", ".plot")
    ]
    return [box["y"] for box in boxes if box]


def test_from_nothing_to_a_drawing(app: App, page: "Page") -> None:
    page.goto(f"{app.url}/train?net=4-p-8-p-8-gap-bn")
    expect(page.locator(".lab-begin")).to_have_count(2)
    expect(page.locator(".lab-expected")).to_contain_text("≈")
    page.get_by_role("button", name="Start demo").click()
    expect(page).to_have_url(re.compile(r"run=1"))
    expect(page.locator(".lab-end-digits i")).to_have_count(N_DIGITS)
    expect(page.locator(".plot .main-svg").first).to_be_visible()
    before = tops(page)
    expect(page.locator(".lab-end b").first).to_have_text(re.compile(r"\d%$"))
    expect(page.locator(".lab-state")).to_have_text("done")
    expect(page.locator(".lab-end-digits .lab-card")).to_have_count(N_DIGITS)
    settled(page)
    assert tops(page) == pytest.approx(before, abs=2), "nothing moved at the run's end"
    run = Store(app.home.runs).run(1)
    assert run and run.state is State.DONE and run.test and len(run.epochs) == 3
    expect(page.locator(".lab-end")).to_contain_text(f"{run.test.errors:,} errors")

    mistakes = page.get_by_role("link", name="See its mistakes")
    expect(mistakes).to_have_attribute("href", re.compile(r"\brun\?run=1&tab=Errors$"))
    page.get_by_role("link", name="Draw with it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")
    expect(page).to_have_url(re.compile(r"run=1"))
    healthy(page)


def test_network_and_recipe_survive_a_reload(app: App, page: "Page") -> None:
    page.goto(f"{app.url}/train?net=target-2&recipe=epochs=8,rate=0.05")
    summary = page.locator(".lab-note", has_text="learning rate 0.05").first
    expect(summary).to_contain_text("8 epochs")
    page.get_by_text("Recipe settings").click()
    field = page.get_by_label("Epochs", exact=True)
    field.fill("9")
    field.press("Enter")
    expect(page).to_have_url(re.compile("epochs%3D9|epochs=9"))
    page.reload()
    expect(summary).to_contain_text("9 epochs")
    expect(page.locator(".lab-gauge-figure b")).to_have_text("12,490")
    # Another page and back: the session keeps both.
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Runs")
    page.get_by_role("link", name="Train", exact=True).click()
    expect(summary).to_contain_text("9 epochs")
    expect(page).to_have_url(re.compile("epochs%3D9|epochs=9"))
    healthy(page)


@pytest.mark.parametrize("width", [390, 700, 1280])
def test_long_names_do_not_scroll_sideways(app: App, page: "Page", width: int) -> None:
    store = Store(app.home.runs)
    spec = get_preset("target-4").spec
    for name in ("W" * 80, "a run with a long name of many words " * 2):
        add_finished_run(store, spec, Recipe(), [300, 100], name=name, wrong=range(0, 99, 7))
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(f"{app.url}/train?run=1,2")
    expect(page.locator(".lab-end-digits .lab-card")).to_have_count(N_DIGITS)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    healthy(page)
