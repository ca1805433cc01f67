"""The runs that the Train page watches, and those of this session whose end was not shown yet."""

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.store.run import RunSummary, State
from mnistlab.store.store import Store
from mnistlab.ui.common import run_picker

STARTED = "started_runs"
"""Where the session keeps the runs that it started and whose end it has not shown."""


def add(store: Store, run_id: int) -> None:
    """Watch a run that was just started, next to the watched ones that have not ended."""
    active = [run.id for run in store.runs(_ids()) if run.state.active]
    _watch([*active, run_id])
    st.session_state[STARTED] = [*st.session_state.get(STARTED, []), run_id]


def add_ended(store: Store) -> None:
    """Also watch the newest run of this session that ended meanwhile.

    For a page that is opened without runs in its address: the user comes back to see the end.
    """
    if st.query_params.get(run_picker.PARAMETER):
        return
    ids = _ids()
    try:
        runs = store.runs([*st.session_state.get(STARTED, []), *ids])
    except LabError:
        return  # the page itself says what is wrong with the store
    started = {run.id: run for run in runs if run.id in st.session_state.get(STARTED, [])}
    ended = [run for run in started.values() if has_result(run) and run.id not in ids]
    if ended:
        newest = max(ended, key=lambda run: (run.ended or 0.0, run.id))
        active = [run.id for run in runs if run.id in ids and run.state.active]
        _watch([newest.id, *active])


def mark_shown(run_id: int) -> None:
    """Remember that a run's end was shown."""
    started = st.session_state.get(STARTED, [])
    st.session_state[STARTED] = [each for each in started if each != run_id]


def has_result(run: RunSummary) -> bool:
    """Whether a run came to an end that has a result."""
    return run.state in (State.DONE, State.STOPPED) and run.epochs_done > 0


def _ids() -> list[int]:
    text = st.query_params.get(run_picker.PARAMETER) or st.session_state.get(run_picker.SELECTED)
    return run_picker.run_ids(str(text or ""))


def _watch(ids: list[int]) -> None:
    shown = list(dict.fromkeys(ids))[-run_picker.MAX_RUNS :]
    st.query_params[run_picker.PARAMETER] = ",".join(map(str, shown))
