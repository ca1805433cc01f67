"""The current network, which all pages share, and its undo history.

Stored as network strings: a session outlives a reload of the code, objects of its classes do not.
"""

import time
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

import streamlit as st

from mnistlab.arch.presets import PRESETS, Preset, get_preset, resolve
from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.ui.classroom.session_task import session_task

DEFAULT = get_preset("target-4").spec
KEY = "current_network"
"""Its session key."""
MAX_UNDO = 200
BURST_SECONDS = 2.0
"""Changes of one control that follow each other within this time are one step of Undo."""
LAST_CHANGE_KEY = "last_change"
"""Session key of the control that made the last change, and when."""


class History(StrEnum):
    """The networks that Undo and Redo lead to; the value is the session's key."""

    PAST = "undo_history"
    FUTURE = "redo_history"


def current() -> Spec:
    """The current network: the last valid one."""
    text = st.session_state.get(KEY)
    return parse(text) if text else _default()


def _default() -> Spec:
    """Where a session begins: in a class with the network of its task."""
    task = session_task()
    return task.network if task else DEFAULT


def is_set() -> bool:
    """Whether the session has a current network; until then it is the default."""
    return KEY in st.session_state


def set_from_text(text: str) -> Spec:
    """Make a network string, or a preset's name, the current network.

    Raises SpecError, without a change, if it is neither.
    """
    return set_current(resolve(text))


def text_in_address(text: str) -> str:
    """The network string in the address of a page, such as `https://host/design?net=8-p-gap`.

    Any other text is returned as it is.
    """
    query = urlsplit(text.strip()).query if "?" in text else text.strip()
    try:
        return parse_qs(query, max_num_fields=20)["net"][-1]
    except (KeyError, ValueError):
        return text


def set_current(spec: Spec, control: str = "") -> Spec:
    """Make a network the current one; Undo returns to the previous one.

    `control` is the key of a control that is changed in small steps: a burst of them is undone at
    once. Raises SpecError, without a change, if it cannot be built.
    """
    summarize(spec)
    if not is_set():
        st.session_state[KEY] = st.session_state["origin"] = str(spec)
    if spec != current():
        if not _continues_burst(control):
            history(History.PAST).append(str(current()))
            del history(History.PAST)[:-MAX_UNDO]
        history(History.FUTURE).clear()
        _store(spec)
    return spec


def _continues_burst(control: str) -> bool:
    """Whether this control made the last change too, a moment ago; notes that it makes this one."""
    last_control, last_time = st.session_state.get(LAST_CHANGE_KEY, ("", 0.0))
    now = time.monotonic()
    st.session_state[LAST_CHANGE_KEY] = control, now
    return bool(control) and control == last_control and now - last_time < BURST_SECONDS


def open_preset(spec: Spec) -> None:
    """Make a network the current one, to which Reset returns.

    Raises SpecError, without a change, if it cannot be built.
    """
    st.session_state["origin"] = str(set_current(spec))


def origin() -> Spec:
    """The network that Reset returns to: a preset, an imported one, or the session's first."""
    text = st.session_state.get("origin")
    return parse(text) if text else current()


def history(direction: History) -> list[str]:
    """The network strings that Undo or Redo leads to, the next one last."""
    texts: list[str] = st.session_state.setdefault(direction.value, [])
    return texts


def own() -> Spec | None:
    """The user's own network: the last one in the history that is not a preset, if any."""
    texts = [*history(History.FUTURE), *history(History.PAST), str(current())]
    specs = (parse(text) for text in reversed(texts))
    return next((spec for spec in specs if preset_of(spec) is None), None)


def preset_of(spec: Spec) -> Preset | None:
    """The preset that a network is, None if it is none."""
    return next((preset for preset in PRESETS if preset.spec == spec), None)


def move_in_history(direction: History) -> None:
    """Undo or redo one step, if there is one."""
    st.session_state.pop(LAST_CHANGE_KEY, None)
    if texts := history(direction):
        other = History.FUTURE if direction is History.PAST else History.PAST
        history(other).append(str(current()))
        _store(parse(texts.pop()))


def _store(spec: Spec) -> None:
    st.session_state[KEY] = str(spec)
