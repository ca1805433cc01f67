"""What a visit costs: `python benchmarks/visit.py [--quick] [--root CHECKOUT]`.

A real app with MNIST and no runs, and a real Chromium that opens each page twice: first with an
empty cache, then with what it kept. The table has, for the first screen (1280×720), its words and
the page's height; the layout shift of both visits; the bytes over HTTP and over the WebSocket. Then
the time from the address to a recognized digit, drawn by a robot's hand, in a browser and a server
that have just been started. Without `--quick` it goes on with the processor time of a rerun and of
an open page (`benchmarks/server.py`) and with the server's memory. `--root` measures another
checkout. MNIST is taken from the cache of the tests, so run them once before.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
PAGES = ("", "design", "train", "runs", "experiments", "draw", "handwriting")
REST = 2000
"""Milliseconds after a page's script has ended in which late parts may still move it."""
FIRST, LAST = 10, 150
"""Page visits after which the server's memory is measured."""
OBSERVE = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
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
    page.locator("h1").first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(REST)
    words, height = page.evaluate(FIRST_SCREEN)
    shift = page.evaluate("window.shift")
    page.close()
    return Visit(words, height, shift, n_bytes["http"], n_bytes["websocket"])


def measure_pages(browser: "Browser", url: str) -> None:
    head = ("words", "height", "shift", "again", "HTTP kB", "again", "WS kB", "again")
    print(f"{'':<12}" + "".join(f"{name:>9}" for name in head))
    for name in PAGES:
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.add_init_script(OBSERVE)
        address = f"{url}/{name}"
        first, second = load(context, address), load(context, address)
        print(
            f"{name or 'home':<12}{first.words:>9}{first.height:>9}"
            f"{first.shift:>9.3f}{second.shift:>9.3f}"
            f"{first.http_bytes / 1e3:>9.0f}{second.http_bytes / 1e3:>9.0f}"
            f"{first.websocket_bytes / 1e3:>9.1f}{second.websocket_bytes / 1e3:>9.1f}",
            flush=True,
        )
        context.close()


def seconds_to_digit(browser: "Browser", url: str) -> float:
    """Seconds from opening Draw to the digit that the first drawing is recognized as."""
    from tests.drawn_digits import DIGITS

    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    started = time.perf_counter()
    page.goto(f"{url}/draw")
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
                return time.perf_counter() - started
            page.wait_for_timeout(50)


def resident_megabytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text().split("VmRSS:")[1]
    return int(status.split()[0]) / 1024


def measure_memory(url: str, process: int) -> None:
    from server import visit

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
    app = serve(folder, root=options.root)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            seconds = seconds_to_digit(browser, app.url)
            print(f"from the address of Draw to a recognized digit: {seconds:.1f} s", flush=True)
            measure_pages(browser, app.url)
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
