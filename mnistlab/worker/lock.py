"""Locks between processes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnistlab.store.database.errors import Cause, cause, store_error


@contextmanager
def lock(folder: Path, name: str, patience: float = 0.0) -> Iterator[bool]:
    """Try to take the lock of this name; whether that succeeded.

    It is SQLite's lock on a separate file: the operating system releases it when a process dies,
    for whatever reason. `patience` is in seconds. Raises StoreError if the folder cannot be
    written.
    """
    file = folder / f"{name}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(file, timeout=patience, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise store_error(file, error) from error
    try:
        yield _try_lock(connection, file)
    finally:
        connection.close()


def _try_lock(connection: sqlite3.Connection, file: Path) -> bool:
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if cause(error) is Cause.BUSY:
            return False
        raise store_error(file, error) from error
    return True
