"""The button that downloads MNIST, with its progress, wherever a page needs the images."""

import streamlit as st

from mnistlab.data.download import is_downloaded
from mnistlab.home import Home, default_home
from mnistlab.ui.common import html, page
from mnistlab.worker.mnist_download import latest_download, start_download

MISSING = "MNIST is not downloaded yet (20 MB)."
BUTTON = "Get MNIST"
POLL_SECONDS = 0.5


def show(key: str, purpose: str = "") -> bool:
    """Nothing if MNIST is there; else the button, or the bar of its download. Whether it is there.

    `key` is the button's, different for each place on a page; `purpose` a sentence about what the
    images are needed for. When the download ends, the whole page reruns.
    """
    home = default_home()
    if is_downloaded(home.data):
        return True
    # Its least height is in style.css: the bar takes the button's place, and nothing below moves.
    with st.container(border=True, key=f"get-mnist-{key}"):
        if (download := latest_download(home)) and download.is_running:
            _show_progress(home)
        else:
            error = f" {download.error}" if download and download.error else ""
            st.html(html.live_text(f"{MISSING} {purpose}{error}".strip()))
            st.button(
                BUTTON,
                icon=":material/download:",
                on_click=page.run_action,
                args=(start_download, home),
                key=f"get_mnist_{key}",
            )
    return False


def _show_progress(home: Home) -> None:
    @st.fragment(run_every=POLL_SECONDS)
    def refresh() -> None:
        download = latest_download(home)
        if download is None or not download.is_running:
            st.rerun()
        else:
            st.html(html.progress(download.message, "", download.fraction or None))

    refresh()
