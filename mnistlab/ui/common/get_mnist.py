"""The button that downloads MNIST, with its progress, wherever a page needs the images."""

from pathlib import Path

import streamlit as st

from mnistlab.data.dataset import MNIST
from mnistlab.data.download import DataError, is_downloaded
from mnistlab.home import Home
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import html, page
from mnistlab.worker.mnist_download import latest_download, start_download

MISSING = "MNIST is not downloaded yet (20 MB)."
BUTTON = "Get MNIST"
POLL_SECONDS = 0.5


def show(key: str, purpose: str = "", damage: str = "") -> bool:
    """Nothing if MNIST is there; else the button, or the bar of its download. Whether it is there.

    `key` is the button's, different for each place on a page; `purpose` a sentence about what the
    images are needed for; `damage` what is wrong with files that are there. When the download ends,
    the whole page reruns.
    """
    home = session_home()
    if is_downloaded(home.data) and not damage:
        return True
    # Its least height is in style.css: the bar takes the button's place, and nothing below moves.
    with st.container(border=True, key=f"get-mnist-{key}"):
        if (download := latest_download(home)) and download.is_running:
            _show_progress(home)
        else:
            error = f" {download.error}" if download and download.error else ""
            st.html(html.live_text(f"{damage or MISSING} {purpose}{error}".strip()))
            st.button(
                BUTTON,
                icon=":material/download:",
                on_click=page.run_action,
                args=(start_download, home),
                key=f"get_mnist_{key}",
            )
    return False


def damage(folder: Path, error: DataError) -> str:
    """What is wrong with the files in a folder; empty if there are none."""
    return str(error) if any((folder / file.name).is_file() for file in MNIST.files) else ""


def _show_progress(home: Home) -> None:
    @page.fragment(run_every=POLL_SECONDS)
    def refresh() -> None:
        download = latest_download(home)
        if download is None or not download.is_running:
            st.rerun()
        else:
            st.html(html.progress(download.message, "", download.fraction or None))

    refresh()
