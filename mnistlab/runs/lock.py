"""Locks between processes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnistlab.runs.database import StoreError


@contextmanager
def lock(folder: Path, name: str, patience: float = 0.0) -> Iterator[bool]:
    """Try to be the one that holds a name; whether that succeeded.

    SQLite's lock on a file of its own: the system takes it back when a process dies, however it
    dies, on every system that SQLite runs on. `patience` is in seconds. Raises StoreError if the
    folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}.lock"
        connection = sqlite3.connect(file, timeout=patience, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{folder} cannot be written: {error}.") from error
    try:
        yield _locked(connection, folder)
    finally:
        connection.close()


def _locked(connection: sqlite3.Connection, folder: Path) -> bool:
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise StoreError(f"{folder} cannot be written: {error}.") from error
    return True
