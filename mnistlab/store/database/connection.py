"""The store's SQLite file: connections, transactions, migration."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from mnistlab.store.database.derived import recompute
from mnistlab.store.database.errors import Cause, StoreError, cause, store_error
from mnistlab.store.database.migrations import MIGRATIONS, RENAMED_FILES

VERSION = len(MIGRATIONS)
PATIENCE = 30.0
"""Seconds that a transaction waits for a lock."""


class Database:
    """One SQLite file in a folder. Every transaction has its own connection, so any thread and any
    process may start one; write-ahead logging lets pages read while a worker writes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def file(self) -> Path:
        return self.folder / "store.sqlite"

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One transaction that sees one state of the store and does not block writers.

        If there is no file yet, reading does not make one: it sees an empty store in memory.
        """
        with self._connection(PATIENCE, to_write=False) as db:
            db.execute("BEGIN")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def writing(self, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
        """One transaction that takes the write lock at once, so that processes never deadlock.

        `patience` is the number of seconds to wait for another writer.
        """
        with self._connection(patience, to_write=True) as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _connection(self, patience: float, to_write: bool) -> Iterator[sqlite3.Connection]:
        """A prepared connection; SQLite's errors inside become a StoreError."""
        try:
            if to_write:
                self.folder.mkdir(parents=True, exist_ok=True)
            is_stored = to_write or self.file.exists()
            name = self.file if is_stored else ":memory:"
            opened = sqlite3.connect(name, timeout=patience, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise store_error(self.file, error) from error
        with closing(opened) as db:
            try:
                db.row_factory = sqlite3.Row
                # One name that is no UTF-8 must not make every row unreadable.
                db.text_factory = _text
                if is_stored:
                    self._prepare(db, patience)
                else:
                    db.deserialize(_empty_store())
                yield db
            except sqlite3.Error as error:
                raise store_error(self.file, error) from error

    def _prepare(self, db: sqlite3.Connection, patience: float) -> None:
        _write_ahead(db, patience)
        # A committed epoch must survive a power cut.
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        version = _version(db)
        if version > VERSION:
            raise StoreError(
                f"{self.file} was written by a later version of mnistlab (schema {version}; this "
                f"one has {VERSION}). Update mnistlab or set MNISTLAB_HOME to another folder."
            )
        if version < VERSION:
            _migrate(db, self.folder)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


@cache
def _empty_store() -> bytes:
    """The content of a new store's file; making one takes longer than all that a page reads."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        _migrate(db, Path())
        return db.serialize()


def _migrate(db: sqlite3.Connection, folder: Path) -> None:
    """Bring a file to today's version, completely or not at all."""
    db.execute("BEGIN IMMEDIATE")
    # Two processes may both open an old file; the second one waits here, then has nothing to do.
    version = _version(db)
    for script in MIGRATIONS[version:]:
        for statement in script.split(";"):
            db.execute(statement)
    recompute(db)
    db.execute(f"PRAGMA user_version = {VERSION}")
    if version:  # a new store's folder may hold files of another one, which was moved away
        _rename_files(folder, version)
    db.execute("COMMIT")


def _rename_files(folder: Path, version: int) -> None:
    """Give the files in the run folders of a store of that version today's names.

    The last step before the commit: if the process is killed in between, the next one finds the
    old version and renames the files that are left. Raises StoreError if a file cannot be renamed.
    """
    for since, old, new in RENAMED_FILES:
        # "*" also matches the hidden folders of interrupted deletions, which may be put back.
        for path in folder.glob(f"*/{old}") if version < since else ():
            try:
                path.replace(path.with_name(new))
            except OSError as error:
                raise store_error(path, error) from error


def _write_ahead(db: sqlite3.Connection, patience: float) -> None:
    """Switch the journal, with retries: SQLite does not wait if several processes do so at once."""
    pause = 0.02
    for n_left in range(round(min(patience, 2.0) / pause), -1, -1):
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not n_left or cause(error) is not Cause.BUSY:
                raise
            time.sleep(pause)


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
