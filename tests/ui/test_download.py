"""A download that fails shows its own sentence; one that succeeds shows nothing."""

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.errors import LabError
from tests.ui.app_test import settled


def page(is_damaged: bool) -> None:
    from mnistlab.errors import LabError
    from mnistlab.ui.common.download import Download, download_buttons

    def build() -> str:
        if is_damaged:
            raise LabError("The file is damaged. Choose another.")
        return "content"

    download_buttons(Download("Get", build, "file.txt", key="get"))


def test_the_error_of_a_download_is_shown_once() -> None:
    at = settled(AppTest.from_function(page, kwargs={"is_damaged": True}))
    # What Streamlit does on a click, in another thread, while the page reruns.
    with pytest.raises(LabError):
        at.session_state["attempt-get"]()
    at.download_button(key="get").click()
    settled(at)
    assert [error.value for error in at.error] == ["The file is damaged. Choose another."]
    settled(at)
    assert not at.error


def test_a_download_that_succeeds_shows_nothing() -> None:
    at = settled(AppTest.from_function(page, kwargs={"is_damaged": False}))
    assert at.session_state["attempt-get"]() == "content"
    at.download_button(key="get").click()
    settled(at)
    assert not at.error
