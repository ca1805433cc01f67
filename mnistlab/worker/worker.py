"""The training process: takes queued runs one after another until none is left.

Started by `mnistlab.worker.processes`, or by hand: `python -m mnistlab.worker.worker`.
"""

import contextlib
import os
import sys
import traceback
from errno import ENOSPC
from pathlib import Path

from mnistlab.errors import LabError
from mnistlab.home import Home, home
from mnistlab.store.database.errors import Cause, StoreError
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.worker.processes import free_slot, niceness
from mnistlab.worker.status_reporter import StatusReporter

# An app that looks whether a worker lives holds the lock for a moment; a new worker waits that out.
PATIENCE = 2.0
BALLAST = 1 << 18
"""Bytes that are set aside, to be thrown off when the disk is full and a run's end must be said."""


def work(where: Home) -> None:
    """Train whatever is queued, unless enough other workers are at it."""
    store = Store(where.runs)
    while True:
        with free_slot(where, PATIENCE) as slot:
            if slot is None:
                return
            store.interrupt_orphans(slot)
            while run := store.claim(slot, os.getpid()):
                train_run(store, run, where, slot)
        # A run that was queued after the last claim and before the lock was given back has found
        # this worker alive and started none.
        if not store.queue():
            return


def train_run(store: Store, run: Run, where: Home, slot: int) -> None:
    """Train one claimed run and end it in a state that says how it went."""
    # Named by the slot: what a killed worker left behind is the next one's.
    ballast = store.folder / f"ballast{slot}"
    try:
        ballast.write_bytes(b"0" * BALLAST)
        watch = StatusReporter(store, run.id)
        watch.report("Opening PyTorch")
        from mnistlab.worker.training_job import train_claimed

        train_claimed(store, run, where, watch)
    except Exception as error:  # the next run in the queue must not pay for this one
        ballast.unlink(missing_ok=True)
        store.finish(run.id, State.FAILED, _reason(error, where))
        if _internal(error):
            traceback.print_exc()
    finally:
        ballast.unlink(missing_ok=True)


def _reason(error: Exception, where: Home) -> str:
    full = isinstance(error, StoreError) and error.cause is Cause.FULL
    if full or (isinstance(error, OSError) and error.errno == ENOSPC):
        return (
            f"The disk is full ({where.root}). Make room and resume: the run goes on after its "
            "last whole epoch."
        )
    if isinstance(error, StoreError) and not _internal(error):
        return f"{error} What was trained is kept; resume when that is mended."
    if isinstance(error, OSError):
        return f"{where.root} cannot be used: {error}. Mend that and resume."
    if isinstance(error, LabError):
        return str(error)
    return f"An error in the lab itself ({type(error).__name__}: {error}); worker.log has more."


def _internal(error: Exception) -> bool:
    """Whether it is a bug of ours, which nobody else can mend; the log then gets its traceback."""
    if isinstance(error, StoreError):
        return error.cause is Cause.BUG
    return not isinstance(error, LabError | OSError)


def _step_back(nice: int) -> None:
    """Leave the cores to the pages first."""
    if hasattr(os, "nice"):
        os.nice(nice)
    # Where Linux groups processes by their session, niceness counts within the group alone, and a
    # worker has a session of its own: the group must be nice too.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(nice))


def main() -> int:
    # A closed terminal sends this to its whole group; a training outlives its terminal.
    with contextlib.suppress(AttributeError, ValueError):
        import signal

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        _step_back(niceness())
        work(home())
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
