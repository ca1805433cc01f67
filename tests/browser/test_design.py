"""The Design page in a real browser: menus, pictures, the address, history, files, a phone."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import App, download, healthy, open_tab, settled

NET = "8-16-p10-16-20-t12-16-20-full-bn-drop0.05"
HALVED = "4-8-p5-8-10-t6-8-10-full-bn-drop0.05"
TABS = ["Parameters", "Advice", "Receptive field", "Cost", "Compare", "Export"]


def net(page: Page, expected: str) -> None:
    """The text, the address and the page agree on the network."""
    expect(page.get_by_role("textbox", name="Network")).to_have_value(expected)
    expect(page).to_have_url(re.compile(rf"net={re.escape(expected)}(&|$)"))
    healthy(page)


def act(page: Page, layer: int, action: str) -> None:
    """Choose an action from a layer's menu."""
    page.locator(f".st-key-menu{layer} button").first.click()
    page.get_by_text(action, exact=True).click()


def test_layers_are_removed_moved_and_added_in_their_place(app: App, page: Page) -> None:
    page.goto(f"{app.url}/design?net={NET}")
    net(page, NET)
    act(page, 4, "Remove")
    net(page, "8-16-p10-16-t12-16-20-full-bn-drop0.05")
    act(page, 4, "Move up")
    net(page, "8-16-p10-t12-16-16-20-full-bn-drop0.05")
    act(page, 6, "Insert max-pool below")
    net(page, "8-16-p10-t12-16-16-20-p-full-bn-drop0.05")
    act(page, 0, "Insert 3×3 convolution below")
    net(page, "8-8-16-p10-t12-16-16-20-p-full-bn-drop0.05")
    page.get_by_role("button", name="Reset").click()
    net(page, NET)


def test_the_browser_s_back_and_forward_go_through_the_edits(app: App, page: Page) -> None:
    page.goto(f"{app.url}/design?net={NET}")
    steps = [NET]
    for change in ("Halve filters", "Double filters", "Smallest"):
        page.get_by_role("button", name=change).first.click()
        expect(page).not_to_have_url(re.compile(rf"net={re.escape(steps[-1])}$"))
        steps.append(page.url.partition("net=")[2].partition("&")[0])
        net(page, steps[-1])
    for step in reversed(steps[:-1]):
        page.go_back()
        net(page, step)
    for step in steps[1:]:
        page.go_forward()
        net(page, step)
    page.reload()
    net(page, steps[-1])


def test_a_layer_is_selected_by_click_and_by_keyboard_wherever_it_is_drawn(
    app: App, page: Page
) -> None:
    page.goto(f"{app.url}/design?net={NET}")
    picture = page.locator(".lab-picture [data-part]")
    expect(picture).to_have_count(11)
    page.locator('.lab-picture [data-part="conv3"]').click()
    expect(page.locator("tr.lab-reach")).to_contain_text("conv3")
    open_tab(page, "Receptive field")
    metric = page.locator(".lab-fact", has_text="Receptive field of conv3")
    expect(metric).to_contain_text("10 × 10 px")
    part = page.locator('.lab-picture [data-part="conv6"]')
    part.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".lab-fact", has_text="Receptive field of conv6")).to_contain_text(
        "22 × 22"
    )
    expect(part).to_have_attribute("aria-pressed", "true")
    expect(part).to_be_focused()
    page.locator('.st-key-fields [data-part="head2"]').first.click()
    expect(page.locator(".lab-fact", has_text="Receptive field of head2")).to_contain_text(
        "28 × 28"
    )
    expect(page.get_by_role("tab", name="Receptive field")).to_have_attribute(
        "aria-selected", "true"
    )
    healthy(page)


def test_selections_survive_a_change_of_page_and_a_reload(app: App, page: Page) -> None:
    page.goto(f"{app.url}/design?net={NET}")
    open_tab(page, "Compare")
    other = page.get_by_role("combobox", name="Compare with")
    other.click()
    page.get_by_role("option", name=re.compile("Smallest")).click()
    page.locator('.lab-picture [data-part="conv3"]').click()
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")
    page.get_by_role("link", name="Design", exact=True).click()
    expect(other).to_have_value("Smallest")
    expect(page.locator(".lab-picture .lab-chosen")).to_contain_text("conv3")
    page.reload()
    expect(page.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    net(page, NET)


def test_nothing_scrolls_sideways_on_any_tab(app: App, page: Page) -> None:
    for text in ("4-p-gap", NET, "-".join(["8s"] * 20 + ["t8"] * 20)):
        page.goto(f"{app.url}/design?net={text}")
        for tab in TABS:
            open_tab(page, tab)
            settled(page)
            main = page.get_by_test_id("stMain")
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 720})
                fits = main.evaluate("node => node.scrollWidth <= node.clientWidth")
                assert fits, (text, tab, width)
    healthy(page)


@pytest.mark.parametrize("width", [1280, 1051, 1050, 700, 390])
def test_a_layer_s_controls_are_all_in_view(app: App, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(f"{app.url}/design?net={NET}")
    menus = page.locator("[class*=st-key-menu]")
    expect(menus).to_have_count(8)
    settled(page)
    expect(page.locator("html.lab-loading")).to_have_count(0)
    for line in range(8):
        box = menus.nth(line).bounding_box()
        column = page.locator(".st-key-editor .stColumn").first.bounding_box()
        assert box and column and box["x"] + box["width"] <= column["x"] + column["width"]
    # A number without − and + has lost them for lack of width.
    expect(page.locator("[class*=st-key-filters0] button")).to_have_count(2)


def test_on_a_phone_the_counts_are_in_view_while_one_edits(app: App, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 720})
    page.goto(f"{app.url}/design?net={NET}")
    net(page, NET)
    page.locator("[class*=st-key-menu]").last.scroll_into_view_if_needed()
    expect(page.locator(".st-key-gauge")).to_be_in_viewport(ratio=0.9)
    column = page.get_by_role("columnheader", name="Parameters")
    column.scroll_into_view_if_needed()
    box = column.bounding_box()
    assert box and box["x"] + box["width"] <= 390
    assert page.locator(".lab-scroll").first.evaluate("table => table.scrollLeft") == 0


def test_back_from_another_page_leads_to_the_network_and_the_tab(app: App, page: Page) -> None:
    page.goto(f"{app.url}/design?net={NET}")
    open_tab(page, "Cost")
    page.get_by_role("button", name="Halve filters").click()
    net(page, HALVED)
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")
    settled(page)
    page.go_back()
    net(page, HALVED)
    expect(page.get_by_role("tab", name="Cost")).to_have_attribute("aria-selected", "true")
    settled(page)
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")


def test_a_late_address_of_the_page_that_back_has_left_does_not_cut_off_forward(
    app: App, page: Page
) -> None:
    page.goto(f"{app.url}/design?net={NET}")
    net(page, NET)
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")
    settled(page)
    # What Streamlit does if the canvas has asked to run Draw a moment before.
    late = "setTimeout(() => history.pushState(null, '', '/draw?late=1'))"
    page.evaluate(f"addEventListener('popstate', () => {late}, {{ once: true }})")
    page.go_back()
    net(page, NET)
    settled(page)
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")


@pytest.mark.parametrize(
    "hostile",
    [
        "-".join(["8"] * 10_000),
        "1000000000-full",
        "8-p-8-p-8-p-8",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "8-drop9",
        "%00%FF",
    ],
)
def test_a_hostile_address_is_an_error_and_the_current_network_stays(
    app: App, page: Page, hostile: str
) -> None:
    alerts: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.goto(f"{app.url}/design?net={hostile}")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".lab-gauge-figure b").first).to_have_text("12,874")
    page.get_by_role("button", name="Target 2").click()
    expect(page.locator(".lab-gauge-figure b").first).to_have_text("12,490")
    expect(page.get_by_role("alert")).to_have_count(0)
    healthy(page)
    assert not alerts


def test_the_downloaded_file_runs_by_itself(app: App, page: Page, tmp_path: Path) -> None:
    page.goto(f"{app.url}/design?net={NET}")
    open_tab(page, "Export")
    (away := tmp_path / "away").mkdir()
    file = Path(shutil.copy(download(page, "Download network.py"), away / "network.py"))
    done = subprocess.run(
        [sys.executable, "-I", file.name],
        cwd=file.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and "12,874" in done.stdout, done.stdout + done.stderr


def test_the_benchmark_runs_from_the_page(app: App, page: Page) -> None:
    page.goto(f"{app.url}/design?net={NET}")
    epoch = page.locator(".lab-fact", has_text="Time per epoch")
    expect(epoch).not_to_contain_text("≈")
    open_tab(page, "Cost")
    page.get_by_role("button", name="Benchmark this machine").click()
    expect(page.get_by_role("progressbar", name="Benchmark running")).to_be_visible()
    expect(epoch).to_contain_text("≈", timeout=600_000)
    expect(page.get_by_role("button", name="Run benchmark again")).to_be_visible()
    expect(page.get_by_role("tab", name="Cost")).to_have_attribute("aria-selected", "true")
    assert app.home.speed_model.is_file()
    page.get_by_role("link", name="Train this network").click()
    expected = page.locator(".lab-expected")
    expect(expected).to_contain_text("≈")
    # An estimate from another machine's training says with how many cores it was.
    expect(expected).not_to_contain_text("core")
    healthy(page)
