"""One run: its curves, errors, filters, configuration, files and notes."""

from functools import partial

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import page, run_picker
from mnistlab.ui.run import errors, tabs
from mnistlab.worker.processes import ensure_workers

home = session_home()
store = Store.of(home)

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
    run_picker.show_no_runs()
    st.stop()
if run.deleted:
    st.warning("This run is in the trash. Restore it on the Runs page.")

contents = {
    "Curves": tabs.show_curves,
    "Errors": errors.show,
    "Filters": tabs.show_filters,
    "Configuration": tabs.show_configuration,
    "Export": tabs.show_export,
    "Notes": tabs.edit_notes,
}
page.show_tabs({label: partial(show, home, run) for label, show in contents.items()})
