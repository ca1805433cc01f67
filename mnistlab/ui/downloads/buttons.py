"""Buttons whose file is made when they are pressed, with an error if that fails.

`st.download_button` loses clicks: its file belongs to one run of the page's script, and the end of
the next run removes it, whether or not the browser has received the next button. Here a plain
button makes the file in its callback, which Streamlit calls whatever the page is doing, and offers
it at an address that no run removes (`mnistlab.ui.server.offer`). A small component opens that
address.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.ui import server
from mnistlab.ui.classroom import identity
from mnistlab.ui.common import page

RESULT_SECONDS = 30.0
"""How long the result of a click is shown, so that a rerun meanwhile does not lose it."""
SCRIPT = """
export default function ({ data }) {
  // A rerun draws the component again; each file is downloaded once.
  const started = (window.labDownloads ??= new Set());
  if (started.has(data.address)) return;
  started.add(data.address);
  const link = document.createElement("a");
  link.href = data.address;
  link.download = data.file_name;
  document.body.append(link);
  link.click();
  link.remove();
}
"""


@dataclass(frozen=True)
class Download:
    """A button and its file; `key` is the widget's, different for each button of a page."""

    label: str
    build: Callable[[], str | bytes]
    file_name: str
    key: str
    icon: str = ":material/download:"
    help: str | None = None
    disabled: bool = False


@dataclass(frozen=True)
class Result:
    """What a click led to: the address of the file, or else an error."""

    time: float
    file_name: str
    address: str = ""
    error: str = ""


@page.fragment()
def download_buttons(*downloads: Download) -> None:
    """Buttons in a row; below them the error of the one that was pressed last."""
    key = f"result-{downloads[0].key}"
    with st.container(horizontal=True):
        for each in downloads:
            st.button(
                each.label,
                key=each.key,
                icon=each.icon,
                help=each.help,
                disabled=each.disabled,
                on_click=_make_file,
                args=(each, key),
            )
        result: Result | None = st.session_state.get(key)
        if result is None or time.monotonic() - result.time > RESULT_SECONDS:
            return
        if result.address:
            data = {"address": result.address, "file_name": result.file_name}
            _start()(data=data, key=f"start-{key}", width=1, height=1)
    if result.error:
        page.show_error(result.error)


def _make_file(download: Download, key: str) -> None:
    """Make a file and offer it to the browser, or keep the error for the next run."""
    if identity.has_left():
        return  # the page says so
    address = error = ""
    try:
        content = download.build()
        data = content.encode() if isinstance(content, str) else content
        address = server.offer(data, download.file_name)
    except (LabError, OSError) as problem:
        error = str(problem)
    st.session_state[key] = Result(time.monotonic(), download.file_name, address, error)


@cache
def _start() -> Any:
    return st.components.v2.component("mnistlab.download", js=SCRIPT, isolate_styles=False)
