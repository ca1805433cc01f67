"""Runs: search and sort them, select some to open, compare, delete or export, import others."""

import streamlit as st

from mnistlab.charts import results as charts
from mnistlab.errors import LabError
from mnistlab.store.store import Store
from mnistlab.store.table import scatter_points
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import html, page, plot
from mnistlab.ui.runs import actions, run_table
from mnistlab.ui.train import live, queue
from mnistlab.worker.processes import ensure_workers

SCATTER = (
    "Each point is a run that matches; click it to open the run. Green: within the budget, red: "
    "over it. Up and to the left is better."
)
home = session_home()
store = Store.of(home)

page.setup("Runs", "Runs")
try:
    ensure_workers(home)
    shown = run_table.load_page(store, run_table.filters())
    points = scatter_points(store, shown.query)
except LabError as error:
    page.show_error(error)
    st.stop()

actions.show_import_notice()
actions.undo_delete(store)
selected = run_table.show(shown)
actions.show_unreadable(store, shown)
actions.for_selected(store, selected, shown)
actions.export_table(store, shown)
actions.import_archives(store)
if points:
    if run_id := plot.chart(charts.scatter(points), "scatter"):
        st.switch_page("pages/run.py", query_params={"run": str(run_id)})
    st.html(html.caption(SCATTER))

live.auto_refresh(home, shown.table.rows, lambda store: queue.show(home))
