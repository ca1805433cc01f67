"""SQLite's errors as messages with a cause and a remedy, by SQLite's own error codes."""

import sqlite3
from enum import StrEnum
from errno import ENOSPC
from pathlib import Path

from mnistlab.errors import LabError


class Cause(StrEnum):
    """Why the store cannot be used. Each cause has one remedy."""

    BUSY = "busy"
    """Another process holds the lock for longer than this one waits."""
    FULL = "full"
    """The disk is full."""
    DAMAGED = "damaged"
    """The file is not an SQLite database, or only a part of one."""
    UNREACHABLE = "unreachable"
    """The file or its folder cannot be opened, read or written: permissions, a failing disk."""
    BUG = "bug"
    """A statement that SQLite refuses: a mistake in our code."""


class StoreError(LabError):
    """The store cannot be read or written, or a request is not possible."""

    def __init__(self, message: str, cause: Cause | None = None) -> None:
        super().__init__(message)
        self.cause = cause


# https://www.sqlite.org/rescode.html: the primary codes, each the prefix of its extended ones.
CAUSES = {
    "SQLITE_BUSY": Cause.BUSY,
    "SQLITE_LOCKED": Cause.BUSY,
    "SQLITE_FULL": Cause.FULL,
    # SQLite's shared memory is a file, too; this is the error if the disk is full.
    "SQLITE_IOERR_SHMSIZE": Cause.FULL,
    "SQLITE_CORRUPT": Cause.DAMAGED,
    "SQLITE_NOTADB": Cause.DAMAGED,
    "SQLITE_IOERR": Cause.UNREACHABLE,
    "SQLITE_CANTOPEN": Cause.UNREACHABLE,
    "SQLITE_READONLY": Cause.UNREACHABLE,
    "SQLITE_PERM": Cause.UNREACHABLE,
    "SQLITE_AUTH": Cause.UNREACHABLE,
    "SQLITE_PROTOCOL": Cause.BUSY,  # gave up on a lock that other processes took repeatedly
}

REMEDIES = {
    Cause.BUSY: "Another process is using it. Wait a moment and try again.",
    Cause.FULL: "The disk is full. Free some space and try again.",
    Cause.DAMAGED: (
        "The file is damaged. Restore it from a backup, or move it away to start with an empty "
        "one; the checkpoints next to it stay."
    ),
    Cause.UNREACHABLE: "Check the permissions of its folder and the disk, then try again.",
}


def cause(error: sqlite3.Error | OSError) -> Cause:
    """Classify an error of SQLite or of the file system.

    Errors that Python's sqlite3 raises itself (`ProgrammingError`, `InterfaceError`) have no SQLite
    code; they and every code that is not listed are mistakes in our code.
    """
    if isinstance(error, OSError):
        return Cause.FULL if error.errno == ENOSPC else Cause.UNREACHABLE
    name = getattr(error, "sqlite_errorname", "")
    while name:
        if name in CAUSES:
            return CAUSES[name]
        name = name.rpartition("_")[0]
    return Cause.BUG


def store_error(file: Path, error: sqlite3.Error | OSError) -> StoreError:
    """The error with its message: what failed and where, then what to do."""
    why = cause(error)
    if why is Cause.BUG:
        return StoreError(
            f"Internal error in the store ({type(error).__name__}: {error}). This is a bug in "
            "mnistlab; report it with this message.",
            why,
        )
    return StoreError(f"{file} cannot be used ({error}). {REMEDIES[why]}", why)
