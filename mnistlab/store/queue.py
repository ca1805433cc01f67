"""The order in which runs are trained, and changes to it; each function is one transaction.

A queued run has a place. Those that were asked for "now" have negative ones, a run that stepped
back for them has nought, the others follow in the order in which they came.
"""

import sqlite3
from collections.abc import Sequence

from mnistlab.store.database.errors import StoreError
from mnistlab.store.rows import summaries
from mnistlab.store.run import Request, RunSummary, State
from mnistlab.store.store import FIRST_POSITION, Store

MEASURED = 50


def queued_count(store: Store) -> int:
    """How many runs are queued."""
    with store.database.reading() as db:
        row = db.execute("SELECT count(*) FROM runs WHERE state = ?", (State.QUEUED,)).fetchone()
        return int(row[0])


def recent_runs(store: Store) -> list[RunSummary]:
    """The runs that were trained here last, as far as they have an epoch: what speed is known by.

    A run that was taken in from another lab has never had a heartbeat here.
    """
    clause = "WHERE seconds > 0 AND heartbeat IS NOT NULL ORDER BY heartbeat DESC LIMIT ?"
    with store.database.reading() as db:
        return summaries(db, clause, (MEASURED,))


def move(store: Store, run_id: int, by: int) -> None:
    """Let a queued run and the one `by` places after it (or before) change places."""
    with store.database.writing() as db:
        rows = _queued(db)
        ids = [row["id"] for row in rows]
        here = ids.index(run_id) if run_id in ids else -1
        if here < 0 or not 0 <= here + by < len(ids):
            return
        ids[here], ids[here + by] = ids[here + by], ids[here]
        now = sum(row["queue_position"] < 0 for row in rows)
        places = [(index - now + (index >= now), each) for index, each in enumerate(ids)]
        db.executemany("UPDATE runs SET queue_position = ? WHERE id = ?", places)


def run_next(store: Store, run_id: int, workers: int = 1) -> None:
    """Put a queued run first; if no worker will be free for it, a running run steps back.

    What steps back is the run that began last of those that were not asked for something already.
    """
    with store.database.writing() as db:
        db.execute(
            f"UPDATE runs SET queue_position = {FIRST_POSITION} WHERE id = ? AND state = ?",
            (run_id, State.QUEUED),
        )
        wanted = sum(row["queue_position"] < 0 for row in _queued(db))
        staying = db.execute(
            "SELECT id FROM runs WHERE state = ? AND request = '' ORDER BY started DESC, id DESC",
            (State.RUNNING,),
        ).fetchall()
        for row in staying[: max(0, len(staying) + wanted - workers)][:1]:
            db.execute("UPDATE runs SET request = ? WHERE id = ?", (Request.PREEMPT, row["id"]))


def resume(store: Store, run_id: int) -> None:
    """Queue a run again that was paused, failed or interrupted; it goes on where it stood.

    One that was to be stopped when its process ended is only brought to its end. Raises StoreError
    if the run cannot be resumed.
    """
    if not store.resume(run_id):
        raise StoreError(
            f"Run {run_id} cannot be resumed: only a paused, failed or interrupted run can, and "
            "one in the bin must be taken back first."
        )


def activity(store: Store, run_ids: Sequence[int] = ()) -> tuple[object, ...]:
    """What a page waits for: how many runs wait and train, and the states of the given ones.

    It is the same as long as nothing has begun or ended.
    """
    with store.database.reading() as db:
        counts = db.execute(
            "SELECT total(state = ?), total(state = ?) FROM runs WHERE state IN (?, ?)",
            (State.QUEUED, State.RUNNING) * 2,
        ).fetchone()
        marks = ", ".join("?" * len(run_ids))
        states = db.execute(
            f"SELECT state FROM runs WHERE id IN ({marks}) ORDER BY id", tuple(run_ids)
        )
        return (*map(int, counts), *(row["state"] for row in states))


def _queued(db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute(
        "SELECT id, queue_position FROM runs WHERE state = ? ORDER BY queue_position, id",
        (State.QUEUED,),
    ).fetchall()
