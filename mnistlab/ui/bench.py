"""The bench: the network that a visitor works on, from page to page, and those before it."""

import streamlit as st

from mnistlab.arch.ledger import ledger
from mnistlab.arch.presets import TARGETS, resolve
from mnistlab.arch.spec import Spec

DEFAULT = TARGETS[3].spec
LABEL = "My design"
"""What the bench's network is called where a network is chosen."""
CHOICE_KEY = "train_network"
"""The session's key for the network that is chosen to be trained."""
KEPT = 200
"""Steps that can be undone."""


def design() -> Spec:
    """The network on the bench: the last one that could be built."""
    spec: Spec = st.session_state.get("design", DEFAULT)
    return spec


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
        st.session_state["design"] = st.session_state["origin"] = spec
    if spec != design():
        steps("past").append(design())
        del steps("past")[:-KEPT]
        steps("future").clear()
        _lay(spec)
    return spec


def begin(spec: Spec) -> None:
    """Put a network on the bench that what follows can be taken back to.

    Raises SpecError if it cannot be built, and the bench stays as it was.
    """
    st.session_state["origin"] = keep(spec)


def origin() -> Spec:
    """The network that the present work began with: a preset, a file's, or the visit's first."""
    spec: Spec = st.session_state.get("origin", design())
    return spec


def steps(way: str) -> list[Spec]:
    """The networks that undoing (`past`) or doing again (`future`) leads to, the nearest last."""
    found: list[Spec] = st.session_state.setdefault(f"bench_{way}", [])
    return found


def step(way: str) -> None:
    """Go one step into the past or the future, if there is one."""
    if steps(way):
        steps("future" if way == "past" else "past").append(design())
        _lay(steps(way).pop())


def _lay(spec: Spec) -> None:
    st.session_state["design"] = spec
    # Who has just changed a design wants to train that one, whatever was chosen before.
    st.session_state[CHOICE_KEY] = LABEL
