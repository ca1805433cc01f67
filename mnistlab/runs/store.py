"""A run's life in the store, from the queue to its end; the only channel between the browser's side
and the training process. Every method is one transaction.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mnistlab.arch.ledger import ledger
from mnistlab.arch.spec import Spec
from mnistlab.runs.database import Database
from mnistlab.runs.rows import insert_epochs, progress_json, read_run, summaries
from mnistlab.runs.state import Request, Run, State, Summary
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.recipe import Recipe
from mnistlab.training.score import Score

MAX_NAME = 80
MAX_NOTES = 10_000
ARRIVAL_SECONDS = 15.0
"""How long a worker that was started may take until another one is started in its place."""


def epochs_beside(best: Path) -> list[Path]:
    """The epochs' checkpoints of the run whose best one this is, the first epoch's first."""
    return sorted((best.parent / "epochs").glob("[0-9][0-9][0-9][0-9].safetensors"))


class Store:
    """The runs below one folder, which also holds their checkpoints."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.database = Database(folder)
        self._clock = clock

    def now(self) -> float:
        """Seconds since 1970, by the store's clock."""
        return self._clock()

    def run_folder(self, run_id: int) -> Path:
        return self.folder / f"{run_id:06}"

    def best_checkpoint(self, run_id: int) -> Path:
        """Where the run's best checkpoint is, or will be; `training.recipe.kept` decides."""
        return self.run_folder(run_id) / "best.safetensors"

    def last_checkpoint(self, run_id: int) -> Path:
        """Where the weights of the run's last epoch are once it has ended."""
        return self.run_folder(run_id) / "last.safetensors"

    def epoch_checkpoint(self, run_id: int, epoch: int) -> Path:
        """Where an epoch's weights are, of networks that are small enough to keep them all; the
        record in it is of that epoch alone.
        """
        return self.run_folder(run_id) / "epochs" / f"{epoch:04}.safetensors"

    def resumable(self, run_id: int) -> Path:
        """Where the training stands that can go on, until the run is done."""
        return self.run_folder(run_id) / "resume.safetensors"

    def readings(self, run_id: int) -> Path:
        """Where it is kept how the best checkpoint read each test image."""
        return self.run_folder(run_id) / "readings.safetensors"

    # Into the queue and out of it

    def add(
        self, name: str, spec: Spec, recipe: Recipe, who: str = "", tags: Sequence[str] = ()
    ) -> int:
        """Put a run at the queue's end; its id."""
        with self.database.writing() as db:
            run_id = self.next_id(db)
            db.execute(
                "INSERT INTO runs (id, name, who, tags, spec, recipe, parameters, state, created, "
                f"place) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, {LAST_PLACE})",
                (
                    run_id,
                    one_line(name) or str(spec),
                    one_line(who),
                    " ".join(tags),
                    str(spec),
                    recipe.to_json(),
                    ledger(spec).total,
                    State.QUEUED,
                    self._clock(),
                ),
            )
            return run_id

    def next_id(self, db: sqlite3.Connection) -> int:
        """A number that no run has or had: a moved store leaves folders, which are kept."""
        row = db.execute("SELECT max(seq) AS seq FROM sqlite_sequence WHERE name = 'runs'")
        run_id = (row.fetchone()["seq"] or 0) + 1
        while self.run_folder(run_id).exists():
            run_id += 1
        return run_id

    def claim(self, slot: int = 0, pid: int | None = None) -> Run | None:
        """Take the queue's first run and mark it running; None if there is none."""
        now = self._clock()
        with self.database.writing() as db:
            row = db.execute(
                "UPDATE runs SET state = ?, started = coalesce(started, ?), heartbeat = ?, "
                "slot = ?, pid = ?, place = NULL, message = 'Starting' WHERE id = "
                "(SELECT id FROM runs WHERE state = ? ORDER BY place, id LIMIT 1) RETURNING id",
                (State.RUNNING, now, now, slot, pid, State.QUEUED),
            ).fetchone()
            return read_run(db, row["id"]) if row else None

    def queue(self, limit: int = -1) -> list[Summary]:
        """The first queued runs in the order in which they will be claimed."""
        return self._where("state = ? ORDER BY place, id LIMIT ?", State.QUEUED, limit)

    def running(self) -> list[Summary]:
        return self._where("state = ? ORDER BY id", State.RUNNING)

    # While it trains

    def report(self, run_id: int, message: str, progress: Progress | None = None) -> Request:
        """Say what a running run is doing; what it was asked to do. This is its heartbeat."""
        with self.database.writing() as db:
            row = db.execute(
                "UPDATE runs SET message = ?, progress = ?, heartbeat = ? "
                "WHERE id = ? AND state = ? RETURNING request",
                (message, progress_json(progress), self._clock(), run_id, State.RUNNING),
            ).fetchone()
            # A run that was taken from this process, as one that hung, is no longer its own.
            return Request(row["request"]) if row else Request.PAUSE

    def add_epoch(self, run_id: int, epoch: Epoch) -> None:
        with self.database.writing() as db:
            insert_epochs(db, run_id, [epoch])

    def settle(self, run_id: int, epochs: Sequence[Epoch]) -> None:
        """Make the run's rows those epochs that its resumable training has behind it."""
        with self.database.writing() as db:
            db.execute("DELETE FROM epochs WHERE run = ?", (run_id,))
            insert_epochs(db, run_id, epochs)

    def request(self, run_id: int, request: Request) -> None:
        """Ask a run for something. A running one hears of it; a queued one leaves the queue.

        A stop of a run that has epochs behind it and does not train is carried out by the next
        worker, who reads the test images with its best epoch.
        """
        with self.database.writing() as db:
            row = db.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
            if row is None or row["request"] == Request.STOP or row["deleted"]:
                return
            state, begun = State(row["state"]), row["epochs_done"] > 0
            if state is State.RUNNING and RANK[request] > RANK[row["request"]]:
                db.execute("UPDATE runs SET request = ? WHERE id = ?", (request, run_id))
            elif state.resumable and begun and request is Request.STOP:
                db.execute(
                    f"UPDATE runs SET state = ?, request = ?, ended = NULL, place = {NOW_PLACE}, "
                    "message = '' WHERE id = ?",
                    (State.QUEUED, request, run_id),
                )
            elif state is State.QUEUED or (state.resumable and request is Request.STOP):
                stopped = request is Request.STOP and not begun
                when = f"after epoch {row['epochs_done']}" if begun else "before it began"
                db.execute(
                    "UPDATE runs SET state = ?, ended = ?, place = NULL, message = ? WHERE id = ?",
                    (
                        State.STOPPED if stopped else State.PAUSED,
                        self._clock(),
                        f"{'Stopped' if stopped else 'Taken out of the queue'} {when}.",
                        run_id,
                    ),
                )

    def finish(self, run_id: int, state: State, message: str, test: Score | None = None) -> None:
        """End a running run; one that yields steps back into the queue, behind those for "now".

        What it was asked for meanwhile counts: a stop is stronger than a pause, which is stronger
        than stepping back, and a stop that could not be carried out is kept.
        """
        with self.database.writing() as db:
            row = db.execute(
                "SELECT request, epochs_done FROM runs WHERE id = ? AND state = ?",
                (run_id, State.RUNNING),
            ).fetchone()
            if row is None:
                return
            place, asked = "0", Request(row["request"])
            if asked is Request.PAUSE and state is State.QUEUED:
                state = State.PAUSED
            elif asked is Request.STOP and state in (State.QUEUED, State.PAUSED):
                state = State.QUEUED if row["epochs_done"] else State.STOPPED
                place = NOW_PLACE
            kept = asked is Request.STOP and state in (State.QUEUED, State.FAILED)
            db.execute(
                "UPDATE runs SET state = ?, ended = ?, message = ?, progress = NULL, request = ?, "
                "test_errors = ?, test_count = ?, slot = NULL, pid = NULL, place = "
                f"{place if state is State.QUEUED else 'NULL'} WHERE id = ?",
                (
                    state,
                    None if state.active else self._clock(),
                    message,
                    asked if kept else Request.NONE,
                    test.errors if test else None,
                    test.count if test else None,
                    run_id,
                ),
            )

    # What workers know of each other

    def interrupt_orphans(self, slot: int) -> int:
        """Mark the running runs of a slot interrupted; how many. Only for who holds its lock."""
        with self.database.writing() as db:
            db.execute("DELETE FROM asked_workers WHERE slot = ?", (slot,))
            return db.execute(
                "UPDATE runs SET state = ?, ended = ?, progress = NULL, slot = NULL, pid = NULL, "
                "request = CASE request WHEN 'stop' THEN 'stop' ELSE '' END, message = "
                "'Its training process ended without a word: killed, or the machine went down. "
                "Resume ' || CASE epochs_done WHEN 0 THEN 'begins again.' "
                "ELSE 'goes on after epoch ' || epochs_done || '.' END "
                "WHERE state = ? AND slot = ?",
                (State.INTERRUPTED, self._clock(), State.RUNNING, slot),
            ).rowcount

    def ask_for_worker(self, slot: int) -> bool:
        """Whether the caller is the one to start a worker for a slot: nobody did just now."""
        now = self._clock()
        with self.database.writing() as db:
            return bool(
                db.execute(
                    "INSERT INTO asked_workers VALUES (?, ?) ON CONFLICT (slot) DO "
                    "UPDATE SET at = excluded.at WHERE at NOT BETWEEN ? AND ?",
                    (slot, now, now - ARRIVAL_SECONDS, now),
                ).rowcount
            )

    def slots(self) -> set[int]:
        """The slots whose worker trains, or has died while it did."""
        if not self.database.file.exists():
            return set()
        with self.database.reading() as db:
            rows = db.execute("SELECT slot FROM runs WHERE state = ?", (State.RUNNING,))
            return {row["slot"] or 0 for row in rows}

    def process_of(self, run_id: int) -> tuple[int, int] | None:
        """A running run's slot and process, None if it has none."""
        with self.database.reading() as db:
            row = db.execute(
                "SELECT slot, pid FROM runs WHERE id = ? AND state = ? AND pid IS NOT NULL",
                (run_id, State.RUNNING),
            ).fetchone()
            return (row["slot"], row["pid"]) if row else None

    # To look at

    def run(self, run_id: int) -> Run | None:
        """One run with its epochs; a deleted one too."""
        if not self.database.file.exists():
            return None
        with self.database.reading() as db:
            return read_run(db, run_id)

    def runs(self, run_ids: Sequence[int]) -> list[Run]:
        """Those of the runs that there are, in this order."""
        if not self.database.file.exists():
            return []
        with self.database.reading() as db:
            return [run for run_id in run_ids if (run := read_run(db, run_id))]

    def _where(self, condition: str, *values: object) -> list[Summary]:
        if not self.database.file.exists():
            return []
        with self.database.reading() as db:
            return summaries(db, f"WHERE {condition}", values)


NOW_PLACE = "(SELECT min(coalesce(min(place), 0), 0) - 1 FROM runs WHERE state = 'queued')"
LAST_PLACE = "(SELECT max(coalesce(max(place), 0), 0) + 1 FROM runs WHERE state = 'queued')"
RANK = {Request.NONE: 0, Request.YIELD: 1, Request.PAUSE: 2, Request.STOP: 3}


def one_line(text: str) -> str:
    """A name as a person typed it, made fit for a table's cell."""
    return " ".join(text.split())[:MAX_NAME]
