"""The bench: the network that a visitor works on, from page to page, and those before it.

They are kept as text: a session outlives a reload of the code, and its values' classes don't.
"""

import streamlit as st

from mnistlab.arch.presets import get_preset, resolve
from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize

DEFAULT = get_preset("target-4").spec
LABEL = "My design"
"""What the bench's network is called where a network is chosen."""
CHOICE_KEY = "train_network"
"""The session's key for the network that is chosen to be trained."""
KEPT = 200
"""Steps that can be undone."""


def current() -> Spec:
    """The network on the bench: the last one that could be built."""
    text = st.session_state.get("design")
    return parse(text) if text else DEFAULT


def set_from_text(text: str) -> Spec:
    """Put a network's text, or a preset's name, on the bench.

    Raises SpecError if it is neither, and the bench stays as it was.
    """
    return set_current(resolve(text))


def set_current(spec: Spec) -> Spec:
    """Put a network on the bench; the one before can be had back.

    Raises SpecError if it cannot be built, and the bench stays as it was.
    """
    summarize(spec)
    if "design" not in st.session_state:
        st.session_state["design"] = st.session_state["origin"] = str(spec)
    if spec != current():
        history("past").append(str(current()))
        del history("past")[:-KEPT]
        history("future").clear()
        _store(spec)
    return spec


def open_preset(spec: Spec) -> None:
    """Put a network on the bench that what follows can be taken back to.

    Raises SpecError if it cannot be built, and the bench stays as it was.
    """
    st.session_state["origin"] = str(set_current(spec))


def origin() -> Spec:
    """The network that the present work began with: a preset, a file's, or the visit's first."""
    text = st.session_state.get("origin")
    return parse(text) if text else current()


def history(way: str) -> list[str]:
    """The texts of the networks that undoing (`past`) or doing again (`future`) leads to, the
    nearest last.
    """
    found: list[str] = st.session_state.setdefault(f"bench_{way}", [])
    return found


def move_in_history(way: str) -> None:
    """Go one step into the past or the future, if there is one."""
    if history(way):
        history("future" if way == "past" else "past").append(str(current()))
        _store(parse(history(way).pop()))


def _store(spec: Spec) -> None:
    st.session_state["design"] = str(spec)
    # Who has just changed a design wants to train that one, whatever was chosen before.
    st.session_state[CHOICE_KEY] = LABEL
