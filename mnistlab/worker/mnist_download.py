"""Downloading MNIST once, whoever asks for it: runs, commands and pages of one data folder."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from mnistlab.data.download import Progress, download_data
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.worker.lock import lock

LOCK = "mnist-download"
PATIENCE = 0.5
"""Seconds between two reports while another process downloads."""
WAITING = "Another download is running"


def download_once(home: Home, progress: Progress) -> None:
    """Download what is missing or damaged; while another process does that, wait for it.

    Raises DataError if all sources fail. What `progress` raises ends the wait or the download.
    """
    while True:
        with lock(home.runs, LOCK, PATIENCE) as is_free:
            if is_free:
                download_data(home.data, progress)
                return
        progress(WAITING, 0.0)


@dataclass
class BackgroundDownload:
    """A download in a thread of the app's process, which pages look at while it runs."""

    home: Home
    message: str = "Connecting…"
    fraction: float = 0.0
    error: str = ""
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name=LOCK, daemon=True)
        self.thread.start()

    @property
    def is_running(self) -> bool:
        return self.thread.is_alive()

    def _run(self) -> None:
        try:
            download_once(self.home, self._report)
        except (LabError, OSError) as error:
            self.error = str(error)

    def _report(self, message: str, fraction: float) -> None:
        self.message, self.fraction = message, fraction


_downloads = dict[Path, BackgroundDownload]()
_downloads_lock = threading.Lock()


def start_download(home: Home) -> None:
    """Start a download in the background, unless one is running."""
    with _downloads_lock:
        current = _downloads.get(home.data)
        if not (current and current.is_running):
            _downloads[home.data] = BackgroundDownload(home)


def latest_download(home: Home) -> BackgroundDownload | None:
    """The download that was started last in this process, running or ended; None if none was."""
    return _downloads.get(home.data)
