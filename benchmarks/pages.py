"""Server-side time of the pages' scripts: `python benchmarks/pages.py`.

The scripts run under Streamlit's own AppTest, one edit or one stroke a run, and beside them, in
turn, an empty page, whose time is what Streamlit itself takes: the ratio says more than the
milliseconds on a machine that is shared. The first runs, which import and load, are not counted;
what they take is printed apart.
"""

import base64
import io
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
RUNS = 40
FILLED = 100
WARM = 3


def app(page: str | None) -> "AppTest":  # noqa: F821
    from streamlit.testing.v1 import AppTest

    if page is None:
        return AppTest.from_string("import streamlit as st\nst.title('empty')", default_timeout=60)
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.switch_page(page)
    return at


def stroke(shift: int) -> dict[str, object]:
    """A drawn 1, each time elsewhere, in the form in which the canvas sends it."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGBA", (280, 280), "white")
    ImageDraw.Draw(picture).line([(110 + shift, 40), (95 + shift, 240)], "black", 22)
    out = io.BytesIO()
    picture.save(out, "PNG")
    data = base64.b64encode(out.getvalue()).decode()
    return {"drawing": {"raw": {"objects": []}, "data": f"data:image/png;base64,{data}"}}


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def fill(home: Path) -> None:
    """A lab in use: a class's runs, each with its epochs and its checkpoint."""
    from mnistlab import zoo
    from mnistlab.home import Home
    from mnistlab.runs.state import State
    from mnistlab.runs.store import Store
    from mnistlab.training.record import read_record

    store, shipped = Store(Home(home).runs), zoo.checkpoints()[0]
    record = read_record(shipped)
    for number in range(FILLED):
        run_id = store.add(f"run {number}", record.spec, record.recipe)
        for epoch in record.epochs:
            store.add_epoch(run_id, epoch)
        store.finish(run_id, State.DONE, "")
        store.best_checkpoint(run_id).parent.mkdir()
        shutil.copy(shipped, store.best_checkpoint(run_id))


def main() -> None:
    os.environ["MNISTLAB_HOME"] = tempfile.mkdtemp()
    fill(Path(os.environ["MNISTLAB_HOME"]))
    empty, design, draw = app(None), app("pages/design.py"), app("pages/draw.py")
    first = {"design": timed(design.run)}
    torch_free = "torch" not in sys.modules
    first["draw"] = timed(draw.run)
    timed(empty.run)
    times: dict[str, list[float]] = {"empty": [], "design": [], "draw": []}
    for step in range(RUNS + WARM):
        design.number_input(key="filters0").set_value(4 + step % 12)
        draw.session_state["canvas1"] = stroke(step)
        for name, at in (("empty", empty), ("design", design), ("draw", draw)):
            times[name].append(timed(at.run))
            assert not at.exception
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {FILLED} runs in the lab, "
        f"n = {RUNS}, milliseconds"
    )
    base = statistics.median(times["empty"][WARM:])
    for name, all_times in times.items():
        kept = sorted(all_times[WARM:])
        median = statistics.median(kept)
        begun = f"  first {1000 * first[name]:.0f}" if name in first else ""
        spread = f"{1000 * kept[0]:.1f}–{1000 * kept[-1]:.1f}"
        print(
            f"{name:<7} median {1000 * median:6.1f}  range {spread}"
            f"  ratio to empty {median / base:.1f}{begun}"
        )
    print(f"design page ran without torch: {torch_free}")


if __name__ == "__main__":
    main()
