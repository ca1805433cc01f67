"""Getting runs trained: worker processes of their own, whatever the app does."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.store.database.errors import StoreError
from mnistlab.store.queue import queued_count
from mnistlab.store.store import Store
from mnistlab.training.recipe import Recipe
from mnistlab.worker.lock import lock

CHECKOUT = Path(__file__).parents[2]
MAX_WORKERS = 64
MAX_LOG = 1 << 20
"""Bytes of a log above which the next process starts it again."""


def worker_count() -> int:
    """How many runs may train at a time: `$MNISTLAB_WORKERS`, or one."""
    return _number("MNISTLAB_WORKERS", MAX_WORKERS) or 1


def thread_count() -> int:
    """How many threads a run trains on: `$MNISTLAB_THREADS`, or a worker's share of the cores."""
    return _number("MNISTLAB_THREADS", 1024) or max(1, cores() // worker_count())


def niceness() -> int:
    """How far a worker steps back behind other processes: `$MNISTLAB_NICE`, 0 to 19, or 10.

    Pages come first, so training takes what they leave. Where strangers' processes keep every core
    busy, that is next to nothing; 0 takes an equal share.
    """
    chosen = _number("MNISTLAB_NICE", 19, least=0)
    return 10 if chosen is None else chosen


def _number(name: str, most: int, least: int = 1) -> int | None:
    text = os.environ.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and least <= int(text[:9]) <= most):
        raise LabError(f"${name} is {text[:20]!r}; give a whole number from {least} to {most}.")
    return int(text)


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def submit(
    home: Home, name: str, spec: Spec, recipe: Recipe, owner: str = "", tags: Sequence[str] = ()
) -> int:
    """Queue a run and make sure that a worker is up; the run's id.

    Raises SpecError if the network cannot be built, StoreError if the store cannot be written.
    """
    summarize(spec)
    run_id = Store(home.runs).add(name, spec, recipe, owner, tags)
    # The run is queued now, whatever is said of the worker; who watches it tends again and hears.
    with contextlib.suppress(LabError):
        ensure_workers(home)
    return run_id


def ensure_workers(home: Home) -> None:
    """Find what dead workers left behind, and start workers if runs are waiting."""
    store = Store(home.runs)
    queued, free = queued_count(store), []
    taken = store.busy_slots()
    if not queued and not taken:
        return
    for slot in sorted(taken | set(range(worker_count()))):
        with worker_lock(home, slot) as held:
            if held:
                if slot in taken:
                    store.interrupt_orphans(slot)
                free.append(slot)
    for slot in [slot for slot in free if slot < worker_count()][:queued]:
        if store.reserve_worker_start(slot):
            start_worker(home)


def start_worker(home: Home) -> None:
    """Start a worker; it ends when the queue is empty.

    A worker that finds every slot taken ends at once, so starting one too many does no harm.
    """
    spawn_detached(home, "mnistlab.worker.worker", log="worker.log")


def spawn_detached(home: Home, *module: str, log: str) -> None:
    """Start one of the lab's modules as a process that outlives this one.

    What it prints goes into a file next to the store, which starts again once it is long. Raises
    StoreError if that cannot be.
    """
    apart = {"creationflags": 0x208} if os.name == "nt" else {"start_new_session": True}
    try:
        home.runs.mkdir(parents=True, exist_ok=True)
        file = home.runs / log
        if file.exists() and file.stat().st_size > MAX_LOG:
            os.truncate(file, 0)
        with file.open("ab") as said:
            subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=CHECKOUT,
                env=os.environ | {"MNISTLAB_HOME": str(home.root)},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                **apart,
            )
    except OSError as error:
        raise StoreError(f"No training process could be started: {error}.") from error


def kill_worker(home: Home, run_id: int) -> None:
    """Kill the process of a run that hangs; the run can be resumed."""
    store = Store(home.runs)
    process = store.process_of(run_id)
    if process is None:
        return
    slot, pid = process
    with worker_lock(home, slot) as held:
        # Asked again under the lock's eye: the process may have gone on to another run meanwhile.
        if not held and store.process_of(run_id) == process:
            try:
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            except ProcessLookupError:
                pass
            except OSError as error:
                raise StoreError(
                    f"Process {pid} of run {run_id} cannot be ended: {error}."
                ) from None
    with worker_lock(home, slot, patience=5.0) as held:
        if held:
            store.interrupt_orphans(slot)
    ensure_workers(home)


def worker_lock(
    home: Home, slot: int = 0, patience: float = 0.0
) -> contextlib.AbstractContextManager[bool]:
    """Try to be the worker of a slot; whether that succeeded."""
    return lock(home.runs, f"worker{slot}", patience)


@contextmanager
def free_slot(home: Home, patience: float = 0.0) -> Iterator[int | None]:
    """Take the first slot that no other worker holds; None if there is none."""
    count = worker_count()
    with contextlib.ExitStack() as held:
        for slot in range(count):
            if held.enter_context(worker_lock(home, slot, patience / count)):
                yield slot
                return
        yield None
