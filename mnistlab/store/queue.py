"""The order in which runs are trained, and changes to it; each function is one transaction.

A queued run has a position: negative for "Run next", 0 for a run that was preempted, positive for
all others in the order in which they were added.
"""

import sqlite3
from collections.abc import Sequence

from mnistlab.store.database.errors import StoreError
from mnistlab.store.positions import FIRST_POSITION
from mnistlab.store.rows import summaries
from mnistlab.store.run import Request, RunSummary, State
from mnistlab.store.store import Store

N_RECENT = 50


def queued_count(store: Store) -> int:
    """How many runs are queued."""
    with store.database.reading() as db:
        row = db.execute("SELECT count(*) FROM runs WHERE state = ?", (State.QUEUED,)).fetchone()
        return int(row[0])


def recent_runs(store: Store) -> list[RunSummary]:
    """The runs with an epoch that were trained here last; time estimates are based on them.

    An imported run has no heartbeat, so it is left out.
    """
    clause = "WHERE seconds > 0 AND heartbeat IS NOT NULL ORDER BY heartbeat DESC LIMIT ?"
    with store.database.reading() as db:
        return summaries(db, clause, (N_RECENT,))


def move(store: Store, run_id: int, by: int) -> None:
    """Swap a queued run with the one `by` positions after it (before it if negative)."""
    with store.database.writing() as db:
        rows = _queued(db)
        ids = [row["id"] for row in rows]
        index = ids.index(run_id) if run_id in ids else -1
        if index < 0 or not 0 <= index + by < len(ids):
            return
        ids[index], ids[index + by] = ids[index + by], ids[index]
        n_next = sum(row["queue_position"] < 0 for row in rows)
        positions = [(n - n_next + (n >= n_next), each) for n, each in enumerate(ids)]
        db.executemany("UPDATE runs SET queue_position = ? WHERE id = ?", positions)


def run_next(store: Store, run_id: int, workers: int = 1) -> None:
    """Put a queued run first; if no worker will be free for it, preempt a running run.

    That is the run that started last, of those without a request.
    """
    with store.database.writing() as db:
        db.execute(
            f"UPDATE runs SET queue_position = {FIRST_POSITION} WHERE id = ? AND state = ?",
            (run_id, State.QUEUED),
        )
        n_next = sum(row["queue_position"] < 0 for row in _queued(db))
        running = db.execute(
            "SELECT id FROM runs WHERE state = ? AND request = '' ORDER BY started DESC, id DESC",
            (State.RUNNING,),
        ).fetchall()
        for row in running[: max(0, len(running) + n_next - workers)][:1]:
            db.execute("UPDATE runs SET request = ? WHERE id = ?", (Request.PREEMPT, row["id"]))


def cancel(store: Store, run_ids: Sequence[int]) -> None:
    """Cancel those of the runs that are queued; one that has epochs is paused."""
    queued = {run.id for run in store.queue()}
    for run_id in run_ids:
        if run_id in queued:
            store.request(run_id, Request.STOP)


def resume(store: Store, run_id: int) -> None:
    """Queue a run again that was paused, failed or interrupted; it continues after its last epoch.

    A run that had a stop request when its process died is only evaluated and ended. Raises
    StoreError if the run cannot be resumed.
    """
    if not store.resume(run_id):
        raise StoreError(
            f"Run {run_id} cannot be resumed; only a paused, failed or interrupted run can. "
            "Restore a run in the trash first."
        )


def activity(store: Store, run_ids: Sequence[int] = ()) -> tuple[object, ...]:
    """A value that changes whenever a run starts or ends: how many runs are queued and running,
    and the states of the given runs.
    """
    with store.database.reading() as db:
        counts = db.execute(
            "SELECT total(state = ?), total(state = ?) FROM runs WHERE state IN (?, ?)",
            (State.QUEUED, State.RUNNING) * 2,
        ).fetchone()
        placeholders = ", ".join("?" * len(run_ids))
        states = db.execute(
            f"SELECT state FROM runs WHERE id IN ({placeholders}) ORDER BY id", tuple(run_ids)
        )
        return (*map(int, counts), *(row["state"] for row in states))


def _queued(db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute(
        "SELECT id, CAST(coalesce(queue_position, 0) AS REAL) AS queue_position "
        "FROM runs WHERE state = ? ORDER BY runs.queue_position, id",
        (State.QUEUED,),
    ).fetchall()
