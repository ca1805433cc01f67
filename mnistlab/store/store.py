"""A run in the store, from the queue to its end; the only channel between pages and training
processes. Every method is one transaction.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mnistlab.actor import OPERATOR, Actor
from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store import transitions
from mnistlab.store.database.connection import Database
from mnistlab.store.database.connection import FileState as FileState
from mnistlab.store.folders import TrainingOutput
from mnistlab.store.positions import LAST_POSITION, POSITION_SQL
from mnistlab.store.rights.fair_order import (
    CATCH_UP,
    COUNT_SECONDS,
    COUNT_TURN,
    FAIR_ORDER,
    IS_HELD_BACK,
)
from mnistlab.store.rights.limits import check_limits, is_bound
from mnistlab.store.rights.ownership import require_joined, require_own
from mnistlab.store.rows import (
    N_EPOCHS,
    UnreadableRunError,
    insert_epochs,
    insert_run,
    progress_json,
    read_run,
    read_runs,
    request_of,
    summaries,
)
from mnistlab.store.run import Request, Run, RunSummary, State
from mnistlab.store.transitions import Transition
from mnistlab.text import one_line
from mnistlab.training.epoch import Epoch, Progress

MAX_NOTES = 10_000
REPORT_PATIENCE = 0.2
"""Seconds that a report waits for another writer: a heartbeat must not delay training."""


class Store(TrainingOutput):
    """The runs below one folder, which also holds their checkpoints.

    `patience` in seconds is that of `Database`. What `actor` may not change raises NotAllowedError
    before anything is changed; whoever trains is the operator.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.time,
        patience: float | None = None,
        actor: Actor = OPERATOR,
    ) -> None:
        super().__init__(folder)
        self.database = Database(folder, patience)
        self.actor = actor
        self._clock = clock

    @classmethod
    def of(cls, home: Home) -> "Store":
        """The runs of a lab, for whoever acts on it."""
        return cls(home.runs, actor=home.actor)

    def now(self) -> float:
        """Seconds since 1970, by the store's clock."""
        return self._clock()

    def file_state(self) -> FileState:
        """A value that changes whenever the store does."""
        return self.database.file_state()

    # Queue

    def add(
        self, name: str, spec: Spec, recipe: Recipe, owner: str = "", tags: Sequence[str] = ()
    ) -> int:
        """Add a run at the end of the queue; its id. In a class its owner is the actor's name."""
        with self.database.writing() as db:
            return self.add_within(db, name, spec, recipe, owner, tags)

    def add_within(
        self,
        db: sqlite3.Connection,
        name: str,
        spec: Spec,
        recipe: Recipe,
        owner: str = "",
        tags: Sequence[str] = (),
    ) -> int:
        """Add a run as `add` does, within a writing transaction."""
        check_limits(db, self.actor, spec, recipe)
        db.execute(CATCH_UP, {"person": self.actor.person})
        run_id = self._next_id(db)
        columns = {
            "name": one_line(name) or str(spec),
            "owner": one_line(require_joined(db, self.actor) or owner),
            "person": self.actor.person,
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
        """Add an imported run; its id.

        `columns` are the row's values by name; the folder `files`, if it exists, becomes the run's
        folder. Raises StoreError, or OSError if the folder cannot be moved; nothing is changed
        then.
        """
        moved: Path | None = None
        try:
            with self.database.writing() as db:
                require_joined(db, self.actor)
                run_id = self._next_id(db)
                insert_run(db, run_id, {**columns, "person": self.actor.person})
                insert_epochs(db, run_id, epochs)
                # A single rename moves all files, while the id is still reserved.
                if files.exists():
                    moved = files.rename(self.run_folder(run_id))
        except BaseException:
            if moved:
                moved.rename(files)
            raise
        return run_id

    def _next_id(self, db: sqlite3.Connection) -> int:
        """An id that no run has or had."""
        row = db.execute("SELECT max(seq) AS seq FROM sqlite_sequence WHERE name = 'runs'")
        return self.free_id((row.fetchone()["seq"] or 0) + 1)

    def claim(self, slot: int = 0, pid: int | None = None) -> Run | None:
        """Mark the queue's first run as running and return it; None if there is none to start.

        In a paused class the students' runs wait. A run whose row cannot be read fails, so that it
        is in no other run's way.
        """
        now = self._clock()
        with self.database.writing() as db:
            while row := db.execute(
                f"SELECT id, started FROM runs WHERE state = ? AND NOT {IS_HELD_BACK} "
                f"ORDER BY {FAIR_ORDER} LIMIT 1",
                (State.QUEUED,),
            ).fetchone():
                db.execute(
                    "UPDATE runs SET state = ?, started = coalesce(started, ?), heartbeat = ?, "
                    "slot = ?, pid = ?, queue_position = NULL, message = 'Starting' WHERE id = ?",
                    (State.RUNNING, now, now, slot, pid, row["id"]),
                )
                try:
                    run = read_run(db, self.actor, row["id"])
                    if row["started"] is None:
                        db.execute(COUNT_TURN, (row["id"],))
                    return run
                except UnreadableRunError as error:
                    self.move_run(db, row["id"], Transition(State.FAILED), str(error))
            return None

    def queue(self, limit: int = -1) -> list[RunSummary]:
        """The first queued runs in the order in which they will be claimed."""
        return self._where(f"state = ? ORDER BY {FAIR_ORDER} LIMIT ?", State.QUEUED, limit)

    def running(self) -> list[RunSummary]:
        return self._where("state = ? ORDER BY id", State.RUNNING)

    # Training

    def report(self, run_id: int, message: str, progress: Progress | None = None) -> Request:
        """Write a running run's message and progress, which is its heartbeat; its request.

        Raises StoreError if the store is locked for longer than REPORT_PATIENCE; a later report
        makes up for it.
        """
        with self.database.writing(REPORT_PATIENCE) as db:
            row = db.execute(
                "UPDATE runs SET message = ?, progress = ?, heartbeat = ? "
                "WHERE id = ? AND state = ? RETURNING request",
                (message, progress_json(progress), self._clock(), run_id, State.RUNNING),
            ).fetchone()
            # A run that was taken from a process that hung no longer belongs to that process.
            return request_of(row) if row else Request.PAUSE

    def add_epoch(self, run_id: int, epoch: Epoch) -> None:
        with self.database.writing() as db:
            insert_epochs(db, run_id, [epoch])
            db.execute(COUNT_SECONDS, (epoch.seconds, run_id))

    def replace_epochs(self, run_id: int, epochs: Sequence[Epoch]) -> None:
        """Replace the run's epochs by those of its training state."""
        with self.database.writing() as db:
            db.execute("DELETE FROM epochs WHERE run = ?", (run_id,))
            insert_epochs(db, run_id, epochs)

    def request(self, run_id: int, request: Request) -> None:
        """Send a request to a run; `store.transitions` defines the effect. Deleted runs ignore it.

        The worker of a running run checks it after every step. If a run that has epochs but is not
        running is stopped, the next worker evaluates its best epoch and ends it.
        """
        with self.database.writing() as db:
            row = db.execute(
                f"SELECT state, request, {N_EPOCHS} FROM runs WHERE id = ? AND deleted IS NULL",
                (run_id,),
            ).fetchone()
            if row is None or row["state"] not in list(State):
                return
            require_own(db, self.actor, "runs", [run_id])
            state, done = State(row["state"]), row["epochs_done"]
            to = transitions.requested(state, request, request_of(row), done)
            if to is None:
                return
            if to.state is State.RUNNING:
                db.execute("UPDATE runs SET request = ? WHERE id = ?", (to.request, run_id))
                return
            message = "" if to.state is State.QUEUED else transitions.left_queue(to.state, done)
            self.move_run(db, run_id, to, message)

    def finish(self, run_id: int, state: State, message: str, test: Score | None = None) -> None:
        """Release a running run: it ends, pauses, or returns to the queue.

        `store.transitions` defines the effect of a request that came meanwhile.
        """
        with self.database.writing() as db:
            row = db.execute(
                f"SELECT request, {N_EPOCHS} FROM runs WHERE id = ? AND state = ?",
                (run_id, State.RUNNING),
            ).fetchone()
            if row is None:
                return
            to = transitions.released(state, request_of(row), row["epochs_done"])
            self.move_run(db, run_id, to, message)
            db.execute(
                "UPDATE runs SET test_errors = ?, test_count = ? WHERE id = ?",
                (test.errors if test else None, test.count if test else None, run_id),
            )

    def resume(self, run_id: int) -> bool:
        """Queue an unfinished run again; whether it could be resumed."""
        with self.database.writing() as db:
            require_own(db, self.actor, "runs", [run_id])
            row = db.execute(
                "SELECT state, request FROM runs WHERE id = ? AND deleted IS NULL", (run_id,)
            ).fetchone()
            if row is None or row["state"] not in list(State):
                return False
            to = transitions.resumed(State(row["state"]), request_of(row))
            if not to:
                return False
            if is_bound(db, self.actor) and (run := read_run(db, self.actor, run_id)):
                check_limits(db, self.actor, run.spec, run.recipe)
            self.move_run(db, run_id, to, "")
            return True

    def move_run(self, db: sqlite3.Connection, run_id: int, to: Transition, message: str) -> None:
        """Carry out a transition after which no worker is training the run."""
        ended = None if to.state.active else self._clock()
        db.execute(
            "UPDATE runs SET state = ?, request = ?, message = ?, ended = ?, progress = NULL, "
            f"slot = NULL, pid = NULL, queue_position = {POSITION_SQL[to.position]} WHERE id = ?",
            (to.state, to.request, message, ended, run_id),
        )

    # Reading

    def run(self, run_id: int) -> Run | None:
        """A run with its epochs, also one in the trash.

        Raises UnreadableRunError, a StoreError, if its row cannot be read.
        """
        with self.database.reading() as db:
            return read_run(db, self.actor, run_id)

    def runs(self, run_ids: Sequence[int]) -> list[Run]:
        """The runs with these ids that exist and can be read, in this order."""
        with self.database.reading() as db:
            return read_runs(db, self.actor, run_ids)

    def _where(self, condition: str, *values: object) -> list[RunSummary]:
        with self.database.reading() as db:
            return summaries(db, self.actor, f"WHERE {condition}", values)
