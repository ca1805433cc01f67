"""From a move of the pen on Draw to the answer on the page: `python benchmarks/follow.py`.

A real app and a real Chromium. A robot moves the pen every PACE milliseconds through each of ten
digits; an answer is there when its text is on the page, which the next frame shows. Also counted is
what goes to the server meanwhile. MNIST is taken from the cache of the tests, so run
them once before.
"""

import os
import platform
import statistics
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
PACE = 60
MOVES = 4
"""From a digit's point to its next one."""
WATCH = """() => {
  window.times = [];
  let moved = null;
  const press = () => { window.isDown = true; };
  addEventListener("mousedown", press, true);
  addEventListener("mouseup", () => { window.isDown = false; }, true);
  addEventListener("mousemove", () => { if (window.isDown) moved = performance.now(); }, true);
  new MutationObserver(() => {
    if (moved !== null) times.push(performance.now() - moved);
    moved = null;
  }).observe(document.querySelector(".lab-live"), { subtree: true, childList: true });
}"""


def draw(page: "Page", points: list[tuple[float, float]]) -> None:
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + points[0][0], box["y"] + points[0][1])
    page.mouse.down()
    for (x, y), (next_x, next_y) in pairwise(points):
        for step in range(1, MOVES + 1):
            t = step / MOVES
            right, down = x + t * (next_x - x), y + t * (next_y - y)
            page.mouse.move(box["x"] + right, box["y"] + down)
            page.wait_for_timeout(PACE)


def main() -> None:
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import CHROMIUM, FLAGS, TIMEOUT, end, serve, settled
    from tests.drawn_digits import DIGITS

    folder = Path(tempfile.mkdtemp())
    (folder / "data").symlink_to(ROOT / ".cache" / "data")
    app = serve(folder)
    sent: list[int] = []
    n_sent = n_moves = 0
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.set_default_timeout(TIMEOUT)
            page.on("websocket", lambda socket: socket.on("framesent", lambda c: sent.append(1)))
            with page.expect_response(lambda response: response.url.endswith(".json")):
                page.goto(f"{app.url}/draw")
            settled(page)
            page.wait_for_timeout(1000)
            page.evaluate(WATCH)
            for strokes in DIGITS.values():
                for points in strokes:
                    before = len(sent)
                    draw(page, points)
                    n_sent += len(sent) - before
                    n_moves += MOVES * (len(points) - 1)
                    page.mouse.up()
                    page.wait_for_timeout(1000)
                    settled(page)
                page.locator(".lab-canvas-buttons [name=clear]").click()
                page.wait_for_timeout(1000)
                settled(page)
            times = page.evaluate("times")
            browser.close()
    finally:
        end(app)
    middle, high = statistics.median(times), np.quantile(times, 0.95)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    print(f"{n_moves} moves, {len(times)} answers while the pen was down or just lifted")
    print(f"{middle:.0f} ms from a move to its answer (95% within {high:.0f})")
    print(f"{n_sent} messages to the server before the pen was lifted")


if __name__ == "__main__":
    main()
