"""The processes that train: their slots and process ids, as the running runs name them, whether one
waits for the store, and what becomes of the runs of one that died.
"""

from mnistlab.store import transitions
from mnistlab.store.database import lock_notice
from mnistlab.store.rights.ownership import require_own
from mnistlab.store.rows import N_EPOCHS, request_of
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store


def busy_slots(store: Store) -> set[int]:
    """The slots whose worker is training, or died while training."""
    with store.database.reading() as db:
        rows = db.execute(
            "SELECT CAST(coalesce(slot, 0) AS INTEGER) AS slot FROM runs WHERE state = ?",
            (State.RUNNING,),
        )
        return {row["slot"] for row in rows}


def requested(store: Store, slot: int) -> dict[int, Request]:
    """The requests to the runs that train in a slot, by their ids; only those that have one."""
    with store.database.reading() as db:
        rows = db.execute(
            "SELECT id, request FROM runs WHERE state = ? AND slot = ? AND request != ''",
            (State.RUNNING, slot),
        )
        return {row["id"]: request_of(row) for row in rows}


def process_to_kill(store: Store, run_id: int) -> tuple[int, int] | None:
    """`process_of`, for whoever may kill it. Raises NotAllowedError for others."""
    with store.database.reading() as db:
        require_own(db, store.actor, "runs", [run_id])
    return process_of(store, run_id)


def process_of(store: Store, run_id: int) -> tuple[int, int] | None:
    """A running run's slot and process id, None if it has none."""
    with store.database.reading() as db:
        row = db.execute(
            # Signals to 0, 1 and negative numbers would reach other processes.
            "SELECT slot, pid FROM runs WHERE id = ? AND state = ? "
            "AND typeof(slot) = 'integer' AND typeof(pid) = 'integer' AND pid > 1",
            (run_id, State.RUNNING),
        ).fetchone()
        return (row["slot"], row["pid"]) if row else None


def seconds_waiting(store: Store) -> float | None:
    """For how long a process has been waiting for the store, because another program has locked it;
    None if none waits.
    """
    return lock_notice.seconds_waited(store.folder, store.now())


def interrupt_orphans(store: Store, slot: int) -> int:
    """Mark a slot's running runs as interrupted; how many. The caller holds the slot's lock."""
    return _release_all(store, slot, State.INTERRUPTED)


def requeue_orphans(store: Store, slot: int) -> int:
    """Queue a slot's running runs again; how many. The caller holds the slot's lock."""
    return _release_all(store, slot, State.QUEUED)


def _release_all(store: Store, slot: int, state: State) -> int:
    with store.database.writing() as db:
        db.execute("DELETE FROM worker_starts WHERE slot = ?", (slot,))
        rows = db.execute(
            f"SELECT id, request, {N_EPOCHS} FROM runs WHERE state = ? AND slot = ?",
            (State.RUNNING, slot),
        ).fetchall()
        for row in rows:
            request, done = request_of(row), row["epochs_done"]
            to = transitions.released(state, request, done)
            lost = state is State.INTERRUPTED
            message = transitions.lost_worker(done) if lost else ""
            store.move_run(db, row["id"], to, message)
        return len(rows)
