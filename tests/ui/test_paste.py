"""What the paste box hands on, once, and what it makes of a browser that sends nonsense."""

import base64

import pytest
from streamlit.testing.v1 import AppTest

SCRIPT = """
import streamlit as st
from mnistlab.ui.draw import paste

st.text(repr(paste.show("picture")))
"""


def shown(at: AppTest) -> str:
    at.run()
    assert not at.exception
    return str(at.text[0].value)


@pytest.mark.parametrize(
    ("sent", "given"),
    [
        (base64.b64encode(b"picture").decode(), b"picture"),
        ("no base64!", b""),
        ("ü", b""),
        (12, b""),
        ({"a": 1}, b""),
    ],
)
def test_what_was_pasted_is_handed_on_once(sent: object, given: bytes) -> None:
    at = AppTest.from_string(SCRIPT, default_timeout=600)
    assert shown(at) == "None"
    at.session_state["picture-pasted"] = sent
    assert shown(at) == repr(given)
    assert shown(at) == "None"
