"""The selected runs, in the address as `?run=3` or `?run=3,5`, so that a link shows the same."""

from collections.abc import Sequence

import streamlit as st

from mnistlab.store.run import RunSummary
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.ui.common import page

PARAMETER = "run"
MAX_RUNS = 8
SELECTED = "selected_runs"
"""Where the session keeps the last selection, for pages without one in their address."""
NO_RUNS = "No runs yet. Train a network first."


def run_ids(text: str) -> list[int]:
    """The run numbers in a text, each once; anything else in it is left out."""
    words = [word.strip() for word in text.split(",")]
    digits = [w for w in words if w.isascii() and w.isdecimal() and len(w) < 10]
    return list(dict.fromkeys(int(word) for word in digits))[:MAX_RUNS]


def select_run(run_id: int) -> None:
    """Select one run instead of the present selection."""
    st.query_params[PARAMETER] = str(run_id)


def title(store: Store) -> str:
    """The number and name of the run that `choose_runs` will select, for a page about one run.

    Raises StoreError if the store cannot be read.
    """
    state, text = st.session_state, _text()
    key, text_key = _keys(1)
    wanted = [state[key]] if _control_has_changed(text, key, text_key) else run_ids(text)[:1]
    run = next(iter(store.runs(wanted)), None) or next(iter(newest(store, 1)), None)
    return f"Run {run.id}: {run.name}" if run else "Run"


def choose_runs(store: Store, offered: Sequence[RunSummary], most: int = MAX_RUNS) -> list[int]:
    """A control that selects runs, starting with the address's, and keeps the address up to date.

    `offered` are the newest runs; those in the address are offered too. Returns the run numbers;
    none if there is no run.
    """
    state, text = st.session_state, _text()
    key, text_key = _keys(most)
    wanted = store.runs(run_ids(text)[:most])
    names = {run.id: f"{run.id} · {run.name}" for run in (*offered, *wanted)}
    if not names:
        return []
    if text and not wanted:
        page.show_warning(f"Run {text[:20]} not found. Showing the newest.")
    # The address decides, so that the browser's Back button and a link show the runs they name;
    # the control follows it, unless the control itself has just been changed.
    if not _control_has_changed(text, key, text_key):
        start = [run.id for run in wanted] or [next(iter(names))]
        state[key] = start if most > 1 else start[0]
    if most > 1:
        selected = st.multiselect(
            "Runs", names, format_func=names.__getitem__, key=key, max_selections=most
        ) or [next(iter(names))]
    else:
        selected = [st.selectbox("Run", names, format_func=names.__getitem__, key=key)]
    state[text_key] = state[SELECTED] = ",".join(map(str, selected))
    if st.query_params.get(PARAMETER) != state[text_key]:
        st.query_params[PARAMETER] = state[text_key]
    return selected


def _text() -> str:
    """The selection in the address, or else the last one on any page."""
    return str(st.query_params.get(PARAMETER) or st.session_state.get(SELECTED, ""))


def _keys(most: int) -> tuple[str, str]:
    """Where the session keeps the control's value, and the address that it was last set from."""
    return f"run_control{most}", f"run_control{most}_text"


def _control_has_changed(text: str, key: str, text_key: str) -> bool:
    """Whether the address is still the one the control last wrote, so that the control decides."""
    return key in st.session_state and text == st.session_state.get(text_key)
