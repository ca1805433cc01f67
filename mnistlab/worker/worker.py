"""The worker process: trains queued runs one after another, then is idle for a while.

Started by `mnistlab.worker.processes`, or by hand: `python -m mnistlab.worker.worker`.
"""

import contextlib
import math
import os
import sys
import traceback
from errno import ENOSPC
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from mnistlab.errors import LabError
from mnistlab.home import Home, default_home
from mnistlab.store.database.errors import Cause, StoreError
from mnistlab.store.folders import TrainingOutput
from mnistlab.store.queue import startable_count
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.store.worker_slots import interrupt_orphans
from mnistlab.worker.idle import code_state, wait_for_run
from mnistlab.worker.processes import free_slot, idle_seconds, niceness
from mnistlab.worker.status_reporter import StatusReporter
from mnistlab.worker.warm_up import WarmUp

if TYPE_CHECKING:
    from mnistlab.data.mnist import Mnist

# A page that checks for a living worker holds the lock for a moment; a new worker waits that long.
PATIENCE = 2.0
BUSY_PAUSE = 5.0
"""Seconds before a run that a locked file has interrupted is queued again."""
WAITED = "Another program had locked a file of the lab."
BALLAST = 1 << 18
"""Bytes of a file that is deleted when the disk is full, so that the run's end can be written."""


def work(home: Home, idle: float = 0.0) -> None:
    """Train the queued runs, unless all worker slots are busy; wait up to `idle` seconds for more.

    While it waits, it holds no slot, so it is in nobody's way if it hangs.
    """
    # Whatever another program does with the store's file, a run does not fail for it.
    store = Store(home.runs, patience=math.inf)
    warm_up, code = WarmUp(home), code_state()
    while True:
        with contextlib.ExitStack() as idle_lock:
            # Read after the slot was released: while this worker held it, no other was started.
            if not startable_count(store) and not wait_for_run(
                home, idle, code, warm_up.steps(), idle_lock
            ):
                return
            with free_slot(home, PATIENCE) as slot:
                idle_lock.close()
                if slot is None:
                    return
                interrupt_orphans(store, slot)
                while run := store.claim(slot, os.getpid()):
                    train_run(store, run, home, slot, warm_up.mnist)


def train_run(
    store: TrainingOutput, run: Run, home: Home, slot: int, mnist: "Mnist | None" = None
) -> None:
    """Train one claimed run, on `mnist` if it is loaded; if it fails, its message says why."""
    # Named by the slot: the next worker reuses the file that a killed one left.
    ballast = store.folder / f"ballast{slot}"
    try:
        ballast.write_bytes(b"0" * BALLAST)
        reporter = StatusReporter(store, run.id)
        reporter.report("Loading PyTorch")
        from mnistlab.worker.training_job import train_claimed

        train_claimed(store, run, home, reporter, mnist)
    except Exception as error:  # the other runs in the queue must still be trained
        ballast.unlink(missing_ok=True)
        if is_busy(error):
            # What stands in the way of a part that does not wait will pass, but not at once.
            sleep(BUSY_PAUSE)
            store.finish(run.id, State.QUEUED, f"{WAITED} The run goes on by itself.")
        else:
            store.finish(run.id, State.FAILED, _reason(error, home))
        if _internal(error):
            traceback.print_exc()
    finally:
        ballast.unlink(missing_ok=True)


def is_busy(error: Exception) -> bool:
    """Whether another program has locked a file that the run needs."""
    return isinstance(error, StoreError) and error.cause is Cause.BUSY


def _reason(error: Exception, home: Home) -> str:
    is_full = isinstance(error, StoreError) and error.cause is Cause.FULL
    if is_full or (isinstance(error, OSError) and error.errno == ENOSPC):
        return (
            f"The disk is full ({home.root}). Free some space and resume; the run continues after "
            "its last complete epoch."
        )
    if isinstance(error, StoreError) and not _internal(error):
        return f"{error} The epochs so far are saved; resume once fixed."
    if isinstance(error, OSError):
        return f"{home.root} cannot be used: {error}. Resume once fixed."
    if isinstance(error, LabError):
        return str(error)
    return f"Internal error: {type(error).__name__}: {error}. See worker.log."


def _internal(error: Exception) -> bool:
    """Whether it is a mistake in our code; its traceback then goes to the log."""
    if isinstance(error, StoreError):
        return error.cause is Cause.BUG
    return not isinstance(error, LabError | OSError)


def lower_priority(nice: int) -> None:
    """Give the pages priority on the cores."""
    if hasattr(os, "nice"):
        os.nice(nice)
    # If Linux groups processes by session (autogroup), niceness counts only within the group, and a
    # worker has its own session: the group's niceness must be set too.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(nice))


def main() -> int:
    # A closed terminal sends SIGHUP to its process group; training continues without a terminal.
    with contextlib.suppress(AttributeError, ValueError):
        import signal

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        lower_priority(niceness())
        work(default_home(), idle_seconds())
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
