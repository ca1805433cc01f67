"""The bench: the network that a visitor works on, from page to page, and those before it.

They are kept as text: a session outlives a reload of the code, and its values' classes don't.
"""

import streamlit as st

from mnistlab.arch.ledger import ledger
from mnistlab.arch.presets import preset_named, resolve
from mnistlab.arch.spec import Spec, parse

DEFAULT = preset_named("target-4").spec
LABEL = "My design"
"""What the bench's network is called where a network is chosen."""
CHOICE_KEY = "train_network"
"""The session's key for the network that is chosen to be trained."""
KEPT = 200
"""Steps that can be undone."""


def design() -> Spec:
    """The network on the bench: the last one that could be built."""
    text = st.session_state.get("design")
    return parse(text) if text else DEFAULT


def accept(text: str) -> Spec:
    """Put a network's text, or a preset's name, on the bench.

    Raises SpecError if it is neither, and the bench stays as it was.
    """
    return keep(resolve(text))


def keep(spec: Spec) -> Spec:
    """Put a network on the bench; the one before can be had back.

    Raises SpecError if it cannot be built, and the bench stays as it was.
    """
    ledger(spec)
    if "design" not in st.session_state:
        st.session_state["design"] = st.session_state["origin"] = str(spec)
    if spec != design():
        steps("past").append(str(design()))
        del steps("past")[:-KEPT]
        steps("future").clear()
        _lay(spec)
    return spec


def begin(spec: Spec) -> None:
    """Put a network on the bench that what follows can be taken back to.

    Raises SpecError if it cannot be built, and the bench stays as it was.
    """
    st.session_state["origin"] = str(keep(spec))


def origin() -> Spec:
    """The network that the present work began with: a preset, a file's, or the visit's first."""
    text = st.session_state.get("origin")
    return parse(text) if text else design()


def steps(way: str) -> list[str]:
    """The texts of the networks that undoing (`past`) or doing again (`future`) leads to, the
    nearest last.
    """
    found: list[str] = st.session_state.setdefault(f"bench_{way}", [])
    return found


def step(way: str) -> None:
    """Go one step into the past or the future, if there is one."""
    if steps(way):
        steps("future" if way == "past" else "past").append(str(design()))
        _lay(parse(steps(way).pop()))


def _lay(spec: Spec) -> None:
    st.session_state["design"] = str(spec)
    # Who has just changed a design wants to train that one, whatever was chosen before.
    st.session_state[CHOICE_KEY] = LABEL
