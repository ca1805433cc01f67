"""Where a page needs MNIST's images: a button downloads them; damaged files are an error."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.data.dataset import MNIST
from mnistlab.data.download import DataError, Progress
from mnistlab.home import default_home
from mnistlab.ui.common import get_mnist
from mnistlab.worker import mnist_download
from mnistlab.worker.mnist_download import latest_download
from tests.ui.app_test import body, run, settled
from tests.waiting import until

PLACES = {"pages/draw.py": "test-image", "pages/design.py": "receptive-field"}


def open_place(page: str) -> AppTest:
    at = run(page, tab="Receptive field")
    if page == "pages/draw.py":
        at.button_group(key="source").set_value("MNIST")
        settled(at)
    return at


@pytest.mark.parametrize("page", PLACES)
def test_the_button_downloads_what_is_missing(
    page: str, lab: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(folder: Path, progress: Progress) -> None:
        folder.symlink_to(mnist_folder)

    monkeypatch.setattr(mnist_download, "download_data", link)
    at = open_place(page)
    button = at.button(key=f"get_mnist_{PLACES[page]}")
    assert button.label == get_mnist.BUTTON and str(lab) not in body(at)
    button.click()
    settled(at)
    until(lambda: (lab / "data").is_dir())
    settled(at)
    assert all(each.label != get_mnist.BUTTON for each in at.button)
    assert get_mnist.MISSING not in body(at)


@pytest.mark.parametrize("page", PLACES)
def test_a_download_that_fails_is_a_sentence_and_can_be_tried_again(
    page: str, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path, progress: Progress) -> None:
        raise DataError("Could not download MNIST: <b>no route</b> to host.")

    monkeypatch.setattr(mnist_download, "download_data", fail)
    at = open_place(page)
    at.button(key=f"get_mnist_{PLACES[page]}").click()
    settled(at)
    download = latest_download(default_home())
    assert download
    until(lambda: not download.is_running)
    settled(at)
    assert "no route" in body(at) and "<b>no route" not in body(at)
    assert at.button(key=f"get_mnist_{PLACES[page]}").label == get_mnist.BUTTON


@pytest.mark.parametrize("page", PLACES)
def test_a_file_that_was_cut_is_named_and_can_be_downloaded_again(page: str, lab: Path) -> None:
    (lab / "data").mkdir(parents=True)
    for file in MNIST.files:
        (lab / "data" / file.name).write_bytes(b"\0" * 20)
    at = open_place(page)
    text = body(at)
    assert get_mnist.MISSING not in text and "ubyte" in text and str(lab) not in text
    assert at.button(key=f"get_mnist_{PLACES[page]}").label == get_mnist.BUTTON
