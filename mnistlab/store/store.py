"""A run's life in the store, from the queue to its end; the only channel between the browser's side
and the training process. Every method is one transaction.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.stats.score import Score
from mnistlab.store import transitions
from mnistlab.store.database.connection import Database
from mnistlab.store.folders import RunFolders
from mnistlab.store.rows import insert_epochs, insert_run, progress_json, read_run, summaries
from mnistlab.store.run import Request, Run, RunSummary, State
from mnistlab.store.transitions import Position, Transition
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.recipe import Recipe

MAX_NAME = 80
MAX_NOTES = 10_000
WORKER_START_SECONDS = 15.0
"""How long a worker that was started may take until another one is started in its place."""
REPORT_PATIENCE = 0.2
"""Seconds that a report waits for another writer: training must not stand still for a heartbeat."""


FileState = tuple[tuple[int, int, int], ...]
"""Inode, nanosecond of the last change and size of each of the store's files."""


def epoch_checkpoints(best: Path) -> list[Path]:
    """The epochs' checkpoints of the run whose best one this is, the first epoch's first."""
    return sorted((best.parent / "epochs").glob("[0-9][0-9][0-9][0-9].safetensors"))


class Store(RunFolders):
    """The runs below one folder, which also holds their checkpoints."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        super().__init__(folder)
        self.database = Database(folder)
        self._clock = clock

    def now(self) -> float:
        """Seconds since 1970, by the store's clock."""
        return self._clock()

    def file_state(self) -> FileState:
        """What any change to the store changes: the database and, if there is one, its log."""
        file = self.database.file
        states = []
        for path in (file, file.with_name(f"{file.name}-wal")):
            try:
                stat = path.stat()
            except OSError:
                continue
            # Those who only read make an empty log, too.
            if stat.st_size:
                states.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        return tuple(states)

    # Into the queue and out of it

    def add(
        self, name: str, spec: Spec, recipe: Recipe, owner: str = "", tags: Sequence[str] = ()
    ) -> int:
        """Put a run at the queue's end; its id."""
        with self.database.writing() as db:
            run_id = self._next_id(db)
            columns = {
                "name": one_line(name) or str(spec),
                "owner": one_line(owner),
                "tags": " ".join(tags),
                "spec": str(spec),
                "recipe": recipe.to_json(),
                "parameters": summarize(spec).total,
                "state": State.QUEUED,
                "created": self._clock(),
            }
            insert_run(db, run_id, columns)
            db.execute(f"UPDATE runs SET queue_position = {LAST_POSITION} WHERE id = ?", (run_id,))
            return run_id

    def add_ended(self, columns: Mapping[str, object], epochs: Sequence[Epoch], files: Path) -> int:
        """Add a run that was trained elsewhere; its id.

        `columns` are the row's values by name; the folder `files`, if there is one, becomes the
        run's own. Nothing is changed if this raises: StoreError, or OSError if the folder cannot
        be moved.
        """
        moved: Path | None = None
        try:
            with self.database.writing() as db:
                run_id = self._next_id(db)
                insert_run(db, run_id, columns)
                insert_epochs(db, run_id, epochs)
                # One rename brings all files to their place, while the number is still reserved.
                if files.exists():
                    moved = files.rename(self.run_folder(run_id))
        except BaseException:
            if moved:
                moved.rename(files)
            raise
        return run_id

    def _next_id(self, db: sqlite3.Connection) -> int:
        """A number that no run has or had: a moved store leaves folders, which are kept."""
        row = db.execute("SELECT max(seq) AS seq FROM sqlite_sequence WHERE name = 'runs'")
        run_id = (row.fetchone()["seq"] or 0) + 1
        while self.run_folder(run_id).exists() or self.set_aside(run_id).exists():
            run_id += 1
        return run_id

    def claim(self, slot: int = 0, pid: int | None = None) -> Run | None:
        """Take the queue's first run and mark it running; None if there is none."""
        now = self._clock()
        with self.database.writing() as db:
            row = db.execute(
                "UPDATE runs SET state = ?, started = coalesce(started, ?), heartbeat = ?, "
                "slot = ?, pid = ?, queue_position = NULL, message = 'Starting' WHERE id = "
                "(SELECT id FROM runs WHERE state = ? ORDER BY queue_position, id LIMIT 1) "
                "RETURNING id",
                (State.RUNNING, now, now, slot, pid, State.QUEUED),
            ).fetchone()
            return read_run(db, row["id"]) if row else None

    def queue(self, limit: int = -1) -> list[RunSummary]:
        """The first queued runs in the order in which they will be claimed."""
        return self._where("state = ? ORDER BY queue_position, id LIMIT ?", State.QUEUED, limit)

    def running(self) -> list[RunSummary]:
        return self._where("state = ? ORDER BY id", State.RUNNING)

    # While it trains

    def report(self, run_id: int, message: str, progress: Progress | None = None) -> Request:
        """Say what a running run is doing; what it was asked to do. This is its heartbeat.

        Raises StoreError if it cannot be written soon; nothing is lost then, the next one will do.
        """
        with self.database.writing(REPORT_PATIENCE) as db:
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

    def replace_epochs(self, run_id: int, epochs: Sequence[Epoch]) -> None:
        """Make the run's rows those epochs that its resumable training has behind it."""
        with self.database.writing() as db:
            db.execute("DELETE FROM epochs WHERE run = ?", (run_id,))
            insert_epochs(db, run_id, epochs)

    def request(self, run_id: int, request: Request) -> None:
        """Ask a run for something; `store.transitions` says what follows. Deleted runs ignore it.

        A running one is told after its next step. A stop of a run that has epochs behind it and
        does not train is carried out by the next worker, who evaluates its best epoch.
        """
        with self.database.writing() as db:
            row = db.execute(
                "SELECT state, request, epochs_done FROM runs WHERE id = ? AND deleted IS NULL",
                (run_id,),
            ).fetchone()
            if row is None:
                return
            state, done = State(row["state"]), row["epochs_done"]
            found = transitions.requested(state, request, Request(row["request"]), done)
            if found is None:
                return
            if found.state is State.RUNNING:
                db.execute("UPDATE runs SET request = ? WHERE id = ?", (found.request, run_id))
                return
            queued = found.state is State.QUEUED
            message = "" if queued else transitions.left_queue(found.state, done)
            self._move(db, run_id, found, message)

    def finish(self, run_id: int, state: State, message: str, test: Score | None = None) -> None:
        """Let go of a running run: it ends, pauses, or returns to the queue.

        What it was asked for meanwhile counts, as `store.transitions` says.
        """
        with self.database.writing() as db:
            row = db.execute(
                "SELECT request, epochs_done FROM runs WHERE id = ? AND state = ?",
                (run_id, State.RUNNING),
            ).fetchone()
            if row is None:
                return
            asked = Request(row["request"])
            found = transitions.released(state, asked, row["epochs_done"])
            self._move(db, run_id, found, message)
            db.execute(
                "UPDATE runs SET test_errors = ?, test_count = ? WHERE id = ?",
                (test.errors if test else None, test.count if test else None, run_id),
            )

    def resume(self, run_id: int) -> bool:
        """Queue a run again that was left half-way; whether it could be resumed."""
        with self.database.writing() as db:
            row = db.execute(
                "SELECT state, request FROM runs WHERE id = ? AND deleted IS NULL", (run_id,)
            ).fetchone()
            found = row and transitions.resumed(State(row["state"]), Request(row["request"]))
            if not found:
                return False
            self._move(db, run_id, found, "")
            return True

    def _move(self, db: sqlite3.Connection, run_id: int, to: Transition, message: str) -> None:
        """Carry out a transition of a run that no worker trains from here on."""
        db.execute(
            "UPDATE runs SET state = ?, request = ?, message = ?, ended = ?, progress = NULL, "
            f"slot = NULL, pid = NULL, queue_position = {PLACES[to.position]} WHERE id = ?",
            (
                to.state,
                to.request,
                message,
                None if to.state.active else self._clock(),
                run_id,
            ),
        )

    # What workers know of each other

    def interrupt_orphans(self, slot: int) -> int:
        """Mark the running runs of a slot interrupted; how many. Only for who holds its lock."""
        with self.database.writing() as db:
            db.execute("DELETE FROM worker_starts WHERE slot = ?", (slot,))
            rows = db.execute(
                "SELECT id, request, epochs_done FROM runs WHERE state = ? AND slot = ?",
                (State.RUNNING, slot),
            ).fetchall()
            for row in rows:
                asked, done = Request(row["request"]), row["epochs_done"]
                found = transitions.released(State.INTERRUPTED, asked, done)
                self._move(db, row["id"], found, transitions.lost_worker(done))
            return len(rows)

    def reserve_worker_start(self, slot: int) -> bool:
        """Whether the caller is the one to start a worker for a slot: nobody did just now."""
        now = self._clock()
        with self.database.writing() as db:
            return bool(
                db.execute(
                    "INSERT INTO worker_starts VALUES (?, ?) ON CONFLICT (slot) DO "
                    "UPDATE SET at = excluded.at WHERE at NOT BETWEEN ? AND ?",
                    (slot, now, now - WORKER_START_SECONDS, now),
                ).rowcount
            )

    def busy_slots(self) -> set[int]:
        """The slots whose worker trains, or has died while it did."""
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
        with self.database.reading() as db:
            return read_run(db, run_id)

    def runs(self, run_ids: Sequence[int]) -> list[Run]:
        """Those of the runs that there are, in this order."""
        with self.database.reading() as db:
            return [run for run_id in run_ids if (run := read_run(db, run_id))]

    def _where(self, condition: str, *values: object) -> list[RunSummary]:
        with self.database.reading() as db:
            return summaries(db, f"WHERE {condition}", values)


FIRST_POSITION = (
    "(SELECT min(coalesce(min(queue_position), 0), 0) - 1 FROM runs WHERE state = 'queued')"
)
LAST_POSITION = (
    "(SELECT max(coalesce(max(queue_position), 0), 0) + 1 FROM runs WHERE state = 'queued')"
)
PLACES = {
    Position.NOWHERE: "NULL",
    Position.NEXT: FIRST_POSITION,
    Position.RETURNED: "0",
    Position.LAST: LAST_POSITION,
}
"""A queued run's place in SQL: negative for those put first, 0 for one that stepped back."""


def one_line(text: str) -> str:
    """A name as a person typed it, made fit for a table's cell."""
    return " ".join(text.split())[:MAX_NAME]
