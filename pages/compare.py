"""Compare: the curves, settings, results and predictions of two or more runs."""

import streamlit as st

from mnistlab.charts.results import colors
from mnistlab.errors import LabError
from mnistlab.report import build
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import html, page, run_picker
from mnistlab.ui.compare import comparison
from mnistlab.ui.downloads.report import downloads
from mnistlab.ui.train import live
from mnistlab.worker.processes import ensure_workers

home = session_home()
store = Store.of(home)

page.setup("Compare", "Compare runs")
try:
    ensure_workers(home)
    selected_ids = run_picker.choose_runs(store, newest(store, 200))
    runs = store.runs(selected_ids)
except LabError as error:
    page.show_error(error)
    st.stop()
if len(runs) < 2:
    if runs:
        st.html(html.empty("Select two or more runs above."))
    else:
        run_picker.show_no_runs()
    st.stop()


def draw(store: Store) -> None:
    """The verdict and the curves, as they are now."""
    runs = store.runs(selected_ids)
    comparison.show_verdict(store, runs)
    comparison.show_curves(runs)


live.auto_refresh(home, runs, draw)
st.html(html.swatches(zip(colors(len(runs)), comparison.labels(runs), strict=True)))
comparison.show_differences(store, runs)
comparison.show_results(runs)
st.header("Disagreements", anchor=False)
if len(runs) == 2:
    comparison.show_disagreements(home, *runs)
else:
    st.html(html.caption("Select exactly two runs to see the images on which they disagree."))
downloads(
    "runs-" + "-".join(str(run.id) for run in runs), runs, lambda: build.runs_report(store, runs)
)
