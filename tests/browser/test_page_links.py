"""Links between pages are real links: each opens its page in a new tab, wherever it stands."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from mnistlab.arch.spec import parse
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.store import Store
from tests.browser.conftest import App, end, healthy, serve, settled
from tests.store.example_runs import add_finished_run

TITLES = {
    "Home": "How small can a network be",
    "Design": "Design a network",
    "Train": "Train a network",
    "Runs": "Runs",
    "Experiments": "Experiments",
    "Draw": "Draw a digit",
}


def links(page: Page) -> Locator:
    settled(page)
    return page.locator(".stPageLink a")


def navigation(page: Page, name: str) -> Locator:
    settled(page)
    return page.locator(".st-key-links").get_by_role("link", name=name, exact=True)


def opens_in_a_new_tab(page: Page, link: Locator, title: str, **click: object) -> Page:
    """The new tab; the page itself stays where it is."""
    address = page.url
    with page.context.expect_page() as coming:
        link.click(**click)  # type: ignore[arg-type]
    tab = coming.value
    expect(tab.get_by_role("heading", level=1)).to_contain_text(title)
    assert page.url == address
    return tab


@pytest.fixture(scope="module")
def app_below_a_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = serve(tmp_path_factory.mktemp("below"), base_path="/class/lab")
    yield app
    end(app)


@pytest.mark.parametrize(
    ("start", "names"), [("", [*TITLES]), ("design?net=8-p-gap", ["Home", "Design", "Runs"])]
)
def test_the_middle_button_opens_every_page(
    app: App, page: Page, start: str, names: list[str]
) -> None:
    page.goto(f"{app.url}/{start}")
    for name in names:
        opens_in_a_new_tab(page, navigation(page, name), TITLES[name], button="middle").close()
    healthy(page)


@pytest.mark.parametrize("key", ["Control", "Shift"])
def test_a_key_that_is_held_opens_another_tab(app: App, page: Page, key: str) -> None:
    page.goto(f"{app.url}/design?net=8-p-gap")
    for name in ("Home", "Train"):
        opens_in_a_new_tab(page, navigation(page, name), TITLES[name], modifiers=[key]).close()
    healthy(page)


def test_a_link_below_another_path_stays_below_it(app_below_a_path: App, page: Page) -> None:
    page.goto(f"{app_below_a_path.url}/design?net=8-p-gap")
    for name in ("Home", "Train"):
        tab = opens_in_a_new_tab(page, navigation(page, name), TITLES[name], button="middle")
        assert tab.url.startswith(f"{app_below_a_path.url}/")
        tab.close()
    navigation(page, "Home").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLES["Home"])


def test_no_link_leads_to_the_page_that_it_is_on(app: App, page: Page) -> None:
    pages = [path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py")]
    for name in ["", *pages]:
        page.goto(f"{app.url}/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for link in links(page).all():
            address = str(link.get_attribute("href"))
            assert re.match(r"\./|[a-z]+", address), (name, address)


def test_the_new_tab_has_the_network(app: App, page: Page) -> None:
    page.goto(f"{app.url}/design?net=8-p-gap")
    expect(page.locator(".lab-gauge-figure b").first).to_be_visible()
    link = page.get_by_role("link", name="Train this network")
    tab = opens_in_a_new_tab(page, link, TITLES["Train"], button="middle")
    assert "net=8-p-gap" in tab.url


KEEP_MESSAGES = """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  window.lastMessage = () => this.send(data);
  send.call(this, data);
};
"""


def test_a_click_is_not_lost_if_the_page_asks_to_run_right_after_it(app: App, page: Page) -> None:
    page.add_init_script(KEEP_MESSAGES)
    page.goto(app.url)
    settled(page)
    page.evaluate(
        """() => {
          const again = window.lastMessage;
          document.querySelector("a[href^='runs']").click();
          again();
        }"""
    )
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    expect(page).to_have_url(re.compile("/runs"))
    # The Back button is no other.
    page.evaluate(
        """() => new Promise((done) => {
          const again = window.lastMessage;
          addEventListener("popstate", () => { setTimeout(again); done(); }, { once: true });
          history.back();
        })"""
    )
    expect(page.locator("canvas.upper-canvas")).to_be_visible()
    healthy(page)


def test_one_step_back_leads_to_the_page_before(app: App, page: Page) -> None:
    # Train adds the run that it shows to its address, which is no step of its own.
    add_finished_run(Store(app.home.runs), parse("4-gap"), Recipe(epochs=1), [100])
    page.goto(f"{app.url}/?step=3")
    navigation(page, "Train").click()
    expect(page).to_have_url(re.compile("run=1"))
    healthy(page)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLES["Home"])
    expect(page).to_have_url(re.compile(r"/\?(.*&)?step=3"))
    healthy(page)
