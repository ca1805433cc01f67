"""Server-side time of the pages' scripts: `python benchmarks/pages.py`.

The scripts run under Streamlit's own AppTest, one edit or one stroke a run, and between them, in
turn, an empty page, whose time is what Streamlit itself takes: the ratio says more than the
milliseconds on a machine that is shared. The first runs, which import and load, are not counted;
what they take is printed separately. The store holds 2,000 runs of 50 epochs. With `--training` a
real run trains meanwhile, in a process of its own as always, and 100 others wait.
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
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
RUNS = 40
FILLED, EPOCHS = 2000, 50
CHECKPOINTS = 100
QUEUED = 100
WARM = 3


def app(page: str | None) -> "AppTest":
    from streamlit.testing.v1 import AppTest

    if page is None:
        return AppTest.from_string("import streamlit as st\nst.title('empty')", default_timeout=60)
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    if page != "app.py":
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
    """A store in use: many runs with epochs, the newest ones with checkpoint and predictions."""
    import numpy as np

    from mnistlab import zoo
    from mnistlab.home import Home
    from mnistlab.stats.predictions import Predictions, save_predictions
    from mnistlab.store.run import State
    from mnistlab.store.store import Store
    from mnistlab.training.record import read_record

    store, pretrained = Store(Home(home).runs), zoo.default_checkpoint()
    record = read_record(pretrained)
    epochs = [replace(record.epochs[n % len(record.epochs)], number=n + 1) for n in range(EPOCHS)]
    labels = (np.arange(10_000) % 10).astype(np.uint8)
    predicted = np.where(np.arange(10_000) % 200 == 0, 3, labels).astype(np.uint8)
    predictions = Predictions(labels, predicted, np.linspace(0.5, 1, 10_000, dtype=np.float32))
    recipe = replace(record.recipe, epochs=EPOCHS)
    for number in range(FILLED):
        run_id = store.add(f"run {number}", record.spec, recipe, f"student {number % 30}")
        store.claim()
        store.replace_epochs(run_id, epochs)
        store.finish(run_id, State.DONE, "")
        if number >= FILLED - CHECKPOINTS:
            store.run_folder(run_id).mkdir()
            shutil.copy(pretrained, store.best_checkpoint_path(run_id))
            save_predictions(store.predictions_path(run_id), predictions)


def train(home: Path) -> None:
    """Start a run that outlasts the measurement, and wait until it trains."""
    from mnistlab.arch.presets import PRESETS
    from mnistlab.home import Home
    from mnistlab.recipe.recipe import Recipe
    from mnistlab.store.store import Store
    from mnistlab.worker.processes import submit

    run_id = submit(Home(home), "meanwhile", PRESETS[3].spec, Recipe(epochs=1000))
    for number in range(QUEUED):
        Store(Home(home).runs).add(f"waits {number}", PRESETS[3].spec, Recipe(seed=number))
    while (run := Store(Home(home).runs).run(run_id)) and not run.progress:
        time.sleep(0.1)
    print(f"run {run_id} trains: {run.message if run else ''}")


def stop(home: Path) -> None:
    """Stop every run, and wait until none trains."""
    from mnistlab.home import Home
    from mnistlab.store.run import Request
    from mnistlab.store.store import Store

    store = Store(Home(home).runs)
    for run in [*store.running(), *store.queue()]:
        store.request(run.id, Request.STOP)
    while store.running():
        time.sleep(0.1)
    shutil.rmtree(home)


def edit(at: "AppTest", name: str, step: int) -> None:
    """What a user does on the page before it runs again."""
    if name == "design":
        at.number_input(key="filters0").set_value(4 + step % 12)
    elif name == "draw":
        at.session_state["canvas1"] = stroke(step)
    elif name == "runs":
        at.text_input(key="search").set_value(f"run {step % 9}")
    elif name == "train":
        at.selectbox(key="train_network").set_value(f"target-{3 + step % 2}")


def main() -> None:
    home = Path(tempfile.mkdtemp())
    os.environ["MNISTLAB_HOME"] = str(home)
    training = "--training" in sys.argv
    if data := os.environ.get("MNISTLAB_DATA"):
        (home / "data").symlink_to(data)
    fill(home)
    if training:
        train(home)
    names = ("empty", "home", "design", "train", "runs", "run", "compare", "experiments", "draw")
    places = {"empty": None, "home": "app.py"}
    apps = {name: app(places.get(name, f"pages/{name}.py")) for name in names}
    apps["compare"].query_params["run"] = f"{FILLED},{FILLED - 1}"
    first, torch_free = {}, True
    for name in names:
        # Drawing opens torch, which is the one thing that may take long.
        first[name] = timed(apps[name].run)
        torch_free = torch_free and (name == "draw" or "torch" not in sys.modules)
    times: dict[str, list[float]] = {name: [] for name in names}
    for step in range(RUNS + WARM):
        for name, at in apps.items():
            edit(at, name, step)
            times[name].append(timed(at.run))
            assert not at.exception
    stop(home)
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {FILLED:,} runs of {EPOCHS} "
        f"epochs stored, {f'one trains and {QUEUED} wait' if training else 'none trains'}, "
        f"n = {RUNS}, milliseconds"
    )
    base = statistics.median(times["empty"][WARM:])
    for name, all_times in times.items():
        kept = sorted(all_times[WARM:])
        median = statistics.median(kept)
        begun = f"  first {1000 * first[name]:.0f}"
        spread = f"{1000 * kept[0]:.1f}–{1000 * kept[-1]:.1f}"
        print(
            f"{name:<11} median {1000 * median:6.1f}  range {spread}"
            f"  ratio to empty {median / base:.1f}{begun}"
        )
    print(f"all pages but draw ran without torch: {torch_free}")


if __name__ == "__main__":
    main()
