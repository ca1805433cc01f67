"""axe-core finds no fault of our own making on any page: both themes, without and with runs."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mnistlab.arch.spec import parse
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store.store import Store
from tests.browser.conftest import TIMEOUT, App, settled
from tests.store.example_runs import add_finished_run

ADDRESSES = (
    "",
    "?step=4",
    "design",
    "design?tab=Advice&net=64-64-p-64-64-gap",
    "design?tab=Receptive+field",
    "design?tab=Cost",
    "design?tab=Compare",
    "design?tab=Export",
    "train",
    "runs",
    "run",
    "experiments",
    "experiments?view=Search",
    "draw",
    "handwriting",
    "class",
)
"""Every page as a new lab shows it."""
WITH_RUNS = ("train?run=1", "runs", "run?run=1", "compare?run=1,2", "design?tab=Compare")
"""The pages that show runs."""
STREAMLITS_OWN = {
    ("presentation-role-conflict", "[data-testid=stFileUploaderDropzone]"): (
        "the drop area is focusable, and the button in it has the same function"
    ),
    ("scrollable-region-focusable", "[data-testid=stCode] pre"): (
        "Chromium and Firefox let the keyboard scroll it; the download below has the same text"
    ),
    ("color-contrast", "[data-testid=stPageLink-NavLink][disabled] p"): (
        "WCAG exempts what is disabled; axe-core knows it by aria-disabled, which is missing"
    ),
}
"""What axe-core finds in Streamlit's own elements, by its rule and the element: why it does no
harm, or why we cannot change it."""


def faults(page: Page, *rules: str) -> list[str]:
    """What axe-core finds by these rules, or by all of its own, but for what is Streamlit's."""
    options = {"resultTypes": ["violations"]} | ({"runOnly": [*rules]} if rules else {})
    response = Axe().run(page, options=options).response
    return [
        f"{violation['id']}: {node['html'][:200]} {[each['message'] for each in node['any']][:1]}"
        for violation in response["violations"]
        for node in violation["nodes"]
        if not any(
            rule == violation["id"] and page.locator(node["target"][-1]).first.evaluate(IS, element)
            for rule, element in STREAMLITS_OWN
        )
    ]


IS = "(node, selector) => node.matches(selector)"


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("h1").first).to_be_visible()
    expect(page.locator("html.lab-loading")).to_have_count(0)
    settled(page)
    # What has just been drawn fades in, and what is drawn again fades: both are pale meanwhile.
    page.add_style_tag(
        content="* { transition: none !important; animation: none !important; }"
        "[data-stale=true] { opacity: 1 !important; }"
    )


@pytest.fixture(params=["light", "dark"])
def themed_page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(
        color_scheme=request.param, viewport={"width": 1280, "height": 720}
    )
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    yield page
    context.close()


@pytest.fixture
def store(app: App) -> Store:
    """Two finished runs."""
    store = Store(app.home.runs)
    for text, wrong in (("8-16-p10-16-full-bn", range(30)), ("8-p-8-gap", range(10, 70))):
        spec, test = parse(text), Score(len(wrong), 1000)
        add_finished_run(
            store, spec, Recipe(epochs=3), [300, 200, 150], text, test=test, wrong=wrong
        )
    return store


BACKGROUND = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"


def faults_in_both_themes(page: Page, app: App, addresses: Iterable[str]) -> dict[str, list[str]]:
    """By address; the dark theme differs in its colors alone."""
    found = {}
    for address in addresses:
        page.emulate_media(color_scheme="light")
        open_page(page, f"{app.url}/{address}")
        found[address] = faults(page)
        light = page.evaluate(BACKGROUND)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(f"{BACKGROUND} !== {light!r}")
        found[f"{address} (dark)"] = faults(page, "color-contrast")
    return found


def test_axe_finds_nothing_on_any_page(app: App, page: Page) -> None:
    found = faults_in_both_themes(page, app, ADDRESSES)
    assert not any(found.values()), found


def test_axe_finds_nothing_on_pages_with_runs(app: App, store: Store, page: Page) -> None:
    found = faults_in_both_themes(page, app, WITH_RUNS)
    assert not any(found.values()), found


def test_every_page_is_checked() -> None:
    pages = {path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py")}
    assert pages == {address.partition("?")[0] for address in (*ADDRESSES, *WITH_RUNS)} - {""}


def test_a_link_shows_that_it_has_the_focus(app: App, themed_page: Page) -> None:
    page = themed_page
    open_page(page, app.url)
    page.locator(".st-key-links a").first.focus()
    page.keyboard.press("Tab")
    for link in (page.locator(".st-key-links a").nth(1), page.locator(".lab-term").first):
        link.focus()
        width = link.evaluate("node => getComputedStyle(node).outlineWidth")
        style = link.evaluate("node => getComputedStyle(node).outlineStyle")
        assert style != "none" and width != "0px"
