"""One run: its curves, errors, filters, configuration, files and notes."""

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.home import default_home
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.ui.common import html, page, run_picker
from mnistlab.ui.run import tabs
from mnistlab.worker.processes import ensure_workers

home = default_home()
store = Store(home.runs)

try:
    title, failure = run_picker.title(store), None
except LabError as error:
    title, failure = "Run", str(error)
page.setup("Run", title)
if failure:
    page.show_error(failure)
    st.stop()
try:
    ensure_workers(home)
    selected_ids = run_picker.choose_runs(store, newest(store, 50), most=1)
    run = store.run(selected_ids[0]) if selected_ids else None
except LabError as error:
    page.show_error(error)
    st.stop()
if run is None:
    st.html(html.empty(run_picker.NO_RUNS))
    st.stop()
if run.deleted:
    st.warning("This run is in the trash. Restore it on the Runs page.")

curves, errors, filters, configuration, export, notes = st.tabs(
    ["Curves", "Errors", "Filters", "Configuration", "Export", "Notes"]
)
with curves:
    tabs.show_curves(home, run)
with errors:
    tabs.show_errors(home, run)
with filters:
    tabs.show_filters(home, run)
with configuration:
    tabs.show_configuration(home, run)
with export:
    tabs.show_export(home, run)
with notes:
    tabs.edit_notes(home, run)
