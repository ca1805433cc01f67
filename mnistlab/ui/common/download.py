"""Buttons whose file is made when they are pressed, with an error if that fails.

Streamlit calls the function in another thread and, if it raises, shows only "Failed to generate
file for download" for five seconds. Here the buttons are a fragment, which reruns on a click, waits
for that function's end and shows the error's own sentence.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.ui.common import page

START_SECONDS, END_SECONDS = 2.0, 60.0
"""How long to wait for the browser's request of the file, and for the file itself."""


@dataclass(frozen=True)
class Download:
    """A button and its file; `key` is the widget's, different for each button of a page."""

    label: str
    build: Callable[[], str | bytes]
    file_name: str
    key: str
    mime: str | None = None
    icon: str = ":material/download:"
    help: str | None = None
    disabled: bool = False


class Attempt:
    """One call of a download's function, made in another thread; its error, if any."""

    def __init__(self, build: Callable[[], str | bytes]) -> None:
        self._build = build
        self._error = ""
        self._has_started, self._has_ended = threading.Event(), threading.Event()

    def __call__(self) -> str | bytes:
        self._has_started.set()
        try:
            return self._build()
        except (LabError, OSError) as error:
            self._error = str(error)
            raise
        finally:
            self._has_ended.set()

    def error(self) -> str:
        """Wait for the end of the call: its error, or "" if it succeeded or never started."""
        if self._has_started.wait(START_SECONDS):
            self._has_ended.wait(END_SECONDS)
        return self._error


@st.fragment
def download_buttons(*downloads: Download) -> None:
    """Buttons in a row; below them the error of the one that was pressed."""
    attempts = []
    with st.container(horizontal=True):
        for each in downloads:
            key = f"attempt-{each.key}"
            # A click asks for the file that was offered before this rerun.
            previous, st.session_state[key] = st.session_state.get(key), Attempt(each.build)
            if st.download_button(
                each.label,
                st.session_state[key],
                each.file_name,
                each.mime,
                key=each.key,
                icon=each.icon,
                help=each.help,
                disabled=each.disabled,
            ):
                attempts.append(previous)
    for attempt in attempts:
        if attempt and (error := attempt.error()):
            page.show_error(error)
