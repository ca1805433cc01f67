"""How a chart's library reaches the browser."""

from pathlib import Path

from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import App, end, healthy, serve


def plotly_requests(page: Page) -> list[str]:
    """The addresses of plotly.js that the page asks for from now on."""
    addresses: list[str] = []

    def note(request: Request) -> None:
        if "plotly" in request.url:
            addresses.append(request.url)

    page.on("request", note)
    return addresses


def test_plotly_is_loaded_once_by_the_first_chart_and_then_kept(
    app: App, chromium: Browser
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    addresses = plotly_requests(page)
    page.goto(f"{app.url}/design")
    healthy(page)
    assert not addresses
    page.get_by_test_id("stPageLink").filter(has_text="Experiments").first.click()
    expect(page.locator(".plot .main-svg").first).to_be_visible()
    page.get_by_test_id("stPageLink").filter(has_text="Design").first.click()
    expect(page.locator(".plot")).to_have_count(0)
    page.get_by_test_id("stPageLink").filter(has_text="Experiments").first.click()
    expect(page.locator(".plot .main-svg").first).to_be_visible()
    assert len(addresses) == 1
    other = context.new_page()
    client = context.new_cdp_session(other)
    client.send("Network.enable")
    cached: dict[str, bool] = {}

    def note(event: dict[str, dict[str, object]]) -> None:
        cached[str(event["response"]["url"])] = bool(event["response"].get("fromDiskCache"))

    client.on("Network.responseReceived", note)
    other.goto(f"{app.url}/experiments")
    expect(other.locator(".plot .main-svg").first).to_be_visible()
    assert cached.get(addresses[0], True), "the second visit loads it again"


def test_charts_and_style_are_there_under_a_base_path(page: Page, home_folder: Path) -> None:
    app = serve(home_folder, base_path="/some/lab")
    try:
        page.goto(f"{app.url}/experiments")
        expect(page.locator(".plot .main-svg").first).to_be_visible()
        assert (
            page.locator(".stMainBlockContainer").evaluate(
                "node => getComputedStyle(node).maxWidth"
            )
            == "1228px"
        )
    finally:
        page.close()
        end(app)


def test_a_chart_has_its_height_before_plotly_is_there(app: App, page: Page) -> None:
    page.route("**/plotly-*", lambda route: route.abort())
    page.goto(f"{app.url}/experiments")
    chart = page.locator(".plot").first
    expect(chart).to_contain_text("could not be loaded")
    box = chart.locator("xpath=..").bounding_box()
    page.unroute("**/plotly-*")
    page.reload()
    expect(chart.locator(".main-svg").first).to_be_visible()
    after = chart.locator("xpath=..").bounding_box()
    assert box and after and box["height"] == after["height"] > 200
