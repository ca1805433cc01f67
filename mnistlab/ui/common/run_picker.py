"""The runs in the address: `?run=3` or `?run=3,5`, so that a view can be sent and comes back."""

import streamlit as st

from mnistlab.store.store import Store
from mnistlab.ui.common import page

PARAMETER = "run"
MAX_RUNS = 8


def numbers(text: str) -> list[int]:
    """The run numbers in a text, as far as they can be any, each once."""
    words = [word.strip() for word in text.split(",")]
    plain = [w for w in words if w.isascii() and w.isdecimal() and len(w) < 10]
    return list(dict.fromkeys(int(word) for word in plain))[:MAX_RUNS]


def select_run(run_id: int) -> None:
    """Show a run from now on, instead of whatever was shown."""
    st.query_params[PARAMETER] = str(run_id)


def choose_runs(store: Store, known: dict[int, str], most: int = MAX_RUNS) -> list[int]:
    """Let the visitor choose runs, beginning with the address's; keeps the address true.

    `known` are the newest runs by number; those that the address names are added to it.
    """
    get = st.session_state
    text = st.query_params.get(PARAMETER) or get.get("watched", "")
    wanted = [run.id for run in store.runs(numbers(text)[:most])]
    known |= {run.id: f"{run.id} · {run.name}" for run in store.runs(wanted)}
    if not known:
        return []
    if text and not wanted:
        page.show_warning(f"There is no run {text[:20]} here; this is the newest.")
    # The address is the truth, so that the browser's way back and a sent link show what they say;
    # the control follows it unless the control is what has just been changed.
    key, told = f"watched{most}", f"watched{most}_text"
    if text != get.get(told) or key not in get:
        start = wanted or [next(iter(known))]
        get[key] = start if most > 1 else start[0]
    if most > 1:
        label = "Runs to watch"
        chosen = st.multiselect(
            label, known, format_func=known.__getitem__, key=key, max_selections=most
        ) or [next(iter(known))]
    else:
        chosen = [st.selectbox("Run", known, format_func=known.__getitem__, key=key)]
    get[told] = get["watched"] = ",".join(map(str, chosen))
    if st.query_params.get(PARAMETER) != get[told]:
        st.query_params[PARAMETER] = get[told]
    return chosen
