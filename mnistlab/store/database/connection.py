"""The store's SQLite file: connections, transactions, migration."""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from time import monotonic, sleep

from mnistlab.store.database.derived import recompute
from mnistlab.store.database.errors import REMEDIES, Cause, StoreError, cause, store_error
from mnistlab.store.database.lock_notice import LockNotice
from mnistlab.store.database.migrations import MIGRATIONS, RENAMED_FILES
from mnistlab.store.database.readers import READERS, identity

VERSION = len(MIGRATIONS)
PATIENCE = 1.0
"""Seconds that a transaction waits for another program's lock, unless it may wait for longer: a
page is to answer within two."""
BUSY_SECONDS, BUSY_PATIENCE = 2.0, 0.05
"""After a wait in vain, this process waits no more than BUSY_PATIENCE for BUSY_SECONDS: a page has
several transactions, and one wait is enough."""
EMPTY_LOOKS, EMPTY_PAUSE = 5, 0.02
"""How often an empty file is looked at again, and the seconds in between."""
LATER_TIMEOUT = 1000
"""Milliseconds that a later statement of a transaction waits, should it have to."""

_found_busy: dict[Path, float] = {}
"""When a wait for a file was last in vain, in seconds of the monotonic clock."""


FileState = tuple[tuple[int, int, int], ...]
"""Inode, modification time in nanoseconds and size of each of the store's files."""


class Database:
    """One SQLite file in a folder. Every transaction has a connection to itself, so any thread and
    any process may start one; write-ahead logging lets pages read while a worker writes.

    `patience`: how many seconds a transaction waits for another program's lock; a process that
    trains waits for as long as it takes (`math.inf`) and says so (`lock_notice.LockNotice`).
    """

    def __init__(self, folder: Path, patience: float | None = None) -> None:
        self.folder = folder
        self._patience = patience
        self._notice = LockNotice(folder) if patience == math.inf else None

    @property
    def file(self) -> Path:
        return self.folder / "store.sqlite"

    def file_state(self) -> FileState:
        """A value that changes whenever the store does: of the file and its write-ahead log."""
        states = []
        for path in (self.file, self.file.with_name(f"{self.file.name}-wal")):
            try:
                stat = path.stat()
            except OSError:
                continue
            # Reading makes an empty log, too.
            if stat.st_size:
                states.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        return tuple(states)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One transaction that sees one state of the store and does not block writers.

        If there is no file yet, reading does not make one: it sees an empty store in memory.
        """
        with self._connection(None, to_write=False) as db:
            yield db
            db.execute("COMMIT")

    @contextmanager
    def writing(self, patience: float | None = None) -> Iterator[sqlite3.Connection]:
        """One transaction that takes the write lock at once, so that processes never deadlock.

        `patience` is the number of seconds to wait for another writer, if not the usual one.
        """
        with self._connection(patience, to_write=True) as db:
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _connection(self, patience: float | None, to_write: bool) -> Iterator[sqlite3.Connection]:
        """A prepared connection, of a writer with the write lock; SQLite's errors inside become a
        StoreError.
        """
        try:
            if to_write:
                self.folder.mkdir(parents=True, exist_ok=True)
            self._check_not_emptied()
            is_stored = to_write or self.file.exists()
            name = self.file if is_stored else ":memory:"
            is_kept = is_stored and not to_write
            opened = identity(self.file)
            db = (READERS.take(self.file) if is_kept else None) or _connect(name)
        except (OSError, sqlite3.Error) as error:
            raise store_error(self.file, error) from error
        with ExitStack() as end:
            end.callback(db.close)
            try:
                if is_stored:
                    self._open(db, patience, to_write)
                else:
                    db.deserialize(_empty_store())
                    db.execute("BEGIN")
                yield db
            except sqlite3.Error as error:
                raise store_error(self.file, error) from error
            if is_kept:
                end.pop_all()
                READERS.give(self.file, opened, db)

    def _check_not_emptied(self) -> None:
        """Raise StoreError if the file is empty but runs have folders: to SQLite an empty file is a
        new one, and all runs would silently be gone.
        """
        for n_left in range(EMPTY_LOOKS, -1, -1):
            if not self.file.exists() or self.file.stat().st_size:
                return
            # Where another process is just making the file, it is empty for a moment.
            if n_left:
                sleep(EMPTY_PAUSE)
        if any(self.folder.glob("[0-9]" * 6)):
            raise StoreError(
                f"{self.file} is empty, but there are folders of runs. {REMEDIES[Cause.DAMAGED]}",
                Cause.DAMAGED,
            )

    def _open(self, db: sqlite3.Connection, patience: float | None, to_write: bool) -> None:
        """Prepare a connection and begin a transaction, as soon as the file is free."""
        started = monotonic()
        limit = self._limit(started) if patience is None else patience
        # Waiting is done here: SQLite would wait anew in each statement.
        db.execute("PRAGMA busy_timeout = 0")
        while True:
            try:
                self._prepare(db)
                db.execute("BEGIN IMMEDIATE" if to_write else "BEGIN")
                # A reader's transaction begins only with its first read, which may have to wait.
                _version(db)
            except sqlite3.Error as error:
                if cause(error) is not Cause.BUSY:
                    raise
                now = monotonic()
                if self._notice:
                    self._notice.found_locked(now)
                waited = now - started
                if waited >= limit:
                    if patience is None:
                        _found_busy[self.file] = now
                    raise
                if db.in_transaction:
                    db.execute("ROLLBACK")
                # Often at first, because a writer of this program takes milliseconds.
                sleep(min(0.25, 0.001 + waited / 20))
            else:
                if self._notice:
                    self._notice.found_free()
                db.execute(f"PRAGMA busy_timeout = {LATER_TIMEOUT}")
                return

    def _limit(self, now: float) -> float:
        """How long a transaction that starts now may wait."""
        if self._patience is not None:
            return self._patience
        was_busy = now - _found_busy.get(self.file, -math.inf) < BUSY_SECONDS
        return BUSY_PATIENCE if was_busy else PATIENCE

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode = WAL")
        # A committed epoch must survive a power cut.
        db.execute("PRAGMA synchronous = FULL")
        # Kept connections keep the log: it begins anew after 25 pages, 100 kB.
        db.execute("PRAGMA wal_autocheckpoint = 25")
        db.execute("PRAGMA foreign_keys = ON")
        version = _version(db)
        if version > VERSION:
            raise StoreError(
                f"{self.file} was written by a later version of mnistlab (schema {version}; this "
                f"one has {VERSION}). Update mnistlab or set MNISTLAB_HOME to another folder."
            )
        if version < VERSION:
            _migrate(db, self.folder)


def _connect(name: Path | str) -> sqlite3.Connection:
    # A kept connection is used by another thread, though never by two at a time.
    db = sqlite3.connect(name, timeout=0.0, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    # One name that is no UTF-8 must not make every row unreadable.
    db.text_factory = _text
    return db


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


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
