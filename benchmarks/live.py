"""From a click on Start to the first movement on the page: `python benchmarks/live.py`.

A real app, a real Chromium, real training processes. What moves first is the bar of the queued run;
the first epoch's own bar follows once the process has opened PyTorch. MNIST is taken from the cache
of the tests, so run them once before.
"""

import os
import platform
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
RUNS = 7


def main() -> None:
    from playwright.sync_api import sync_playwright

    from mnistlab.store.run import Request
    from mnistlab.store.store import Store
    from tests.browser.conftest import CHROMIUM, FLAGS, serve

    folder = Path(tempfile.mkdtemp())
    (folder / "data").symlink_to(ROOT / ".cache" / "data")
    app = serve(folder)
    store = Store(app.home.runs)
    moved, trained = [], []
    try:
        with sync_playwright() as playwright:
            page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page()
            page.goto(f"{app.url}/train")
            for _ in range(RUNS):
                start = page.get_by_role("button", name="Start training")
                start.wait_for()
                page.wait_for_timeout(1000)
                clicked = time.perf_counter()
                start.click()
                page.locator(".lab-moving").wait_for()
                moved.append(time.perf_counter() - clicked)
                page.get_by_text(re.compile("images/s")).wait_for()
                trained.append(time.perf_counter() - clicked)
                for run in store.running():
                    store.request(run.id, Request.STOP)
                page.locator(".lab-state-stopped").wait_for()
    finally:
        app.process.terminate()
        app.process.wait(30)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, n = {RUNS}, seconds")
    for name, times in (("first movement", moved), ("first images/s", trained)):
        spread = f"{min(times):.2f}–{max(times):.2f}"
        print(f"{name}  median {statistics.median(times):.2f}  range {spread}")


if __name__ == "__main__":
    main()
