"""Getting runs trained: a worker process of their own, one at a time, whatever the app does."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnistlab.arch.ledger import ledger
from mnistlab.arch.spec import Spec
from mnistlab.home import Home
from mnistlab.runs.state import State
from mnistlab.runs.store import Store, StoreError
from mnistlab.training.recipe import Recipe

CHECKOUT = Path(__file__).parents[2]


def submit(home: Home, name: str, spec: Spec, recipe: Recipe) -> int:
    """Queue a run and make sure that a worker is up; the run's id.

    Raises SpecError if the network cannot be built, StoreError if the store cannot be written.
    """
    ledger(spec)
    run_id = Store(home.runs).add(name, spec, recipe)
    start_worker(home)
    return run_id


def tend(home: Home) -> None:
    """Find what a dead worker left behind, and start a worker if runs are waiting."""
    store = Store(home.runs)
    if not store.runs(1, (State.QUEUED, State.RUNNING)):
        return
    with worker_lock(home) as free:
        if free:
            store.interrupt_orphans()
    if free and store.runs(1, (State.QUEUED,)):
        start_worker(home)


def start_worker(home: Home) -> None:
    """Start a worker, detached: it outlives this process and ends when the queue is empty.

    A worker that finds another at work ends at once, so starting one too many does no harm.
    """
    apart = {"creationflags": 0x208} if os.name == "nt" else {"start_new_session": True}
    try:
        home.runs.mkdir(parents=True, exist_ok=True)
        with (home.runs / "worker.log").open("ab") as log:
            subprocess.Popen(
                [sys.executable, "-m", "mnistlab.runs.worker"],
                cwd=CHECKOUT,
                env=os.environ | {"MNISTLAB_HOME": str(home.root)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **apart,
            )
    except OSError as error:
        raise StoreError(f"No training process could be started: {error}.") from error


@contextmanager
def worker_lock(home: Home, patience: float = 0.0) -> Iterator[bool]:
    """Try to be the one worker; whether that succeeded.

    SQLite's lock on a file of its own: the system takes it back when a process dies, however it
    dies, on every system that SQLite runs on. `patience` is in seconds.
    """
    try:
        home.runs.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(home.runs / "worker.lock", timeout=patience, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{home.runs} cannot be written: {error}.") from error
    try:
        yield _locked(lock, home)
    finally:
        lock.close()


def _locked(lock: sqlite3.Connection, home: Home) -> bool:
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise StoreError(f"{home.runs} cannot be written: {error}.") from error
    return True
