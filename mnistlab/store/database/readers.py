"""Connections that a page has read with, kept for a moment.

Opening one takes ten times as long as what a page reads, and closing the last one empties the
write-ahead log, which the next writer makes anew.
"""

import sqlite3
import threading
from collections import deque
from pathlib import Path

KEPT_SECONDS = 5.0
"""A server that nobody looks at has no connection open: its files can be copied and replaced."""
MAX_KEPT = 8

Identity = tuple[int, int]


def identity(file: Path) -> Identity | None:
    """Device and inode of a file, None if it is not there."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


class Readers:
    """Idle connections by file; safe to use from any thread, each by one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[tuple[Path, Identity, sqlite3.Connection]] = deque()
        self._timer: threading.Timer | None = None
        self._used = False

    def take(self, file: Path) -> sqlite3.Connection | None:
        """An idle connection to this very file, None if there is none."""
        now = identity(file)
        with self._lock:
            for entry in list(self._kept):
                path, opened, db = entry
                if path != file:
                    continue
                self._kept.remove(entry)
                if opened == now:
                    return db
                db.close()  # the file was replaced
        return None

    def give(self, file: Path, opened: Identity | None, db: sqlite3.Connection) -> None:
        """Keep a connection without a transaction; `opened`: the file's identity before that."""
        if opened is None or opened != identity(file):
            db.close()
            return
        with self._lock:
            self._used = True
            self._kept.append((file, opened, db))
            while len(self._kept) > MAX_KEPT:
                self._kept.popleft()[2].close()
            self._start_timer()

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            while self._kept:
                self._kept.pop()[2].close()

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(KEPT_SECONDS, self._expire)
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        """Close them if none was used since the last look; else look again later."""
        with self._lock:
            self._timer = None
            if self._used:
                self._used = False
                self._start_timer()
                return
        self.close()


READERS = Readers()
"""Those of this process."""
