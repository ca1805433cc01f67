"""Which digit of a number is the chosen one: the first, until another is chosen.

It is remembered by one of its parts, since its place changes with what is drawn before it.
"""

from collections.abc import Sequence

import streamlit as st

from mnistlab.drawing.segmentation import Segment

PART = "chosen_part"
IS_ONE = "one_digit"
"""The key of the toggle, also in the address, that takes a drawing for one digit."""


def choose(segment: Segment) -> None:
    st.session_state[PART] = segment.parts[0]


def forget() -> None:
    """Choose the first digit again: the parts of another picture have other meanings."""
    st.session_state.pop(PART, None)


def place(segments: Sequence[Segment | None]) -> int:
    """The place of the chosen digit; 0 if its part is in none of them any more."""
    part = st.session_state.get(PART)
    places = (n for n, segment in enumerate(segments) if segment and part in segment.parts)
    return next(places, 0)
