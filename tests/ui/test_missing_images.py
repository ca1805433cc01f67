"""What pages say when MNIST's images cannot be read: missing and damaged are different."""

from pathlib import Path

import pytest

from mnistlab.data.dataset import MNIST
from mnistlab.data.download import NOT_DOWNLOADED
from tests.ui.app_test import body, run, settled

PAGES = ("pages/draw.py", "pages/design.py")


def page_text(page: str) -> str:
    at = run(page, tab="Receptive field")
    if page == "pages/draw.py":
        at.button_group(key="source").set_value("MNIST")
        settled(at)
    return body(at)


@pytest.mark.parametrize("page", PAGES)
def test_missing_files_are_not_downloaded_yet(page: str, lab: Path) -> None:
    assert NOT_DOWNLOADED in page_text(page)


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_was_cut_is_damaged_and_named(page: str, lab: Path) -> None:
    (lab / "data").mkdir(parents=True)
    for file in MNIST.files:
        (lab / "data" / file.name).write_bytes(b"\0" * 20)
    text = page_text(page)
    assert NOT_DOWNLOADED not in text and "ubyte" in text
