"""A download that fails shows its own sentence; one that succeeds offers its file."""

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.ui import server
from mnistlab.ui.downloads import buttons
from tests.ui.app_test import settled


def page(is_damaged: bool) -> None:
    from mnistlab.errors import LabError
    from mnistlab.ui.downloads.buttons import Download, download_buttons

    def build() -> str:
        if is_damaged:
            raise LabError("The file is damaged. Choose another.")
        return "content"

    download_buttons(Download("Get", build, "file.txt", key="get"))


def click(is_damaged: bool) -> AppTest:
    at = settled(AppTest.from_function(page, kwargs={"is_damaged": is_damaged}))
    at.button(key="get").click()
    return settled(at)


def test_the_error_of_a_download_stays_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    at = click(is_damaged=True)
    # The page may rerun at once, because a run has ended meanwhile.
    settled(at)
    assert [error.value for error in at.error] == ["The file is damaged. Choose another."]
    monkeypatch.setattr(buttons, "RESULT_SECONDS", 0.0)
    settled(at)
    assert not at.error


def test_a_download_that_succeeds_is_offered_and_shows_nothing() -> None:
    at = click(is_damaged=False)
    assert not at.error
    result = at.session_state["result-get"]
    token = result.address.rpartition("/")[2]
    assert server._offers[token].content == b"content" and result.file_name == "file.txt"


def test_each_click_makes_a_file_of_its_own() -> None:
    at = click(is_damaged=False)
    first = at.session_state["result-get"].address
    at.button(key="get").click()
    settled(at)
    assert at.session_state["result-get"].address != first
