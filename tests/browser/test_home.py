"""The whole path, as a visitor walks it: design, train, draw."""

import re

import pytest
from playwright.sync_api import Page, expect

from mnistlab.experiments.steps import STEPS
from mnistlab.experiments.targets import TARGETS
from mnistlab.store.run import State
from mnistlab.store.store import Store
from tests.browser.conftest import ROOT, App, draw_stroke, end, healthy, serve, settled

PATHS = ["", *sorted(path.stem for path in (ROOT / "pages").glob("*.py"))]


VISIBLE_WORDS = """
() => {
  const walker = document.createTreeWalker(
    document.querySelector("[data-testid=stMain]"), NodeFilter.SHOW_TEXT);
  const words = [];
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    const shown = parent.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    // An icon is a word to the page, and a picture to its reader.
    const icon = parent.closest("[data-testid=stIconMaterial], style, title");
    if (shown && !icon && box.height && box.bottom <= innerHeight) {
      words.push(...node.data.split(/\\s+/).filter((word) => /\\p{L}/u.test(word)));
    }
  }
  return words;
}
"""
"""The words on the first screen, without numbers."""


@pytest.mark.parametrize("path", PATHS)
def test_a_cold_deep_link_opens_its_page_with_all_links(
    cold_app: App, page: Page, path: str
) -> None:
    page.goto(f"{cold_app.url}/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for label in ("Home", "Design", "Train", "Runs", "Experiments", "Draw"):
        expect(page.get_by_role("link", name=label, exact=True)).to_be_visible()
    healthy(page)


def test_no_page_scrolls_sideways(app: App, page: Page) -> None:
    for path in PATHS:
        page.goto(f"{app.url}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        settled(page)
        for width in (1280, 800, 390):
            page.set_viewport_size({"width": width, "height": 720})
            main = page.get_by_test_id("stMain")
            assert main.evaluate("node => node.scrollWidth <= node.clientWidth"), (path, width)


def test_the_first_screen_classifies_a_drawing_and_its_points_open_their_steps(
    app: App, page: Page
) -> None:
    page.goto(app.url)
    expect(page.locator(".lab-ghost")).to_be_visible()
    draw(page, [(150, 40), (140, 140), (135, 240)])
    expect(page.locator(".lab-answer b")).to_have_text("1")
    expect(page.locator(".lab-ghost")).to_have_count(0)
    question = page.locator(".lab-question")
    for number in (4, 2):
        page.locator(f'.lab-hero [data-part="{number}"]').click()
        expect(question).to_have_text(STEPS[number - 1].question)
        expect(page).to_have_url(re.compile(f"step={number}"))
    expect(page.locator(".lab-answer b")).to_have_text("1")
    page.go_back()
    expect(question).to_have_text(STEPS[3].question)
    # The drawing goes along to the page that explains its prediction.
    page.get_by_role("link", name="Why?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")
    expect(page.locator(".lab-answer b")).to_have_text("1")
    healthy(page)


def test_a_step_leads_to_its_ablation_and_to_design(app: App, page: Page) -> None:
    for number, variant in ((4, "dropout 0.2"), (2, "without the partial transition")):
        page.goto(f"{app.url}/?step={number}")
        target = TARGETS[number - 1]
        expect(page.locator(".lab-changed").first).to_be_visible()
        page.get_by_role("link", name=target.suggestion.question).click()
        expect(page.get_by_role("combobox", name="Target")).to_have_value(target.preset.label)
        expect(page.get_by_role("combobox", name="Setting to change")).to_have_value(variant)
        healthy(page)
    page.goto(f"{app.url}/?step=6")
    page.get_by_role("link", name="Open in Design").click()
    expect(page.locator(".lab-gauge-figure b").first).to_have_text(f"{STEPS[5].total:,}")


def test_the_first_screen_is_short_and_the_page_two_screens_tall(app: App, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(app.url)
    expect(page.locator(".lab-hero")).to_be_visible()
    settled(page)
    assert page.get_by_test_id("stMain").evaluate("node => node.scrollHeight") <= 2 * 720
    assert len(page.evaluate(VISIBLE_WORDS)) <= 60


def test_type_for_a_projector_lasts_over_pages_and_reloads(app: App, page: Page) -> None:
    size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    page.goto(app.url)
    normal = page.evaluate(size)
    page.goto(f"{app.url}/?big=1")
    assert page.evaluate(size) > normal
    page.get_by_role("link", name="Design", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Design a network")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Design a network")
    assert page.evaluate(size) > normal
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 720})
        main = page.get_by_test_id("stMain")
        assert main.evaluate("node => node.scrollWidth <= node.clientWidth"), width
    page.goto(f"{app.url}/?big=0")
    assert page.evaluate(size) == normal


def test_a_term_shows_its_definition_by_keyboard_and_by_pointer(app: App, page: Page) -> None:
    page.goto(f"{app.url}/?step=3")
    settled(page)  # a hidden page takes no focus
    term = page.locator(".lab-term").first
    tip = term.locator(".lab-tip")
    expect(tip).to_be_hidden()
    term.focus()
    expect(tip).to_be_visible()
    term.blur()
    term.hover()
    expect(tip).to_be_visible()


def test_from_a_network_to_a_classified_digit(app: App, page: Page) -> None:
    # Design: batch norm's 384 parameters come and go.
    page.goto(f"{app.url}/design?net=8-16-p10-16-20-t12-16-20-full")
    gauge = page.locator(".lab-gauge-figure b")
    expect(gauge).to_have_text("12,490")
    page.get_by_text("Batch norm", exact=True).first.click()
    expect(gauge).to_have_text("12,874")
    expect(page).to_have_url(re.compile(r"net=8-16-p10-16-20-t12-16-20-full-bn$"))
    healthy(page)

    # Train: one epoch of this network on few images; the run is still there after a reload.
    page.get_by_role("link", name="Train this network").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Train a network")
    expect(gauge).to_have_text("12,874")
    page.get_by_role("link", name="Design", exact=True).click()
    expect(page.get_by_role("textbox", name="Network")).to_have_value(
        "8-16-p10-16-20-t12-16-20-full-bn"
    )
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_text("Recipe settings").click()
    field = page.get_by_label("Epochs", exact=True)
    field.fill("1")
    field.press("Enter")
    # A menu that is opened during a rerun closes again.
    expect(page.get_by_text(re.compile("^1 epoch ·"))).to_be_visible()
    settled(page)
    page.get_by_role("combobox", name="Training images").click()
    page.get_by_role("option", name="2,560").click()
    settled(page)
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile(r"run=1"))
    expect(page.locator(".lab-state")).to_have_text(re.compile("queued|running"))
    page.reload()
    expect(page.locator(".lab-state")).to_have_text("done")
    points = page.locator(".plot .scatterlayer .trace").first.locator("path.point")
    expect(points).to_have_count(1)
    healthy(page)
    run = Store(app.home.runs).run(1)
    assert run and run.state is State.DONE and run.test and len(run.epochs) == 1
    assert str(run.spec) == "8-16-p10-16-20-t12-16-20-full-bn"

    # Draw: a 1 with the mouse, classified by the default checkpoint, restored after another page.
    page.get_by_role("link", name="Draw", exact=True).click()
    draw(page, [(150, 40), (140, 140), (135, 240)])
    answer = page.locator(".lab-answer b")
    expect(answer).to_have_text("1")
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("How small")
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(answer).to_have_text("1")
    page.get_by_role("button", name="Clear").last.click()
    expect(answer).to_have_text("?")
    healthy(page)


def draw(page: Page, stroke: list[tuple[float, float]]) -> None:
    """Draw one stroke on the canvas, in the canvas' own pixels."""
    canvas = page.locator("canvas.upper-canvas")
    expect(canvas).to_be_visible()
    settled(page)
    canvas.scroll_into_view_if_needed()
    draw_stroke(page, stroke, steps=10)


def test_the_design_page_has_its_network_after_other_pages(app: App, page: Page) -> None:
    gauge = page.locator(".lab-gauge-figure b").first
    page.goto(f"{app.url}/design")
    for number, total in ((2, "12,490"), (3, "12,874")):
        page.get_by_role("button", name=f"Target {number}").click()
        expect(gauge).to_have_text(total)
    page.get_by_role("link", name="Design", exact=True).click()
    settled(page)
    expect(gauge).to_have_text("12,874")
    page.get_by_role("button", name="Target 2").click()
    expect(gauge).to_have_text("12,490")
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")
    page.go_back()
    expect(gauge).to_have_text("12,490")
    expect(page.get_by_role("alert")).to_have_count(0)
    settled(page)  # the link below is drawn last
    page.get_by_role("link", name="Train this network").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Train a network")
    page.reload()
    expect(gauge).to_have_text("12,490")


def test_a_run_outlives_the_app_and_the_page_shows_it_again(cold_app: App, page: Page) -> None:
    page.goto(f"{cold_app.url}/train")
    page.get_by_role("button", name="Start training").click()
    expect(page.locator(".lab-state")).to_have_text("running")
    cold_app.process.kill()
    cold_app.process.wait()
    again = serve(cold_app.home.root)
    try:
        page.goto(f"{again.url}/train?run=1")
        expect(page.locator(".lab-state")).to_have_text("running")
        before = page.locator(".plot .main-svg").first
        expect(before).to_be_visible()
        before.evaluate("node => node.dataset.mark = 'yes'")
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator(".lab-state")).to_have_text("stopped")
        assert before.get_attribute("data-mark") == "yes", "the chart's node was kept"
        healthy(page)
    finally:
        end(again)


def test_an_invalid_network_is_an_error_and_the_last_valid_one_stays(app: App, page: Page) -> None:
    page.goto(f"{app.url}/design?net=8-16-p10-16-20-t12-16-20-full-bn")
    gauge = page.locator(".lab-gauge-figure b")
    expect(gauge).to_have_text("12,874")
    text = page.get_by_role("textbox", name="Network")
    for wrong, part in [("8-p-8-p-8-p-8", "conv4"), ("8-sixteen", "sixteen"), ("9" * 9, "conv1")]:
        text.fill(wrong)
        text.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text(part)
        expect(gauge).to_have_text("12,874")
    healthy(page)
