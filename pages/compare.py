"""Compare: two or more runs over each other, what differs, and which digits tell them apart."""

import streamlit as st

from mnistlab.charts import results as charts
from mnistlab.charts.results import colors
from mnistlab.errors import LabError
from mnistlab.experiments.differences import differences
from mnistlab.home import home
from mnistlab.report import build
from mnistlab.stats.inference import significance
from mnistlab.stats.predictions import disagreement, load_predictions
from mnistlab.stats.score import percent
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.ui.common import html, page, plot, run_picker
from mnistlab.ui.common.report import downloads
from mnistlab.ui.run import run_details
from mnistlab.ui.train import live
from mnistlab.worker.forecast import duration
from mnistlab.worker.processes import ensure_workers

lab = home()
store = Store(lab.runs)


def outcome(run: Run) -> tuple[str, ...]:
    """What a run came to, a cell for each of OUTCOMES."""
    return (
        run.state.value,
        f"{run.parameters:,}",
        f"{run.best}, epoch {run.best_epoch}" if run.best else "–",
        percent(run.last.accuracy) if run.last else "–",
        str(run.test or "–"),
        f"{run.epochs_done} in {duration(run.seconds)}",
    )


OUTCOMES = ("state", "parameters", "best validation", "last validation", "test", "epochs")


def apart(first: Run, second: Run) -> None:
    """The test images that one of two runs reads and the other does not."""
    try:
        one, two = (load_predictions(store.predictions_path(run.id)) for run in (first, second))
        result = disagreement(one, two)
    except LabError as error:
        st.html(
            html.caption(f"Which digits tell them apart is known once both have ended. {error}")
        )
        return
    only_first, only_second = len(result.only_first_correct), len(result.only_second_correct)
    st.html(
        html.caption(
            f"Of MNIST's test images, {only_first} are read by run {first.id} alone and "
            f"{only_second} by run {second.id} alone. McNemar's exact test: "
            f"{significance(result.p_value)}. It covers the choice of images, not other seeds."
        )
    )
    for run, predictions, indices in (
        (second, two, result.only_first_correct),
        (first, one, result.only_second_correct),
    ):
        other = first if run is second else second
        st.markdown(f"**Read by run {other.id} alone** :small[(and what run {run.id} made of it)]")
        st.html(run_details.misclassified(lab.data, predictions, indices))


page.setup("Compare", "Compare runs")
plot.load()
try:
    ensure_workers(lab)
    known = {run.id: f"{run.id} · {run.name}" for run in newest(store, 200)}
    shown = run_picker.choose_runs(store, known)
    runs = store.runs(shown)
except LabError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
if len(runs) < 2:
    st.html(
        html.empty("Choose two or more runs above." if known else "No runs yet. Train some first.")
    )
    st.stop()


def draw(store: Store) -> None:
    """The curves, as far as they have come."""
    seen = store.runs(shown)
    key = "-".join(map(str, shown))
    one, two = st.columns([3, 2])
    with one:
        plot.chart(charts.compared_accuracy(seen), f"accuracy{key}")
    with two:
        plot.chart(charts.compared_loss(seen), f"loss{key}")


live.auto_refresh(lab, shown, draw)
head = ["", *(f"{run.id} · {run.name}" for run in runs)]
st.html(html.swatches(zip(colors(len(runs)), head[1:], strict=True)))
st.subheader("What differs", anchor=False)
rows = [(d.setting, *d.values) for d in differences(runs)]
if rows:
    st.html(html.rows(rows, head))
else:
    st.html(
        html.caption("Nothing in network and recipe: only the name and the chances of the day.")
    )
st.subheader("What came of it", anchor=False)
outcomes = [outcome(run) for run in runs]
st.html(html.rows([(name, *(row[n] for row in outcomes)) for n, name in enumerate(OUTCOMES)], head))
if len(runs) == 2:
    st.subheader("Which digits tell them apart", anchor=False)
    apart(*runs)
else:
    st.html(html.caption("Choose exactly two to see which digits tell them apart."))
downloads("runs-" + "-".join(str(run.id) for run in runs), lambda: build.runs_report(store, runs))
