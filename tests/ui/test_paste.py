"""The paste box returns an image once, and an empty one for invalid content."""

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
    ("content", "expected"),
    [
        (base64.b64encode(b"picture").decode(), b"picture"),
        ("no base64!", b""),
        ("ü", b""),
        (12, b""),
        ({"a": 1}, b""),
    ],
)
def test_a_pasted_image_is_returned_once(content: object, expected: bytes) -> None:
    at = AppTest.from_string(SCRIPT, default_timeout=600)
    assert shown(at) == "None"
    at.session_state["picture-content"] = content
    assert shown(at) == repr(expected)
    assert shown(at) == "None"
