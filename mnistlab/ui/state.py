"""What a visitor's session remembers from page to page."""

import streamlit as st

from mnistlab.arch.ledger import ledger
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import Spec, parse

DEFAULT = PRESETS[3].spec


def design() -> Spec:
    """The network on the bench: the last one that could be built."""
    spec: Spec = st.session_state.get("design", DEFAULT)
    return spec


def accept(text: str) -> Spec:
    """Put a network's text on the bench. Raises SpecError, and the bench stays as it was."""
    spec = parse(text)
    ledger(spec)
    st.session_state["design"] = spec
    return spec
