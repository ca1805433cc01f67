"""Runs, their epochs and the requests to them, in one SQLite file; the only channel between the
browser's side and the training process.

Every method is one transaction on a connection of its own, so any thread and any process may call
it. Write-ahead logging lets pages read while a worker writes.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from mnistlab.arch.spec import Spec, parse
from mnistlab.errors import LabError
from mnistlab.runs.state import Run, State
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.recipe import Recipe, recipe_from_json
from mnistlab.training.score import Score

VERSION = 1
SCHEMA = """
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
EPOCH_COLUMNS = tuple(Epoch.__dataclass_fields__)
MAX_NAME = 80


class StoreError(LabError):
    """The store cannot be read or written."""


class Store:
    """The runs below one folder, which also holds their checkpoints."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._clock = clock

    @property
    def file(self) -> Path:
        return self.folder / "store.sqlite"

    def best_checkpoint(self, run_id: int) -> Path:
        """Where the run's best checkpoint is, or will be; `training.epoch.best` decides."""
        return self.folder / f"{run_id:06}" / "best.safetensors"

    def last_checkpoint(self, run_id: int) -> Path:
        """Where the weights of the run's last whole epoch are, or will be."""
        return self.folder / f"{run_id:06}" / "last.safetensors"

    def add(self, name: str, spec: Spec, recipe: Recipe) -> int:
        """Queue a run; its id."""
        with self._writing() as db:
            cursor = db.execute(
                "INSERT INTO runs (name, spec, recipe, state, created) VALUES (?, ?, ?, ?, ?)",
                (
                    " ".join(name.split())[:MAX_NAME] or str(spec),
                    str(spec),
                    recipe.to_json(),
                    State.QUEUED,
                    self._clock(),
                ),
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    def claim(self) -> Run | None:
        """Take the oldest queued run and mark it running; None if there is none."""
        with self._writing() as db:
            row = db.execute(
                "UPDATE runs SET state = ?, started = ?, message = 'Starting' WHERE id = "
                "(SELECT id FROM runs WHERE state = ? ORDER BY id LIMIT 1) RETURNING id",
                (State.RUNNING, self._clock(), State.QUEUED),
            ).fetchone()
            return self._run(db, row["id"]) if row else None

    def report(self, run_id: int, message: str, progress: Progress | None = None) -> bool:
        """Say what a running run is doing; whether it was asked to stop."""
        with self._writing() as db:
            row = db.execute(
                "UPDATE runs SET message = ?, progress = ? WHERE id = ? RETURNING stop_requested",
                (message, json.dumps(asdict(progress)) if progress else None, run_id),
            ).fetchone()
            return row is None or bool(row["stop_requested"])

    def add_epoch(self, run_id: int, epoch: Epoch) -> None:
        marks = ", ".join("?" * (len(EPOCH_COLUMNS) + 1))
        with self._writing() as db:
            db.execute(
                f"INSERT INTO epochs (run, {', '.join(EPOCH_COLUMNS)}) VALUES ({marks})",
                (run_id, *asdict(epoch).values()),
            )

    def finish(self, run_id: int, state: State, message: str, test: Score | None = None) -> None:
        """End a running run."""
        with self._writing() as db:
            db.execute(
                "UPDATE runs SET state = ?, ended = ?, message = ?, test = ?, progress = NULL "
                "WHERE id = ?",
                (state, self._clock(), message, json.dumps(asdict(test)) if test else None, run_id),
            )

    def request_stop(self, run_id: int) -> None:
        """Ask a running run to stop; a queued one is stopped at once."""
        with self._writing() as db:
            db.execute(
                "UPDATE runs SET state = ?, ended = ?, message = 'Stopped before it began.' "
                "WHERE id = ? AND state = ?",
                (State.STOPPED, self._clock(), run_id, State.QUEUED),
            )
            db.execute(
                "UPDATE runs SET stop_requested = 1 WHERE id = ? AND state = ?",
                (run_id, State.RUNNING),
            )

    def interrupt_orphans(self) -> int:
        """Mark every running run interrupted; how many. Only for who knows that no worker lives."""
        with self._writing() as db:
            return db.execute(
                "UPDATE runs SET state = ?, ended = ?, progress = NULL, message = "
                "'Its training process ended without a word: killed, or the machine went down.' "
                "WHERE state = ?",
                (State.INTERRUPTED, self._clock(), State.RUNNING),
            ).rowcount

    def run(self, run_id: int) -> Run | None:
        with self._reading() as db:
            return self._run(db, run_id)

    def ids(self, limit: int) -> list[int]:
        """The newest runs' ids, newest first."""
        if not self.file.exists():
            return []
        with self._reading() as db:
            rows = db.execute("SELECT id FROM runs ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
            return [row["id"] for row in rows]

    def runs(self, limit: int = 50, states: tuple[State, ...] = tuple(State)) -> list[Run]:
        """The newest runs, newest first."""
        if not self.file.exists():
            return []
        marks = ", ".join("?" * len(states))
        with self._reading() as db:
            rows = db.execute(
                f"SELECT id FROM runs WHERE state IN ({marks}) ORDER BY id DESC LIMIT ?",
                (*states, limit),
            ).fetchall()
            return [run for row in rows if (run := self._run(db, row["id"]))]

    @staticmethod
    def _run(db: sqlite3.Connection, run_id: int) -> Run | None:
        row = db.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            return None
        columns = ", ".join(EPOCH_COLUMNS)
        epochs = db.execute(
            f"SELECT {columns} FROM epochs WHERE run = ? ORDER BY number", (run_id,)
        )
        return Run(
            id=row["id"],
            name=row["name"],
            spec=parse(row["spec"]),
            recipe=recipe_from_json(row["recipe"]),
            state=State(row["state"]),
            created=row["created"],
            started=row["started"],
            ended=row["ended"],
            message=row["message"],
            progress=Progress(**json.loads(row["progress"])) if row["progress"] else None,
            epochs=tuple(Epoch(*epoch) for epoch in epochs),
            test=Score(**json.loads(row["test"])) if row["test"] else None,
            stop_requested=bool(row["stop_requested"]),
        )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One transaction that sees one state of the store and keeps nobody from writing."""
        with self._connection() as db:
            db.execute("BEGIN")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
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
            raise StoreError(
                f"{self.file} cannot be used ({error}). Make room on the disk or move the file "
                "away; the lab then starts a new one. Checkpoints beside it stay."
            ) from error
        finally:
            db.close()

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA foreign_keys = ON")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            # Two processes may both find a new file; the second one waits here and then agrees.
            db.executescript(
                f"BEGIN IMMEDIATE; {SCHEMA.replace('TABLE', 'TABLE IF NOT EXISTS')}"
                f"PRAGMA user_version = {VERSION}; COMMIT;".replace("INDEX", "INDEX IF NOT EXISTS")
            )
        elif version > VERSION:
            raise StoreError(
                f"{self.file} was written by a later version of the lab ({version}; this one reads "
                f"{VERSION}). Update the lab or set MNISTLAB_HOME to another folder."
            )
