"""What tells people that a training waits for a store that another program has locked.

In the store itself nothing can be written then, so it stands in a file beside it.
"""

import contextlib
import math
import sys
from pathlib import Path

NOTICE_SECONDS = 5.0
"""Seconds of waiting after which it is told."""
WRITE_SECONDS = 1.0
"""Seconds between two writes of the file."""
FRESH_SECONDS = 5.0
"""Age of a file whose process still waits: one that was killed leaves its file behind."""


class LockNotice:
    """Tells once on standard error, and in a file for as long as it lasts, that a process waits.

    `folder` is the store's. Times are in seconds of a monotonic clock.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._since: float | None = None
        self._written = -math.inf

    def found_locked(self, now: float) -> None:
        """Note that the store could not be opened."""
        if self._since is None:
            self._since = now
        waited = now - self._since
        if waited < NOTICE_SECONDS:
            return
        if self._written < self._since:
            print(f"Waiting for {self._folder}: another program uses it.", file=sys.stderr)
        if now - self._written >= WRITE_SECONDS:
            self._written = now
            # Whatever else is wrong with the folder or the disk, the wait goes on.
            with contextlib.suppress(OSError):
                _path(self._folder).write_text(f"{waited:.0f}")

    def found_free(self) -> None:
        """Note that the store could be opened."""
        if self._since is not None and self._written >= self._since:
            with contextlib.suppress(OSError):
                _path(self._folder).unlink(missing_ok=True)
        self._since = None


def seconds_waited(folder: Path, now: float) -> float | None:
    """For how long a process has been waiting for the store in this folder; None if none does.

    `now` is in seconds since 1970.
    """
    try:
        path = _path(folder)
        is_fresh = abs(now - path.stat().st_mtime) <= FRESH_SECONDS
        return float(path.read_text()) if is_fresh else None
    except (OSError, ValueError):  # none, or it is just being written
        return None


def _path(folder: Path) -> Path:
    return folder / "waiting"
