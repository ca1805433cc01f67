"""A reproduction paused and resumed, and a report that opens offline."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import ConsoleMessage, Page, expect

from mnistlab.experiments.targets import TARGETS
from mnistlab.store.run import State
from mnistlab.store.store import Store
from tests.browser.conftest import App, download, healthy, settled
from tests.store.example_runs import add_finished_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_reproduction_is_resumed_paused_reloaded_and_reported(
    app: App, page: Page, chromium: "Browser", tmp_path: Path
) -> None:
    store = Store(app.home.runs)
    for target in TARGETS[1:]:
        add_finished_run(store, target.spec, target.quick, [400, 300, 310])
    page.goto(f"{app.url}/experiments")
    expect(page.locator(".lab-table")).to_contain_text("97.00%")
    lines = page.locator(".plot .scatterlayer .trace path.js-line")
    expect(lines).to_have_count(4)  # target 1's is the bundled one
    page.get_by_role("button", name="Train 1 of 4 runs").click()
    expect(page.locator(".lab-state")).to_have_text("running")
    page.reload()
    expect(page.locator(".lab-state")).to_have_text("running")
    page.get_by_role("button", name="Pause all").click()
    expect(page.get_by_role("button", name="Resume 1 of 4 runs")).to_be_visible()
    settled(page)
    assert [run.state for run in store.runs([1, 2, 3, 4])] == [*[State.DONE] * 3, State.PAUSED]

    report = Path(shutil.copy(download(page, "Report (HTML)"), tmp_path / "report.html"))
    assert "### Analysis" in download(page, "Report (Markdown)").read_text("utf-8")
    healthy(page)
    opens_offline(chromium, report)


def opens_offline(chromium: "Browser", report: Path) -> None:
    context = chromium.new_context()
    context.set_offline(True)
    page = context.new_page()
    requests: list[str] = []
    errors: list[str] = []

    def record(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.on("request", lambda request: requests.append(request.url))
    page.on("console", record)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(report.as_uri())
    chart = page.locator(".plot").first
    expect(chart.locator(".main-svg").first).to_be_visible()
    expect(page.locator(".plot .main-svg.hidden")).to_have_count(0)
    chart.scroll_into_view_if_needed()
    drag = chart.locator(".nsewdrag")
    box = drag.bounding_box()
    assert box is not None
    # Over the second of twenty epochs; the runs have three.
    x, y = box["x"] + box["width"] * 1.5 / 20, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.move(x + 2, y)
    expect(chart.locator(".hoverlayer .hovertext, .hoverlayer .legend").first).to_be_visible()
    for scheme, ink in (("dark", "rgb(230, 233, 238)"), ("light", "rgb(28, 33, 40)")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        title = chart.locator(".gtitle")
        expect(title).to_have_css("fill", ink)
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []
    context.close()
