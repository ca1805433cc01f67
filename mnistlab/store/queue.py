"""The order in which runs are trained, and changes to it; each function is one transaction.

A queued run has a position: -1 and below for "Run next", above it up to 0 for a run that was
preempted, positive for all others in the order in which they were added. In a class that is the
order of each person's own runs; `store.rights.fair_order` says who is next.
"""

import sqlite3
from collections.abc import Sequence

from mnistlab.store.database.errors import StoreError
from mnistlab.store.positions import FIRST_POSITION
from mnistlab.store.rights.fair_order import IS_HELD_BACK
from mnistlab.store.rights.ownership import require_own, require_teacher
from mnistlab.store.rows import summaries
from mnistlab.store.run import Request, RunSummary, State
from mnistlab.store.store import Store

N_RECENT = 50


def queued_count(store: Store) -> int:
    """How many runs are queued."""
    with store.database.reading() as db:
        row = db.execute("SELECT count(*) FROM runs WHERE state = ?", (State.QUEUED,)).fetchone()
        return int(row[0])


def startable_count(store: Store) -> int:
    """How many queued runs a worker may start: in a paused class those of students wait."""
    with store.database.reading() as db:
        return len(_queued(db, f"NOT {IS_HELD_BACK}"))


def is_held_back(store: Store, run_id: int) -> bool:
    """Whether a queued run waits because its class is paused."""
    with store.database.reading() as db:
        return bool(_queued(db, f"id = ? AND {IS_HELD_BACK}", run_id))


def recent_runs(store: Store) -> list[RunSummary]:
    """The runs with an epoch that were trained here last; time estimates are based on them.

    An imported run has no heartbeat, so it is left out.
    """
    clause = "WHERE seconds > 0 AND heartbeat IS NOT NULL ORDER BY heartbeat DESC LIMIT ?"
    with store.database.reading() as db:
        return summaries(db, store.actor, clause, (N_RECENT,))


def move(store: Store, run_id: int, by: int) -> None:
    """Swap a queued run with the one of the same person that is `by` positions after it (before it
    if negative).
    """
    with store.database.writing() as db:
        require_own(db, store.actor, "runs", [run_id])
        rows = _queued(db, "person IS (SELECT person FROM runs WHERE id = ?)", run_id)
        ids = [row["id"] for row in rows]
        index = ids.index(run_id) if run_id in ids else -1
        if index < 0 or not 0 <= index + by < len(ids):
            return
        ids[index], ids[index + by] = ids[index + by], ids[index]
        places = _distinct([row["queue_position"] for row in rows])
        positions = list(zip(places, ids, strict=True))
        db.executemany("UPDATE runs SET queue_position = ? WHERE id = ?", positions)


def run_next(store: Store, run_id: int, workers: int = 1) -> None:
    """Put a queued run first; if no worker will be free for it, preempt a running run.

    That is the run that started last, of those without a request.
    """
    require_teacher(store.actor, "put a run first")
    with store.database.writing() as db:
        db.execute(
            f"UPDATE runs SET queue_position = {FIRST_POSITION} WHERE id = ? AND state = ?",
            (run_id, State.QUEUED),
        )
        n_next = sum(row["queue_position"] <= -1 for row in _queued(db))
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


def _distinct(positions: Sequence[float]) -> list[float]:
    """Ascending positions, of which several may be 0, without equal ones: those are spread over the
    numbers above -1.
    """
    n_returned = sum(-1 < position <= 0 for position in positions)
    spread = iter(-n / n_returned for n in reversed(range(n_returned)))
    return [next(spread) if -1 < position <= 0 else position for position in positions]


def _queued(db: sqlite3.Connection, condition: str = "TRUE", *values: object) -> list[sqlite3.Row]:
    return db.execute(
        "SELECT id, CAST(coalesce(queue_position, 0) AS REAL) AS queue_position "
        f"FROM runs WHERE state = ? AND {condition} ORDER BY runs.queue_position, id",
        (State.QUEUED, *values),
    ).fetchall()
