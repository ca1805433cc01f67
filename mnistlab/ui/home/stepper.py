"""The control that opens a step; the open step is in the address, so that a link opens it."""

import streamlit as st

from mnistlab.experiments.steps import STEPS

PARAMETER = "step"
"""The address has a step's number, from 1 on."""


def show() -> int:
    """The control, and the number of the open step."""
    number = current()
    # The address is what counts: Back, a link and a point of the figure all change it.
    st.session_state["step_choice"] = number
    st.query_params[PARAMETER] = str(number)
    st.session_state["step"] = number
    st.segmented_control(
        "Step",
        range(1, len(STEPS) + 1),
        format_func=lambda n: f"{n} {STEPS[n - 1].title}",
        required=True,
        key="step_choice",
        on_change=lambda: select(str(st.session_state["step_choice"])),
        label_visibility="collapsed",
    )
    return number


def current() -> int:
    """The step in the address; else the one that was open last, at first the first."""
    text = st.query_params.get(PARAMETER, "")
    last: int = st.session_state.get("step", 1)
    is_step = text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= len(STEPS)
    return int(text) if is_step else last


def select(number: str) -> None:
    """Open a step by its number."""
    st.query_params[PARAMETER] = number
