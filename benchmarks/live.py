"""From a click on Start to the first step of the training: `python benchmarks/live.py`.

A real app, a real Chromium, real training processes. What moves first is the bar of the queued run;
the first step is when the process has written it to the store, which is asked every few
milliseconds; the first images/s are its bar on the page. Cold: no process waits for the run, so one
has to open PyTorch first. Warm: the one that opening the page has started is idle. MNIST is taken
from the cache of the tests, so run them once before.
"""

import os
import platform
import re
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from mnistlab.home import Home

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
RUNS = 7
IDLE = {"cold": "0", "warm": "600"}
"""`$MNISTLAB_IDLE`: whether a process waits for a run."""
WARM_UP = 6.0
"""Seconds until the idle process is ready."""
REST = 1.0
STEP = 0.005


class FirstStep(threading.Thread):
    """Watches the store until a run has trained a step; `at` is that moment."""

    def __init__(self, home: "Home") -> None:
        super().__init__(daemon=True)
        self._home, self.at = home, 0.0
        self.start()

    def run(self) -> None:
        from mnistlab.store.store import Store

        store = Store(self._home.runs)
        while not any(run.progress for run in store.running()):
            time.sleep(STEP)
        self.at = time.perf_counter()


def stop_runs(home: "Home") -> None:
    """Have the process that trains end its run."""
    from mnistlab.store.run import Request
    from mnistlab.store.store import Store

    store = Store(home.runs)
    for run in (*store.running(), *store.queue()):
        store.request(run.id, Request.STOP)


def start_run(page: "Page", home: "Home") -> tuple[float, float, float]:
    """Start a run and stop it; seconds to the first movement, step and images/s on the page."""
    button = page.get_by_role("button", name="Start training")
    button.wait_for()
    page.wait_for_timeout(1000 * REST)
    first_step = FirstStep(home)
    clicked = time.perf_counter()
    button.click()
    progress = page.get_by_text(re.compile("images/s"))
    # A run may have trained its first step before the page draws it for the first time.
    page.locator(".lab-moving").or_(progress).first.wait_for()
    moved = time.perf_counter()
    progress.wait_for()
    shown = time.perf_counter()
    first_step.join()
    stop_runs(home)
    page.locator(".lab-state-stopped").wait_for()
    return moved - clicked, first_step.at - clicked, shown - clicked


def measure(idle: str) -> list[tuple[float, float, float]]:
    """The times of every run of a fresh app."""
    from playwright.sync_api import sync_playwright

    from mnistlab.worker.lock import lock_file
    from mnistlab.worker.processes import IDLE_LOCK
    from tests.browser.conftest import CHROMIUM, FLAGS, TIMEOUT, serve

    os.environ["MNISTLAB_IDLE"] = idle
    folder = Path(tempfile.mkdtemp())
    (folder / "data").symlink_to(ROOT / ".cache" / "data")
    app = serve(folder)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page()
            page.set_default_timeout(TIMEOUT)
            page.goto(f"{app.url}/train")
            page.wait_for_timeout(1000 * WARM_UP)
            return [start_run(page, app.home) for _ in range(RUNS)]
    finally:
        app.process.terminate()
        app.process.wait(30)
        stop_runs(app.home)
        # Without its lock's file an idle process ends.
        lock_file(app.home.runs, IDLE_LOCK).unlink(missing_ok=True)


def main() -> None:
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, n = {RUNS}, seconds")
    for name, idle in IDLE.items():
        columns = zip(*measure(idle), strict=True)
        for what, times in zip(("movement", "step", "images/s"), columns, strict=True):
            spread = f"{min(times):.2f}–{max(times):.2f}"
            print(f"{name}: first {what:<8}  median {statistics.median(times):.2f}  range {spread}")


if __name__ == "__main__":
    main()
