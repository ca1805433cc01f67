"""Which workers were started and have not reported yet; each function is one transaction.

So that of several sessions that want a worker at the same moment one starts it. A slot's entry goes
with the first run that its worker looks for (`Store.interrupt_orphans`).
"""

from mnistlab.store.store import Store

START_SECONDS = 15.0
"""Seconds that a new worker may take to start before another one is started for its slot; also what
an idle one may take to claim a run."""
IDLE_WORKER = -1
"""Stands for the idle worker, which has no slot until a run comes."""


def reserve(store: Store, slot: int) -> bool:
    """Whether the caller should start a worker for a slot: none was started just now."""
    with store.database.writing() as db:
        # Inside: a caller that waited for the lock would take the start before it for a later one,
        # of a clock that was set back.
        now = store.now()
        return bool(
            db.execute(
                "INSERT INTO worker_starts VALUES (?, ?) ON CONFLICT (slot) DO "
                "UPDATE SET at = excluded.at WHERE at NOT BETWEEN ? AND ?",
                (slot, now, now - START_SECONDS, now),
            ).rowcount
        )


def expect_idle(store: Store) -> bool:
    """Whether the idle worker may still be waited for: since it was first expected, it has had less
    than START_SECONDS to claim a run.

    One that hangs is not waited for again until it reports with `idle_is_ready`.
    """
    with store.database.writing() as db:
        now = store.now()
        db.execute(
            "INSERT INTO worker_starts VALUES (?, ?) ON CONFLICT (slot) DO NOTHING",
            (IDLE_WORKER, now),
        )
        row = db.execute(
            "SELECT CAST(at AS REAL) AS at FROM worker_starts WHERE slot = ?", (IDLE_WORKER,)
        ).fetchone()
        return now - START_SECONDS <= float(row["at"]) <= now


def idle_is_ready(store: Store) -> None:
    """Note that the idle worker runs; a store that does not exist yet is not made for that."""
    if store.database.file.exists():
        with store.database.writing() as db:
            db.execute("DELETE FROM worker_starts WHERE slot = ?", (IDLE_WORKER,))
