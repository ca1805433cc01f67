"""MNIST is downloaded once, however many ask for it, and an error reaches all of them."""

import shutil
import threading
from pathlib import Path

import pytest

from mnistlab.data.download import DataError, Progress, is_downloaded
from mnistlab.home import Home
from mnistlab.worker import mnist_download
from mnistlab.worker.mnist_download import (
    WAITING,
    download_once,
    latest_download,
    start_download,
)
from tests.waiting import until


class Source:
    """A slow download: it copies the files once `may_end` is set, and counts its calls."""

    def __init__(self, mnist_folder: Path) -> None:
        self.mnist_folder = mnist_folder
        self.n_calls = 0
        self.may_end = threading.Event()

    def __call__(self, folder: Path, progress: Progress) -> None:
        if is_downloaded(folder):
            return
        self.n_calls += 1
        progress("Downloading MNIST: 5.0 of 20.0 MB", 0.25)
        self.may_end.wait(60)
        shutil.copytree(self.mnist_folder, folder, dirs_exist_ok=True)


@pytest.fixture
def source(mnist_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    slow = Source(mnist_folder)
    monkeypatch.setattr(mnist_download, "download_data", slow)
    return slow


def test_two_who_press_at_once_download_once(tmp_path: Path, source: Source) -> None:
    home = Home(tmp_path)
    assert latest_download(home) is None
    start_download(home)
    first = latest_download(home)
    start_download(home)
    assert first and latest_download(home) is first
    until(lambda: first.fraction == 0.25)
    assert first.is_running and "MB" in first.message
    source.may_end.set()
    until(lambda: not first.is_running)
    assert source.n_calls == 1 and is_downloaded(home.data) and not first.error


def test_a_run_waits_for_the_download_of_a_page(tmp_path: Path, source: Source) -> None:
    home, reports = Home(tmp_path), list[str]()
    start_download(home)
    until(lambda: source.n_calls == 1)

    def report(message: str, fraction: float) -> None:
        reports.append(message)
        source.may_end.set()

    download_once(home, report)
    assert source.n_calls == 1 and is_downloaded(home.data) and set(reports) == {WAITING}


def test_a_request_ends_the_wait(tmp_path: Path, source: Source) -> None:
    home = Home(tmp_path)
    start_download(home)
    until(lambda: source.n_calls == 1)

    def stop(message: str, fraction: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        download_once(home, stop)
    source.may_end.set()
    until(lambda: is_downloaded(home.data))


def test_after_an_error_it_can_be_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path, progress: Progress) -> None:
        raise DataError("Could not download MNIST: no route to host.")

    monkeypatch.setattr(mnist_download, "download_data", fail)
    home = Home(tmp_path)
    start_download(home)
    first = latest_download(home)
    assert first
    until(lambda: not first.is_running)
    assert "no route" in first.error
    start_download(home)
    assert latest_download(home) is not first
