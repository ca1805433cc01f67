"""What a user costs the server, end to end: `python benchmarks/server.py`.

A real server with torch loaded, and a client that speaks its protocol over a WebSocket as a browser
does: it edits the design, asks Draw for one test digit after another, and leaves Train open, idle
and while a run trains in a process of its own. Measured are the time from the click to the last
message, and the server's processor time (user and system, all threads) as the kernel counts it: for
a click that of the whole time the page was used, with what the server does after its last message,
divided by the clicks. Opening is for a new user: the first run of Design in a session of its own.
It is all measured twice: as Streamlit comes, with its file watcher, its collection after each run
and nothing frozen, and as mnistlab sets it (.streamlit/config.toml, mnistlab/ui/common/memory.py).
MNIST is taken from the cache of the tests, so run them once before.
"""

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from protocol import Session, processor_seconds, visit  # noqa: E402

CLICKS, WARM = 12, 2
PAUSE = 0.5
"""Seconds between two clicks, so that the server can finish its work after its last message."""
WATCHED = 15.0
"""Seconds for which Train is left open."""
SETTINGS: dict[str, tuple[str, ...]] = {
    "as Streamlit comes": ("--server.fileWatcherType=auto", "--runner.postScriptGC=true"),
    "as mnistlab sets it": (),
}
Figures = dict[str, float]


def repeated(process: int, act: Callable[[int], float]) -> tuple[float, float]:
    """Median milliseconds until the last message; the server's processor milliseconds each time."""
    times = []
    for number in range(CLICKS + WARM):
        if number == WARM:
            before = processor_seconds(process)
        times.append(act(number))
        time.sleep(PAUSE)
    time.sleep(2)
    spent = processor_seconds(process) - before
    return 1000 * statistics.median(times[WARM:]), 1000 * spent / CLICKS


def share(process: int, session: Session) -> float:
    """Percent of a core that the server takes while a page is left open."""
    session.watch(3)
    before, started = processor_seconds(process), time.monotonic()
    session.watch(WATCHED)
    return 100 * (processor_seconds(process) - before) / (time.monotonic() - started)


@contextmanager
def training(home: Any) -> Iterator[None]:
    """A run trains meanwhile, in a process of its own as always."""
    from mnistlab.arch.presets import PRESETS
    from mnistlab.recipe.recipe import Recipe
    from mnistlab.store.run import Request
    from mnistlab.store.store import Store
    from mnistlab.worker.processes import submit

    store = Store(home.runs)
    run_id = submit(home, "watched", PRESETS[3].spec, Recipe(epochs=1000))
    while not ((run := store.run(run_id)) and run.progress):
        time.sleep(0.1)
    yield
    store.request(run_id, Request.STOP)
    while store.running():
        time.sleep(0.1)


def unfrozen(folder: Path) -> Path:
    """The checkout, but Python starts in it with a `gc.freeze` that does nothing."""
    for name in ("app.py", "pages", "mnistlab", ".streamlit"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "sitecustomize.py").write_text("import gc\ngc.freeze = lambda: None\n")
    return folder


def opened(url: str) -> float:
    """Seconds of a new user's first run of Design."""
    started = time.perf_counter()
    with visit(url, "design"):
        return time.perf_counter() - started


def measure(options: tuple[str, ...], checkout: Path = ROOT) -> Figures:
    """Every figure of a fresh server of a checkout with these settings."""
    from tests.browser.conftest import serve

    folder = Path(tempfile.mkdtemp())
    (folder / "data").symlink_to(ROOT / ".cache" / "data")
    root = unfrozen(Path(tempfile.mkdtemp())) if options else checkout
    app = serve(folder, root=root, options=options)
    server, figures = app.process.pid, {}
    try:
        with visit(app.url, "draw") as draw:
            # A choice is sent back as the label that it has on the page.
            draw.values["source"] = "MNIST"
            draw.run()

            def random_image(number: int) -> float:
                return draw.run(click="Random image")

            figures["Draw ms"], figures["Draw CPU ms"] = repeated(server, random_image)
        with visit(app.url, "design") as design:

            def edit(number: int) -> float:
                design.values["filters0"] = 4 + number % 12
                return design.run()

            figures["Design ms"], figures["Design CPU ms"] = repeated(server, edit)
        figures["open ms"], figures["open CPU ms"] = repeated(
            server, lambda number: opened(app.url)
        )
        with visit(app.url, "train") as train:
            with training(app.home):
                train.run()
                figures["busy Train %"] = share(server, train)
            train.run()
            figures["idle Train %"] = share(server, train)
    finally:
        app.process.terminate()
        app.process.wait(30)
    return figures


def main() -> None:
    table = {name: measure(options) for name, options in SETTINGS.items()}
    first, last = (table[name] for name in ("as Streamlit comes", "as mnistlab sets it"))
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, n = {CLICKS} clicks, "
        f"{WATCHED:.0f} s of Train; ms to the last message (median), processor ms a click, "
        "percent of a core"
    )
    print(f"{'':<20}" + "".join(f"{name:>15}" for name in first))
    for name, figures in table.items():
        print(f"{name:<20}" + "".join(f"{value:15.1f}" for value in figures.values()))
    pairs = zip(first.values(), last.values(), strict=True)
    ratios = (before / max(after, 0.01) for before, after in pairs)
    print(f"{'first over last':<20}" + "".join(f"{ratio:15.1f}" for ratio in ratios))


if __name__ == "__main__":
    main()
