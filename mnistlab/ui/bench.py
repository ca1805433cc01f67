"""The bench: the network that a visitor is working on, from page to page."""

import streamlit as st

from mnistlab.arch.ledger import ledger
from mnistlab.arch.presets import TARGETS, resolve
from mnistlab.arch.spec import Spec

DEFAULT = TARGETS[3].spec
LABEL = "My design"
"""What the bench's network is called where a network is chosen."""
CHOICE_KEY = "train_network"
"""The session's key for the network that is chosen to be trained."""


def design() -> Spec:
    """The network on the bench: the last one that could be built."""
    spec: Spec = st.session_state.get("design", DEFAULT)
    return spec


def accept(text: str) -> Spec:
    """Put a network's text, or a preset's name, on the bench.

    Raises SpecError if it is neither, and the bench stays as it was.
    """
    spec = resolve(text)
    ledger(spec)
    if spec != design():
        # Who has just changed a design wants to train that one, whatever was chosen before.
        st.session_state[CHOICE_KEY] = LABEL
    st.session_state["design"] = spec
    return spec
