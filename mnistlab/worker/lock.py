"""Locks between processes."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mnistlab.store.database.errors import Cause, cause, store_error


def lock_file(folder: Path, name: str) -> Path:
    """The file whose lock stands for this name."""
    return folder / f"{name}.lock"


@contextmanager
def lock(folder: Path, name: str, patience: float = 0.0) -> Iterator[bool]:
    """Try to take the lock of this name; whether that succeeded.

    It is SQLite's lock on a separate file: the operating system releases it when a process dies,
    for whatever reason. `patience` is in seconds. Raises StoreError if the folder cannot be
    written.
    """
    file = lock_file(folder, name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(file, timeout=patience, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise store_error(file, error) from error
    try:
        yield _try_lock(connection, file)
    finally:
        connection.close()


def is_held(folder: Path, name: str) -> bool:
    """Whether a process holds the lock of this name.

    Unlike `lock`, it makes no file, and two that ask at once do not take each other for the holder.
    Raises StoreError if the file cannot be read.
    """
    file = lock_file(folder, name)
    if not file.is_file():
        return False
    try:
        with closing(sqlite3.connect(file, timeout=0.0, isolation_level=None)) as connection:
            # Reading takes SQLite's shared lock, which only an exclusive one keeps out.
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        if cause(error) is Cause.BUSY:
            return True
        raise store_error(file, error) from error
    return False


def _try_lock(connection: sqlite3.Connection, file: Path) -> bool:
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if cause(error) is Cause.BUSY:
            return False
        raise store_error(file, error) from error
    return True
