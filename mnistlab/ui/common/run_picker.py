"""The selected runs, in the address as `?run=3` or `?run=3,5`, so that a link shows the same."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from mnistlab.store.lookup import why_unreadable
from mnistlab.store.run import RunSummary
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.ui.common import html, page

PARAMETER = "run"
MAX_RUNS = 8
SELECTED = "selected_runs"
"""Where the session keeps the last selection, for pages without one in their address."""
NO_RUNS = "No runs yet. Train a network first."


def show_no_runs() -> None:
    """What to do where there is no run yet, with a link to it."""
    st.html(html.empty(NO_RUNS))
    page.primary_link("Train", "Train a network", ":material/play_arrow:")


def run_ids(text: str) -> list[int]:
    """The run numbers in a text, each once; anything else in it is left out."""
    return list(dict.fromkeys(int(word) for word in _words(text) if _is_number(word)))


def select_run(run_id: int) -> None:
    """Select one run instead of the present selection."""
    st.query_params[PARAMETER] = str(run_id)


def title(store: Store) -> str:
    """The number and name of the run that `choose_runs` will select, for a page about one run.

    Raises StoreError if the store cannot be read.
    """
    text = _text()
    key, text_key = _keys(1)
    has_changed = _control_has_changed(text, key, text_key)
    wanted = _control_ids(key) if has_changed else run_ids(text)[:1]
    run = next(iter(store.runs(wanted)), None) or next(iter(newest(store, 1)), None)
    return f"Run {run.id}: {run.name}" if run else "Run"


def choose_runs(store: Store, offered: Sequence[RunSummary], most: int = MAX_RUNS) -> list[int]:
    """A control that selects runs, starting with the address's, and keeps the address up to date.

    `offered` are the newest runs; those in the address or selected before are offered too. Returns
    the run numbers; none if there is no run.
    """
    state, text = st.session_state, _text()
    key, text_key = _keys(most)
    # The address decides, so that the browser's Back button and a link show the runs they name;
    # the control follows it, unless the control itself has just been changed.
    has_changed = _control_has_changed(text, key, text_key)
    wanted_ids = _control_ids(key) if has_changed else run_ids(text)[:most]
    wanted = store.runs(wanted_ids)
    labels = {run.id: f"{run.id} · {run.name}" for run in (*offered, *wanted)}
    shown = [run.id for run in wanted]
    unreadable = why_unreadable(store, [each for each in wanted_ids if each not in shown])
    for sentence in unreadable:
        page.show_warning(sentence)
    if not (has_changed or unreadable) and (problem := _problem(text, shown, most)):
        page.show_warning(f"{problem} Showing the newest." if labels and not wanted else problem)
    if not labels:
        return []
    start = shown or [next(iter(labels))]
    if not has_changed or _is_outdated(key, labels):
        state[key] = start if most > 1 else start[0]
    # In every run, as in `stable_select`: the browser may miss the value of an interrupted one.
    state[key] = state[key]
    state[f"{key}_labels"] = labels
    if most > 1:
        selected = st.multiselect(
            "Runs", labels, format_func=labels.__getitem__, key=key, max_selections=most
        ) or [next(iter(labels))]
    else:
        selected = [st.selectbox("Run", labels, format_func=labels.__getitem__, key=key)]
    state[text_key] = state[SELECTED] = ",".join(map(str, selected))
    if st.query_params.get(PARAMETER) != state[text_key]:
        st.query_params[PARAMETER] = state[text_key]
    return selected


def _text() -> str:
    """The selection in the address, or else the last one on any page."""
    return str(st.query_params.get(PARAMETER) or st.session_state.get(SELECTED, ""))


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) < 10


def _keys(most: int) -> tuple[str, str]:
    """Where the session keeps the control's value, and the address that it was last set from."""
    return f"run_control{most}", f"run_control{most}_text"


def _control_has_changed(text: str, key: str, text_key: str) -> bool:
    """Whether the address is still the one the control last wrote, so that the control decides."""
    return key in st.session_state and text == st.session_state.get(text_key)


def _control_ids(key: str) -> list[int]:
    """The runs selected in the control.

    The browser sends a run's label, which contains its name. If the run has been renamed since the
    label was sent to the browser, Streamlit hands on the label itself, which begins with the id.
    """
    value: Any = st.session_state[key]
    values = value if isinstance(value, list) else [value]
    numbers = (str(each).split(" ", 1)[0] for each in values)
    return [int(number) for number in numbers if _is_number(number)]


def _is_outdated(key: str, labels: Mapping[int, str]) -> bool:
    """Whether the browser may show a selected run by another label than today's.

    Streamlit would take that label for no choice, and select another run.
    """
    value, before = st.session_state[key], st.session_state.get(f"{key}_labels", {})
    values = value if isinstance(value, list) else [value]
    return any(each not in labels or labels[each] != before.get(each) for each in values)


def _problem(text: str, shown: Sequence[int], most: int) -> str:
    """What the address asks for that the page does not show; "" if it shows everything."""
    words = _words(text)
    numbers = run_ids(text)
    missing = [
        word[:20]
        for word in dict.fromkeys(words)
        if not _is_number(word) or (int(word) in numbers[:most] and int(word) not in shown)
    ]
    sentences = []
    if missing:
        plural = "s" * (len(missing) > 1)
        more = f" and {len(missing) - MAX_RUNS} more" if len(missing) > MAX_RUNS else ""
        sentences.append(f"Run{plural} {', '.join(missing[:MAX_RUNS])}{more} not found.")
    if len(numbers) > most > 1:
        sentences.append(f"The page shows at most {most} runs: the first {most} of the address.")
    return " ".join(sentences)
