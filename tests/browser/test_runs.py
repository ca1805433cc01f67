"""Runs in a real browser: shown, paused, stopped, queued, compared, deleted, imported."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.exchange.archive import export_run
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.store.trash import empty_trash, move_to_trash
from mnistlab.training import checkpoint
from mnistlab.training.record import TrainingRecord
from mnistlab.worker.processes import submit
from tests.browser.conftest import TIMEOUT, App, download, healthy, open_tab, settled
from tests.store.example_runs import add_finished_run

TINY = parse("4-p4-8-p8-gap-bn")
LONG = Recipe(epochs=300, batch_size=64, train_size=512)


@pytest.fixture
def store(app: App) -> Store:
    return Store(app.home.runs)


def start(app: App, name: str = "long", recipe: Recipe = LONG) -> int:
    """Submit a run that the app's own worker trains."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNISTLAB_THREADS", "1")
        return submit(app.home, name, TINY, recipe)


def wait_for_epochs(page: Page, store: Store, run_id: int, count: int) -> None:
    for _ in range(TIMEOUT // 100):
        run = store.run(run_id)
        if run and len(run.epochs) >= count:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"run {run_id} never had {count} epochs")


def end(store: Store, *run_ids: int) -> None:
    for run_id in run_ids:
        store.request(run_id, Request.STOP)


def select_rows(app: App, page: Page, *rows: int) -> None:
    """Open the runs and check the boxes of some rows of the table."""
    page.goto(f"{app.url}/runs")
    for row in rows:
        page.locator(".lab-runs tbody input").nth(row).check()
        settled(page)


def test_a_name_opens_the_run_here_or_in_a_new_tab(app: App, store: Store, page: Page) -> None:
    for name in ("<b>first</b>", "second"):
        add_finished_run(store, TINY, Recipe(epochs=1), [100], name, wrong=[3])
    page.goto(f"{app.url}/runs?search=first")
    link = page.get_by_role("link", name="<b>first</b>")
    with page.context.expect_page() as opened:
        link.click(modifiers=["Control"])
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("Run 1: <b>first</b>")
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Run 1: <b>first</b>")
    expect(page).to_have_url(re.compile(r"/run\?run=1$"))
    healthy(page)


def test_accuracy_is_visible_on_a_phone(app: App, store: Store, page: Page) -> None:
    add_finished_run(store, TINY, Recipe(epochs=1), [100], "a rather long name of a run, really")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{app.url}/runs")
    box = page.get_by_role("cell", name="99.00%").first.bounding_box()
    assert box and box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_point_of_the_chart_opens_its_run(app: App, store: Store, page: Page) -> None:
    add_finished_run(store, TINY, Recipe(epochs=1), [100], "only one")
    page.goto(f"{app.url}/runs")
    expect(page.locator(".plot .points path")).to_have_count(1)
    settled(page)
    page.locator(".plot").scroll_into_view_if_needed()
    box = page.locator(".plot .points path").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("heading", level=1)).to_have_text("Run 1: only one")
    healthy(page)


def test_pause_resume_and_stop_while_a_second_browser_shows_the_run(
    app: App, store: Store, page: Page, chromium: Browser
) -> None:
    run_id = start(app)
    page.goto(f"{app.url}/train?run={run_id}")
    state = page.locator(".lab-state").first
    expect(state).to_have_text("running")
    wait_for_epochs(page, store, run_id, 2)

    other = chromium.new_context().new_page()
    other.goto(f"{app.url}/train?run={run_id}")
    expect(other.locator(".lab-state").first).to_have_text("running")

    page.get_by_role("button", name="Pause").click()
    expect(state).to_have_text("paused")
    expect(other.locator(".lab-state").first).to_have_text("paused")
    paused = store.run(run_id)
    assert paused and paused.state is State.PAUSED
    page.reload()
    expect(state).to_have_text("paused")

    page.get_by_role("button", name="Resume").click()
    expect(state).to_have_text("running")
    wait_for_epochs(page, store, run_id, len(paused.epochs) + 2)
    resumed = store.run(run_id)
    assert resumed and resumed.epochs[: len(paused.epochs)] == paused.epochs

    page.get_by_role("button", name="Stop", exact=True).click()
    expect(state).to_have_text("stopped")
    healthy(page)


def test_zoom_and_hidden_curves_survive_updates_of_the_same_chart(
    app: App, store: Store, page: Page
) -> None:
    run_id = start(app)
    page.goto(f"{app.url}/train?run={run_id}")
    plot = page.locator(".plot").first
    expect(plot.locator(".main-svg").first).to_be_visible()
    wait_for_epochs(page, store, run_id, 2)
    plot.evaluate("node => node.dataset.mark = 'yes'")
    plot.locator(".main-svg").first.evaluate("node => node.dataset.mark = 'yes'")
    plot.scroll_into_view_if_needed()
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 20, middle - 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, middle + 40, steps=8)
    page.mouse.up()
    plot.locator(".legendtoggle").nth(1).click()

    view = "node => [node.layout.xaxis.range.map(x => +x.toFixed(6)), node.data[1].visible]"
    page.wait_for_timeout(1000)  # a click on the legend waits for a possible second one
    zoomed = plot.evaluate(view)
    assert zoomed[0] != [0.5, 300.5] and zoomed[1] == "legendonly"
    for _ in range(3):
        before = plot.evaluate("node => node.data[0].x.length")
        page.wait_for_function(
            "before => document.querySelector('.plot').data[0].x.length > before", arg=before
        )
    assert plot.evaluate(view) == zoomed
    assert plot.get_attribute("data-mark") == "yes"
    assert plot.locator(".main-svg").first.get_attribute("data-mark") == "yes"
    end(store, run_id)
    expect(page.locator(".lab-state").first).to_have_text("stopped")
    assert plot.evaluate(view) == zoomed
    healthy(page)


def test_a_double_click_shows_all_of_a_chart_that_was_empty_at_first(
    app: App, store: Store, page: Page
) -> None:
    run_id = start(app)
    page.goto(f"{app.url}/train?run={run_id}")
    loss = page.locator(".plot").nth(1)
    expect(loss.locator(".main-svg").first).to_be_visible()
    empty_range = loss.evaluate("node => node.layout.yaxis.range")
    assert loss.evaluate("node => node.data[0].x.length") == 0
    wait_for_epochs(page, store, run_id, 2)
    end(store, run_id)
    expect(page.locator(".lab-state").first).to_have_text("stopped")
    ranges = "node => [node.layout.xaxis.range, node.layout.yaxis.range]"
    whole = loss.evaluate(ranges)
    assert whole[1] != empty_range
    loss.scroll_into_view_if_needed()
    box = loss.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    x, y = box["x"], box["y"]
    page.mouse.move(x + 20, y + 20)
    page.mouse.down()
    page.mouse.move(x + 120, y + 80, steps=8)
    page.mouse.up()
    zoomed = loss.evaluate(ranges)
    assert zoomed[0] != whole[0] and zoomed[1] != whole[1]
    for _ in range(2):
        page.wait_for_timeout(500)
        page.mouse.dblclick(x + 60, y + 60)
        page.wait_for_timeout(500)
        assert loss.evaluate(ranges) == whole


def test_the_queue_shows_positions_and_run_next_preempts_the_current_run(
    app: App, store: Store, page: Page
) -> None:
    first, second, third = start(app, "first"), start(app, "second"), start(app, "third")
    page.goto(f"{app.url}/train?run={third}")
    expect(page.locator(".lab-progress").first).to_contain_text("Position 2 in queue")
    page.locator(f".st-key-Up-{third} button").first.click()
    expect(page.locator(".lab-progress").first).to_contain_text("Position 1 in queue")
    wait_for_epochs(page, store, first, 1)
    page.locator(f".st-key-Run-next-{third} button").first.click()
    expect(page.locator(".lab-state").first).to_have_text("running")
    page.locator(f".st-key-Cancel-{second} button").first.click()
    expect(page.locator(f".st-key-Cancel-{second}")).to_have_count(0)
    wait_for_epochs(page, store, third, 1)
    assert [run.id for run in store.queue()] == [first], "the preempted run comes next"
    end(store, third, first)
    expect(page.locator(".lab-state").first).to_have_text("stopped")
    healthy(page)


def test_the_address_selects_several_runs(app: App, store: Store, page: Page) -> None:
    ids = [start(app, name) for name in ("one", "two")]
    wait_for_epochs(page, store, ids[0], 2)
    page.goto(f"{app.url}/train?run={ids[0]},{ids[1]}")
    expect(page.locator(".lab-state").nth(1)).to_have_text("queued")
    expect(page.locator(".lab-state").first).to_have_text("running")
    end(store, *ids)
    expect(page.locator(".lab-state").first).to_have_text("stopped")
    page.reload()
    expect(page.locator(".lab-state").nth(1)).to_have_text("stopped")
    healthy(page)


def test_the_back_button_returns_to_the_run_selected_before(
    app: App, store: Store, page: Page
) -> None:
    for name in ("left", "right"):
        store.request(store.add(name, TINY, LONG), Request.STOP)
    page.goto(f"{app.url}/run?run=1")
    shown = page.locator(".lab-status").first
    expect(shown).to_contain_text("left")
    page.get_by_role("combobox", name="Run").click()
    page.get_by_role("option", name="right").click()
    expect(shown).to_contain_text("right")
    for navigate, name in (
        (page.go_back, "left"),
        (page.go_forward, "right"),
        (page.go_back, "left"),
    ):
        navigate()
        expect(shown).to_contain_text(name)
    page.get_by_role("link", name="Train", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Train a network")
    expect(shown).to_contain_text("left")
    healthy(page)


def test_two_runs_are_compared_from_the_table_and_a_deleted_one_is_restored(
    app: App, store: Store, page: Page
) -> None:
    quick = Recipe(epochs=1, batch_size=64, train_size=512)
    ids = [start(app, "left", quick), start(app, "right", replace(quick, batch_size=32))]
    for run_id in ids:
        wait_for_epochs(page, store, run_id, 1)
    select_rows(app, page, 0, 1)
    page.get_by_role("link", name="Compare 2 runs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare runs")
    expect(page).to_have_url(re.compile("run=2(,|%2C)1"))
    expect(page.locator(".lab-plain").first).to_contain_text("batch size")
    expect(page.locator(".lab-plain").first).not_to_contain_text("weight decay")
    expect(page.locator(".lab-verdict")).to_contain_text("McNemar")
    expect(page.locator(".lab-card").first).to_be_visible()
    healthy(page)

    select_rows(app, page, 0)
    page.get_by_role("button", name="Move to trash").click()
    page.get_by_role("dialog").get_by_role("button", name="Move to trash").click()
    expect(page.get_by_text("1 run.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 runs.")).to_be_visible()
    healthy(page)


def test_selected_runs_stay_selected_when_other_runs_arrive(
    app: App, store: Store, page: Page
) -> None:
    def arrive(name: str) -> None:
        store.request(store.add(name, TINY, LONG), Request.STOP)

    for name in ("first", "second"):
        arrive(name)
    select_rows(app, page, 0)
    expect(page.get_by_role("link", name="Open run 2")).to_be_visible()
    arrive("another student's")
    page.get_by_text("Descending").click()
    expect(page.get_by_text("3 runs.")).to_be_visible()
    page.get_by_text("Descending").click()
    settled(page)
    expect(page.get_by_role("link", name="Open run 2")).to_be_visible()
    page.get_by_role("button", name="Move to trash").click()
    expect(page.get_by_role("dialog")).to_contain_text("second")
    expect(page.get_by_role("dialog")).not_to_contain_text("another")
    healthy(page)


def test_a_run_s_page_shows_errors_and_filters_saves_notes_and_exports(
    app: App, store: Store, page: Page
) -> None:
    run_id = start(app, "one", Recipe(epochs=1, batch_size=64, train_size=512))
    wait_for_epochs(page, store, run_id, 1)
    page.goto(f"{app.url}/run?run={run_id}")
    expect(page.locator(".lab-state").first).to_have_text("done")
    page.get_by_role("tab", name="Errors").click()
    expect(page.locator(".lab-card").first).to_be_visible()
    expect(page.locator(".plot .heatmaplayer image")).to_be_visible()
    page.get_by_role("tab", name="Filters").click()
    expect(page.locator("img.lab-grid")).to_be_visible()
    page.get_by_role("tab", name="Notes").click()
    page.get_by_role("textbox", name="Name").fill("a better name")
    page.get_by_role("button", name="Save notes").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("a better name")
    open_tab(page, "Curves")
    expect(page.locator(".lab-status").first).to_contain_text("a better name")
    page.get_by_role("tab", name="Export").click()
    archive = download(page, "Run archive (.zip)")
    reader = download(page, "Web page (HTML)").read_text("utf-8")
    assert "<h1>a better name</h1>" in reader
    healthy(page)
    exported = store.run(run_id)
    assert exported

    for notice in ("Already imported as run 1. Restore it", "Imported as run 2."):
        move_to_trash(store, [run_id])
        page.goto(f"{app.url}/runs")
        page.get_by_text("Import runs").click()
        page.locator("input[type=file]").set_input_files(
            {"name": "run.zip", "mimeType": "application/zip", "buffer": archive.read_bytes()}
        )
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_text(notice)).to_be_visible()
        empty_trash(store)
    imported = store.run(run_id + 1)
    assert imported and imported.epochs == exported.epochs
    assert imported.name == "a better name" and imported.test == exported.test
    healthy(page)


def test_a_cell_shows_its_images_and_an_image_its_probabilities(
    app: App, store: Store, page: Page
) -> None:
    run_id = add_finished_run(store, TINY, Recipe(epochs=1), [100], wrong=[3, 13, 4])
    run = store.run(run_id)
    assert run
    record = TrainingRecord(run.name, TINY, run.recipe, run.epochs, 1, None, {})
    checkpoint.save_checkpoint(store.best_checkpoint_path(run_id), build(TINY, seed=1), record)
    page.goto(f"{app.url}/run?run={run_id}&tab=Errors")
    cards = page.locator(".lab-card")
    expect(cards).to_have_count(3)
    settled(page)
    matrix = page.locator(".plot .nsewdrag").first
    box = matrix.bounding_box()
    assert box
    # The row of 3, the column of 4. A click is on what plotly has last shown the pointer to be on.
    place = box["x"] + 0.45 * box["width"], box["y"] + 0.35 * box["height"]
    page.mouse.move(*place)
    expect(page.locator(".plot .hovertext").first).to_contain_text("3 predicted as 4")
    page.mouse.click(*place)
    expect(page.get_by_role("heading", name="3 predicted as 4: 2 images")).to_be_visible()
    expect(cards).to_have_count(2)
    settled(page)
    cards.first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("3 predicted as 4")
    expect(dialog.locator(".lab-bar")).to_have_count(10)
    dialog.get_by_role("button", name="Open in Draw").click()
    expect(page).to_have_url(re.compile(r"/draw\?.*run=1"))
    expect(page.locator(".lab-card").first).to_contain_text("Test image")
    healthy(page)
    page.go_back()
    open_tab(page, "Errors")
    page.get_by_role("button", name="Show all errors").click()
    expect(cards).to_have_count(3)
    healthy(page)


def test_a_download_that_fails_says_why(app: App, store: Store, page: Page) -> None:
    run_id = add_finished_run(store, parse("4-gap"), Recipe(epochs=1), [100])
    page.goto(f"{app.url}/run?run={run_id}")
    page.get_by_role("tab", name="Export").click()
    settled(page)
    best = store.best_checkpoint_path(run_id)
    best.parent.mkdir(exist_ok=True)
    best.write_bytes(b"damaged")
    page.get_by_role("button", name="Run archive (.zip)").click()
    expect(page.get_by_role("alert")).to_contain_text(f"Export of run {run_id} failed")
    best.unlink()
    settled(page)
    download(page, "Run archive (.zip)")
    healthy(page)


def test_no_download_is_lost_while_the_page_reruns(app: App, store: Store, page: Page) -> None:
    run_id = start(app)
    page.goto(f"{app.url}/runs")
    wait_for_epochs(page, store, run_id, 1)
    expect(page.get_by_role("button", name="Download table (CSV)")).to_be_visible()
    for _ in range(20):
        # The whole page reruns when the button is pressed, and a part of it every second.
        page.get_by_text("Descending").click()
        assert "parameters" in download(page, "Download table (CSV)").read_text("utf-8-sig")
    end(store, run_id)
    healthy(page)


def large_archive(folder: Path) -> bytes:
    """The archive of a run with 2.4 million parameters and two checkpoints: more than 15 MB."""
    store, spec, recipe = Store(folder), parse("8-p-8-p-512-512-gap"), Recipe(epochs=1)
    run_id = add_finished_run(store, spec, recipe, [100])
    run = store.run(run_id)
    assert run
    record = TrainingRecord(run.name, spec, recipe, run.epochs, 1, None, {})
    for path in (store.best_checkpoint_path(run_id), store.last_checkpoint_path(run_id)):
        path.parent.mkdir(exist_ok=True)
        checkpoint.save_checkpoint(path, build(spec, seed=1), record)
    return export_run(store, run_id)


def test_a_large_archive_is_uploaded_and_imported(
    app: App, store: Store, page: Page, tmp_path: Path
) -> None:
    (archive := tmp_path / "run.zip").write_bytes(large_archive(tmp_path / "other"))
    assert archive.stat().st_size > 15 << 20
    page.goto(f"{app.url}/runs")
    page.get_by_text("Import runs").click()
    page.locator("input[type=file]").set_input_files(archive)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("1 run.")).to_be_visible()
    assert store.best_checkpoint_path(1).exists() and store.last_checkpoint_path(1).exists()
    healthy(page)


def test_back_from_a_misread_digit_in_draw_leads_to_the_errors(
    app: App, store: Store, page: Page
) -> None:
    add_finished_run(store, TINY, Recipe(epochs=1), [100], "one", wrong=[3])
    page.goto(f"{app.url}/run?run=1")
    open_tab(page, "Errors")
    settled(page)
    page.locator(".lab-card").first.click()
    page.get_by_role("button", name="Open in Draw").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")
    page.go_back()
    expect(page.get_by_role("tab", name="Errors")).to_have_attribute("aria-selected", "true")
    healthy(page)
