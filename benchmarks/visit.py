"""What a visit costs: `python benchmarks/visit.py [--quick] [--root CHECKOUT]`.

A real app with MNIST and no runs, and a real Chromium that opens each page twice: first with an
empty cache, then with what it kept. The table has, for the first screen (1280×720), its words and
the page's height; the layout shift of both visits; the bytes over HTTP and over the WebSocket. The
second table is for pages with runs to show. Before them comes the time from the address to a
recognized digit, drawn by a robot's hand, in a server and a browser that have just been started;
after them the shift of each change of page by the links at its top, where shifts right after the
click count too, and that of a page on which a training goes from epoch to epoch. Without `--quick`
it goes on with the processor time of a rerun and of an open page (`benchmarks/server.py`) and with
the server's memory. `--root` measures another checkout. MNIST is taken from the cache of the tests,
so run them once before.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from mnistlab.home import Home
    from mnistlab.store.store import Store
    from tests.browser.conftest import App

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
PAGES = ("", "design", "train", "runs", "experiments", "draw", "handwriting")
WITH_RUNS = ("train?run=1", "runs", "run?run=1", "compare?run=1,2", "experiments")
SWITCHES = ("Design", "Train", "Runs", "Experiments", "Draw", "Home")
WATCHED_EPOCHS, COLD_STARTS = 3, 3
REST = 2000
"""Milliseconds after a page's script has ended in which late parts may still move it."""
FIRST, LAST = 10, 150
"""Page visits after which the server's memory is measured."""
OBSERVE = """
window.shift = 0;
window.countAll = false;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (window.countAll || !entry.hadRecentInput) window.shift += entry.value;
  }
}).observe({ type: "layout-shift", buffered: true });
"""
FIRST_SCREEN = """() => {
  const page = document.querySelector(".stMainBlockContainer");
  const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  let words = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    const icon = node.parentElement.closest("[data-testid=stIconMaterial], style, script");
    if (box.height && box.top < innerHeight && !icon) {
      words += node.textContent.split(/\\s+/).filter((word) => /\\w/.test(word)).length;
    }
  }
  return [words, Math.round(page.getBoundingClientRect().height)];
}"""


@dataclass(frozen=True)
class Visit:
    """What one load of one page showed and cost."""

    words: int
    height: int
    shift: float
    http_bytes: float
    websocket_bytes: float


def load(context: "BrowserContext", address: str) -> Visit:
    page = context.new_page()
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    n_bytes = {"http": 0.0, "websocket": 0.0}

    def count_http(event: dict[str, Any]) -> None:
        n_bytes["http"] += event["encodedDataLength"]

    def count_websocket(event: dict[str, Any]) -> None:
        response = event["response"]
        # Binary frames are reported in base64.
        scale = 3 / 4 if response["opcode"] == 2 else 1
        n_bytes["websocket"] += len(response["payloadData"]) * scale

    client.on("Network.loadingFinished", count_http)
    client.on("Network.webSocketFrameReceived", count_websocket)
    page.goto(address)
    rest(page)
    words, height = page.evaluate(FIRST_SCREEN)
    shift = page.evaluate("window.shift")
    page.close()
    return Visit(words, height, shift, n_bytes["http"], n_bytes["websocket"])


def rest(page: "Page") -> None:
    """Wait until the page's script has ended, and what comes late has come."""
    page.locator("h1").first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(REST)


def watched_context(browser: "Browser") -> "BrowserContext":
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.add_init_script(OBSERVE)
    return context


def measure_pages(browser: "Browser", url: str, names: tuple[str, ...]) -> None:
    head = ("words", "height", "shift", "again", "HTTP kB", "again", "WS kB", "again")
    print(f"{'':<16}" + "".join(f"{name:>9}" for name in head))
    for name in names:
        context = watched_context(browser)
        address = f"{url}/{name}"
        first, second = load(context, address), load(context, address)
        print(
            f"{name or 'home':<16}{first.words:>9}{first.height:>9}"
            f"{first.shift:>9.3f}{second.shift:>9.3f}"
            f"{first.http_bytes / 1e3:>9.0f}{second.http_bytes / 1e3:>9.0f}"
            f"{first.websocket_bytes / 1e3:>9.1f}{second.websocket_bytes / 1e3:>9.1f}",
            flush=True,
        )
        context.close()


def measure_switches(browser: "Browser", url: str) -> None:
    """The layout shift of each change of page, in the order of the links."""
    context = watched_context(browser)
    page = context.new_page()
    page.goto(url)
    rest(page)
    for name in SWITCHES:
        page.evaluate("window.shift = 0; window.countAll = true")
        page.locator(".st-key-links").get_by_role("link", name=name, exact=True).click()
        rest(page)
        print(f"to {name}: shift {page.evaluate('window.shift'):.3f}", flush=True)
    context.close()


def measure_epochs(browser: "Browser", app: "App") -> None:
    """The layout shift of Train while a run ends an epoch, several times."""
    from mnistlab.arch.presets import get_preset
    from mnistlab.recipe.recipe import Recipe
    from mnistlab.store.run import Request
    from mnistlab.store.store import Store
    from mnistlab.worker.processes import submit

    store = Store(app.home.runs)
    recipe = Recipe(epochs=1000, train_size=12_800)
    run_id = submit(app.home, "watched", get_preset("target-4").spec, recipe)
    context = watched_context(browser)
    page = context.new_page()
    page.goto(f"{app.url}/train?run={run_id}")
    rest(page)
    done = _wait_for_epochs(store, run_id, 1, page)
    page.evaluate("window.shift = 0; window.countAll = true")
    done = _wait_for_epochs(store, run_id, done + WATCHED_EPOCHS, page)
    print(f"while {WATCHED_EPOCHS} epochs end: shift {page.evaluate('window.shift'):.4f}")
    context.close()
    store.request(run_id, Request.STOP)
    while store.running():
        time.sleep(0.1)


def _wait_for_epochs(store: "Store", run_id: int, count: int, page: "Page") -> int:
    """Wait until a run has so many epochs and the page shows them; how many it has."""
    while (run := store.run(run_id)) is None or len(run.epochs) < count:
        page.wait_for_timeout(200)
    page.wait_for_timeout(REST)
    return len(run.epochs)


def add_runs(home: "Home") -> None:
    """Two finished runs with made-up figures."""
    from mnistlab.arch.spec import parse
    from mnistlab.recipe.recipe import Recipe
    from mnistlab.stats.score import Score
    from mnistlab.store.store import Store
    from tests.store.example_runs import add_finished_run

    store = Store(home.runs)
    for text, wrong in (("8-16-p10-16-full-bn", range(30)), ("8-p-8-gap", range(10, 70))):
        test = Score(len(wrong), 1000)
        add_finished_run(
            store, parse(text), Recipe(epochs=3), [300, 200, 150], text, test, [*wrong]
        )


def seconds_to_digit(browser: "Browser", address: str) -> float:
    """Seconds from opening a page with a canvas to the first drawing's recognized digit."""
    from tests.drawn_digits import DIGITS

    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    started = time.perf_counter()
    page.goto(address)
    canvas = page.locator("canvas.upper-canvas")
    canvas.wait_for()
    answer = page.locator(".lab-answer b")
    while True:
        box = canvas.bounding_box()
        assert box is not None
        for points in DIGITS[7]:
            page.mouse.move(box["x"] + points[0][0], box["y"] + points[0][1])
            page.mouse.down()
            for right, down in points[1:]:
                page.mouse.move(box["x"] + right, box["y"] + down, steps=4)
            page.mouse.up()
        # A canvas that is not ready yet ignores the mouse, and the hand draws once more.
        for _ in range(40):
            if answer.count() and answer.first.inner_text().isdigit():
                took = time.perf_counter() - started
                context.close()
                return took
            page.wait_for_timeout(50)


def measure_first_digit(root: Path, folder: Path) -> None:
    """A server and a browser of its own for each measurement, so that both are cold."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import CHROMIUM, FLAGS, end, serve

    for name in ("", "draw"):
        times = []
        for _ in range(COLD_STARTS):
            app = serve(folder, root=root)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                times.append(seconds_to_digit(browser, f"{app.url}/{name}"))
                browser.close()
            end(app)
        shown = ", ".join(f"{seconds:.1f}" for seconds in sorted(times))
        print(f"from the address of {name or 'home'} to a recognized digit: {shown} s", flush=True)


def measure_memory(url: str, process: int) -> None:
    from protocol import resident_megabytes, visit

    names = [name for name in PAGES if name]
    for number in range(1, LAST + 1):
        with visit(url, names[number % len(names)]):
            pass
        if number in (FIRST, LAST):
            time.sleep(2)
            megabytes = resident_megabytes(process)
            print(f"memory after {number} page visits: {megabytes:.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--quick", action="store_true", help="only what the browser sees")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to measure")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import CHROMIUM, FLAGS, end, serve

    folder = Path(tempfile.mkdtemp())
    (folder / "data").symlink_to(ROOT / ".cache" / "data")
    measure_first_digit(options.root, folder)
    app = serve(folder, root=options.root)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            measure_pages(browser, app.url, PAGES)
            add_runs(app.home)
            measure_pages(browser, app.url, WITH_RUNS)
            measure_switches(browser, app.url)
            measure_epochs(browser, app)
            browser.close()
        if not options.quick:
            measure_memory(app.url, app.process.pid)
    finally:
        end(app)
    if not options.quick:
        from server import measure

        for name, value in measure((), options.root).items():
            print(f"{name}: {value:.1f}")


if __name__ == "__main__":
    main()
