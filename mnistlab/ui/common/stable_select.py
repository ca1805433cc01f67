"""Select boxes whose selection survives a change of their labels, as when a run is renamed.

Streamlit's browser side sends an option's label back, and a label that no longer exists counts as
no choice. Here the session keeps the selected options, and a widget lives only as long as its
labels: with other labels it is another widget, which starts with the same selection.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import streamlit as st


def select_one(
    label: str, options: Mapping[str, str], key: str, *, on_change: Callable[[], None], help: str
) -> str:
    """The selected one of the options (by key their label), at first the first one.

    `st.session_state[key]` is the selection and may be set before.
    """
    state = st.session_state
    if state.get(key) not in options:
        state[key] = next(iter(options))
    widget = _prepare(key, options)
    st.selectbox(
        label,
        options,
        format_func=options.__getitem__,
        key=widget,
        on_change=_store,
        args=(key, widget, on_change),
        help=help,
    )
    selected: str = state[key]
    return selected


def select_many(
    label: str, options: Mapping[str, str], key: str, default: list[str], *, most: int, **rest: Any
) -> list[str]:
    """The selected options (by key their label), up to `most`; `rest` as in `st.multiselect`."""
    state = st.session_state
    state[key] = [one for one in state.get(key, default) if one in options]
    widget = _prepare(key, options)
    st.multiselect(
        label,
        options,
        format_func=options.__getitem__,
        key=widget,
        max_selections=most,
        on_change=_store,
        args=(key, widget),
        **rest,
    )
    return [*state[key]]


def _prepare(key: str, options: Mapping[str, str]) -> str:
    """The key of the widget with these labels; its value is the selection."""
    state = st.session_state
    widget = f"{key}_{sha256(repr(options).encode()).hexdigest()[:12]}"
    # In every run: of a run that is interrupted, as on a cold server by the canvas, the browser may
    # miss the value, and would then show the first option.
    state[widget] = state[key]
    return widget


def _store(key: str, widget: str, on_change: Callable[[], None] | None = None) -> None:
    st.session_state[key] = st.session_state[widget]
    if on_change:
        on_change()
