"""Runs: search and sort them, select some to open, compare, delete or export, import others."""

import streamlit as st

from mnistlab.charts import results as charts
from mnistlab.errors import LabError
from mnistlab.home import default_home
from mnistlab.store.store import Store
from mnistlab.store.table import scatter_points
from mnistlab.ui.common import page, plot
from mnistlab.ui.runs import actions, run_table
from mnistlab.ui.train import live, queue
from mnistlab.worker.processes import ensure_workers

home = default_home()
store = Store(home.runs)

page.setup("Runs", "Runs")
try:
    ensure_workers(home)
    shown = run_table.load_page(store, run_table.filters())
    points = scatter_points(store, shown.query)
except LabError as error:
    page.show_error(error)
    st.stop()

actions.undo_delete(store)
selected = run_table.show(shown)
actions.for_selected(store, selected, shown)
actions.export_table(store, shown)
actions.import_archives(store)
if points:
    plot.chart(charts.scatter(points), "scatter")

live.auto_refresh(home, [run.id for run in shown.table.rows], lambda store: queue.show(home))
