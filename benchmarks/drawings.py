"""The Handwriting page with many kept drawings: `python benchmarks/drawings.py`.

Two scratch labs, of 400 and of 40,000 drawings: the digits of the tests, moved, stretched and
shaken by 30 made-up writers, the same at every start. Each lab is opened in a process of its own,
in turn: there the page is first opened on a lab of ten drawings, so that PyTorch and a checkpoint
are in memory, and then on the lab itself, three times: the first look, the second one, and one
after another drawing was saved. The memory is what the process grew by until then.

The ratio says more than the seconds on a machine that is shared.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mnistlab.handwriting.drawings import LabeledDrawing

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
SIZES = (400, 40_000)
WRITERS = 30
STEP = 6.0
"""Pixels between two points of a stroke, as a mouse leaves them; the digits are 200 high."""


def drawings(count: int, seed: int) -> list["LabeledDrawing"]:
    """So many different labeled drawings."""
    from mnistlab.handwriting.drawings import validate
    from tests.drawn_digits import DIGITS

    rng = np.random.default_rng(seed)
    lines = {label: [fine(np.array(line)) for line in DIGITS[label]] for label in DIGITS}
    found = []
    for number in range(count):
        shift, scale = rng.normal(0, 8, 2), rng.normal(1, 0.06, 2)
        strokes = [
            np.round(line * scale + shift + rng.normal(0, 1, line.shape), 2).tolist()
            for line in lines[number % 10]
        ]
        found.append(validate(number % 10, f"writer {number // 10 % WRITERS + 1}", strokes))
    return found


def fine(line: "np.ndarray") -> "np.ndarray":
    """Points (N, 2) of a line, evenly along it."""
    along = np.append(0, np.cumsum(np.hypot(*np.diff(line, axis=0).T)))
    wanted = np.linspace(0, along[-1], max(2, int(along[-1] / STEP)))
    return np.stack([np.interp(wanted, along, line[:, axis]) for axis in (0, 1)], axis=1)


def resident() -> int:
    """Bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def look(home: Path) -> dict[str, float]:
    """Seconds of three looks at a lab's page, and the megabytes that the process grew by."""
    from streamlit.testing.v1 import AppTest

    from mnistlab.handwriting import collection
    from mnistlab.home import Home
    from mnistlab.store.store import Store

    def opened(folder: Path) -> AppTest:
        os.environ["MNISTLAB_HOME"] = str(folder)
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600)
        at.switch_page("pages/handwriting.py")
        return at

    def timed(at: AppTest) -> tuple[float, float]:
        started, used = time.perf_counter(), time.process_time()
        at.run()
        assert not at.exception and not at.error, (at.exception, at.error)
        return time.perf_counter() - started, time.process_time() - used

    timed(opened(home.with_name("ten")))
    before, at = resident(), opened(home)
    results = dict(zip(("first look, s", "its processor time, s"), timed(at), strict=True))
    results["second, s"], _ = timed(at)
    collection.save(Store.of(Home(home)), drawings(1, seed=2)[0])
    results["changed, s"], _ = timed(at)
    return results | {"MB": (resident() - before) / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description="The Handwriting page with many kept drawings.")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--look", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.look:
        print(json.dumps(look(arguments.look)))
        return
    compare(arguments.repeats)


def compare(repeats: int) -> None:
    """Make the labs, look at them in turn, and print the medians."""
    from mnistlab.handwriting import collection
    from mnistlab.home import Home
    from mnistlab.store.store import Store

    folder = Path(tempfile.mkdtemp())
    for name, count in (("ten", 10), *((str(size), size) for size in SIZES)):
        collection.save_all(Store.of(Home(folder / name)), drawings(count, seed=1))
    results: dict[int, list[dict[str, float]]] = {size: [] for size in SIZES}
    for _ in range(repeats):
        for size in SIZES:
            command = [sys.executable, __file__, "--look", str(folder / str(size))]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            results[size].append(json.loads(done.stdout.splitlines()[-1]))
    bytes_stored = Store.of(Home(folder / str(SIZES[-1]))).database.file.stat().st_size
    shutil.rmtree(folder)
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, n = {repeats}, median "
        f"(smallest to largest); the larger store is {bytes_stored / 1e6:.0f} MB"
    )
    medians = {}
    for size, each in results.items():
        cells = []
        for name in each[0]:
            values = sorted(one[name] for one in each)
            medians[size, name] = statistics.median(values)
            cells.append(f"{name} {medians[size, name]:.2f} ({values[0]:.2f}–{values[-1]:.2f})")
        print(f"{size:>6,} drawings: " + ", ".join(cells))
    small, large = SIZES
    for name in results[small][0]:
        a, b = medians[small, name], medians[large, name]
        print(f"{name}: {b - a:+.2f}, {b / a:.1f} times")


if __name__ == "__main__":
    main()
