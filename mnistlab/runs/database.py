"""The store's SQLite file: its schema, its versions, its transactions, its errors."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnistlab.arch.ledger import ledger
from mnistlab.arch.spec import parse
from mnistlab.errors import LabError

FIRST = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    recipe TEXT NOT NULL,
    state TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    ended REAL,
    message TEXT NOT NULL DEFAULT '',
    progress TEXT,
    test TEXT,
    stop_requested INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_state ON runs (state, id);
CREATE TABLE epochs (
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    train_loss REAL NOT NULL,
    train_accuracy REAL NOT NULL,
    validation_loss REAL NOT NULL,
    validation_errors INTEGER NOT NULL,
    validation_count INTEGER NOT NULL,
    learning_rate REAL NOT NULL,
    seconds REAL NOT NULL,
    images_per_second REAL NOT NULL,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
"""

# What a table of runs is sorted and filtered by lies in the run's own row, so that it need not look
# at a hundred thousand epochs; SUMMARISE keeps it true whenever an epoch is written. Where a run
# validates on digits that it trains on, it keeps its last epoch and has no score to be ranked by.
ALL = "json_extract(recipe, '$.split') = 'all'"
BEST = """FROM epochs WHERE run = runs.id
         ORDER BY validation_errors, validation_loss, number LIMIT 1"""
LAST = "FROM epochs WHERE run = runs.id ORDER BY number DESC LIMIT 1"
SUMMARISE = f"""
UPDATE runs SET
    (epochs_done, seconds) =
        (SELECT count(*), total(seconds) FROM epochs WHERE run = runs.id),
    best_epoch = iif({ALL}, (SELECT number {LAST}), (SELECT number {BEST})),
    best_errors = iif({ALL}, NULL, (SELECT validation_errors {BEST})),
    best_count = iif({ALL}, NULL, (SELECT validation_count {BEST})),
    last_errors = iif({ALL}, NULL, (SELECT validation_errors {LAST})),
    last_count = iif({ALL}, NULL, (SELECT validation_count {LAST}))
"""
SECOND = f"""
ALTER TABLE runs DROP COLUMN stop_requested;
ALTER TABLE runs ADD COLUMN request TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN who TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN deleted REAL;
ALTER TABLE runs ADD COLUMN place REAL;
ALTER TABLE runs ADD COLUMN slot INTEGER;
ALTER TABLE runs ADD COLUMN pid INTEGER;
ALTER TABLE runs ADD COLUMN heartbeat REAL;
ALTER TABLE runs ADD COLUMN parameters INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN epochs_done INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN seconds REAL NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN best_epoch INTEGER;
ALTER TABLE runs ADD COLUMN best_errors INTEGER;
ALTER TABLE runs ADD COLUMN best_count INTEGER;
ALTER TABLE runs ADD COLUMN last_errors INTEGER;
ALTER TABLE runs ADD COLUMN last_count INTEGER;
ALTER TABLE runs ADD COLUMN test_errors INTEGER;
ALTER TABLE runs ADD COLUMN test_count INTEGER;
UPDATE runs SET test_errors = json_extract(test, '$.errors'),
                test_count = json_extract(test, '$.count') WHERE test IS NOT NULL;
ALTER TABLE runs DROP COLUMN test;
UPDATE runs SET place = id WHERE state = 'queued';
UPDATE runs SET slot = 0 WHERE state = 'running';
UPDATE runs SET parameters = parameters_of(spec);
{SUMMARISE};
CREATE TABLE asked_workers (slot INTEGER PRIMARY KEY, at REAL NOT NULL);
"""
# What people have drawn and labelled; `mark` stands for the strokes, so that none is there twice.
THIRD = """
CREATE TABLE drawings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created REAL NOT NULL,
    writer TEXT NOT NULL,
    label INTEGER NOT NULL,
    mark TEXT NOT NULL UNIQUE,
    strokes TEXT NOT NULL
);
CREATE INDEX drawings_by_writer ON drawings (writer, label);
"""
MIGRATIONS = (FIRST, SECOND, THIRD)
"""Each brings a file from one version to the next; a new file goes through all of them."""
VERSION = len(MIGRATIONS)


NO_ROOM = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}
"""What SQLite finds on a full disk; the second, where the memory that processes share has no room,
it calls an I/O error."""


class StoreError(LabError):
    """The store cannot be read or written."""


class Database:
    """One SQLite file in a folder. Every transaction has a connection of its own, so any thread and
    any process may begin one; write-ahead logging lets pages read while a worker writes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def file(self) -> Path:
        return self.folder / "store.sqlite"

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One transaction that sees one state of the store and keeps nobody from writing."""
        with self._connection() as db:
            db.execute("BEGIN")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, taken for writing at once so that two processes never deadlock."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.file, timeout=30, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"The runs in {self.folder} cannot be opened: {error}.") from error
        try:
            db.row_factory = sqlite3.Row
            self._prepare(db)
            yield db
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "") in NO_ROOM:
                raise StoreError(
                    f"{self.file} cannot be used: the disk is full. Make room on it and try again."
                ) from error
            raise StoreError(
                f"{self.file} cannot be used ({error}). Make room on the disk or move the file "
                "away; the lab then starts a new one. Checkpoints beside it stay."
            ) from error
        finally:
            db.close()

    def _prepare(self, db: sqlite3.Connection) -> None:
        _write_ahead(db)
        # A power cut must not take a committed epoch back.
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        version = _version(db)
        if version > VERSION:
            raise StoreError(
                f"{self.file} was written by a later version of the lab ({version}; this one reads "
                f"{VERSION}). Update the lab or set MNISTLAB_HOME to another folder."
            )
        if version < VERSION:
            db.create_function("parameters_of", 1, _parameters_of)
            db.execute("BEGIN IMMEDIATE")
            # Two processes may both find an old file; the second one waits here and then agrees.
            for script in MIGRATIONS[_version(db) :]:
                for statement in script.split(";"):
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
            db.execute("COMMIT")


def _write_ahead(db: sqlite3.Connection) -> None:
    """Switch the journal; of several that first open a new file at once, SQLite makes none wait."""
    for pause in (*[0.02] * 100, None):
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if pause is None or "locked" not in str(error):
                raise
            time.sleep(pause)


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _parameters_of(spec: str) -> int:
    return ledger(parse(spec)).total
