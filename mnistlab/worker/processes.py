"""Worker processes: how many there are, starting them, killing one that hangs."""

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
from mnistlab.recipe.recipe import Recipe
from mnistlab.store import worker_starts
from mnistlab.store.database.errors import StoreError
from mnistlab.store.queue import activity, queued_count, startable_count
from mnistlab.store.store import Store
from mnistlab.store.worker_slots import busy_slots, interrupt_orphans, process_of, process_to_kill
from mnistlab.training.sources import check_fits
from mnistlab.worker import cluster_setting
from mnistlab.worker.lock import is_held, lock
from mnistlab.worker.source_search import ensure_source

CHECKOUT = Path(__file__).parents[2]
MAX_WORKERS = 64
MAX_QUEUED = 500
"""Runs that may wait: weeks of training, and more than any experiment of the app queues at once."""
IDLE_SECONDS = 120
"""Seconds that a worker stays ready after its last run, unless `$MNISTLAB_IDLE` sets a number."""
IDLE_LOCK = "idle"
"""The lock that the idle worker holds; at most one is idle."""
MAX_LOG = 1 << 20
"""Bytes of a log file above which the next process empties it."""


def worker_count() -> int:
    """How many runs may train at a time: `$MNISTLAB_WORKERS`, or one."""
    return _number("MNISTLAB_WORKERS", MAX_WORKERS) or 1


def thread_count() -> int:
    """How many threads a run trains on: `$MNISTLAB_THREADS`, or a worker's share of the cores."""
    return _number("MNISTLAB_THREADS", 1024) or max(1, cores() // worker_count())


def niceness() -> int:
    """A worker's niceness: `$MNISTLAB_NICE`, 0 to 19, or 10.

    With 10, pages stay responsive while a run trains. If other programs keep every core busy, a
    worker then gets hardly any time; 0 gives it an equal share.
    """
    value = _number("MNISTLAB_NICE", 19, smallest=0)
    return 10 if value is None else value


def idle_seconds() -> int:
    """How long a worker waits for the next run: `$MNISTLAB_IDLE`, or 120 seconds; 0 is not at all.

    Until then it keeps PyTorch and MNIST in memory.
    """
    value = _number("MNISTLAB_IDLE", 86_400, smallest=0)
    return IDLE_SECONDS if value is None else value


def check_settings() -> None:
    """Raise LabError if a setting of the workers is wrong: a worker could tell only its log."""
    worker_count(), thread_count(), niceness(), idle_seconds()
    cluster_setting.check()


def _number(name: str, largest: int, smallest: int = 1) -> int | None:
    text = os.environ.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and smallest <= int(text[:9]) <= largest):
        raise LabError(
            f"${name} is {text[:20]!r}. Set it to a whole number from {smallest} to {largest}."
        )
    return int(text)


def cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def submit(
    home: Home, name: str, spec: Spec, recipe: Recipe, owner: str = "", tags: Sequence[str] = ()
) -> int:
    """Queue a run and make sure that a worker is running; the run's id.

    Teacher and initial weights are copied first, so that the run does not depend on the one that
    trained them. Raises SpecError if the network cannot be built, CheckpointError if one of these
    is not in this lab, cannot be copied or does not fit the network, StoreError if the store cannot
    be written, LabError if a setting of the worker is wrong or too many runs are queued.
    """
    check_settings()
    summarize(spec)
    for short in recipe.sources:
        source = ensure_source(home, short)
        if short == recipe.initial:
            check_fits(source, spec)
    store = Store.of(home)
    if queued_count(store) >= MAX_QUEUED:
        raise LabError(f"{MAX_QUEUED} runs are queued already. Cancel some, or wait for their end.")
    run_id = store.add(name, spec, recipe, owner, tags)
    # The run is queued, even if no worker starts; the page that shows the run tries again.
    with contextlib.suppress(LabError):
        ensure_workers(home)
    return run_id


def ensure_workers(home: Home) -> None:
    """Mark runs of dead workers as interrupted, and see to it that queued runs have a worker.

    An idle worker takes one of them. Workers are started for the others, and for that one as well
    if it is still queued worker_starts.START_SECONDS later, or if the idle worker was killed. With
    a cluster its dispatcher takes their place.
    """
    store = Store.of(home)
    n_queued, free_slots = startable_count(store), []
    busy = busy_slots(store)
    if not n_queued and not busy:
        return
    if cluster_setting.address():
        busy.discard(cluster_setting.SLOT)
        n_queued = 0
        _ensure_dispatcher(home, store)
    # Before the slots: an idle worker takes its slot before it gives up this lock.
    is_idle = is_held(home.runs, IDLE_LOCK)
    for slot in sorted(busy | set(range(worker_count()))):
        with worker_lock(home, slot) as is_locked:
            if is_locked:
                if slot in busy:
                    interrupt_orphans(store, slot)
                free_slots.append(slot)
    open_slots = [slot for slot in free_slots if slot < worker_count()][:n_queued]
    if open_slots and is_idle and worker_starts.expect_idle(store):
        del open_slots[0]
    for slot in open_slots:
        if worker_starts.reserve(store, slot):
            start_worker(home)


def _ensure_dispatcher(home: Home, store: Store) -> None:
    """Start the dispatcher, unless it runs or was started just now."""
    check_settings()
    if not cluster_setting.has_dispatcher(home) and worker_starts.reserve(
        store, cluster_setting.SLOT
    ):
        spawn_detached(home, cluster_setting.DISPATCHER, log="dispatcher.log")


def ensure_idle_worker(home: Home) -> None:
    """Start a worker before there is a run for it, unless one is idle, a run trains or is queued.

    For a page on which somebody is about to start a run. If no worker can be started now, that run
    will start its own. Raises LabError if `$MNISTLAB_IDLE` is not a number.
    """
    if not idle_seconds() or cluster_setting.address():
        return
    with contextlib.suppress(StoreError):
        if is_held(home.runs, IDLE_LOCK):
            return
        store = Store.of(home)
        if activity(store) == (0, 0) and worker_starts.reserve(store, worker_starts.IDLE_WORKER):
            start_worker(home)


def start_worker(home: Home) -> None:
    """Start a worker; it ends when the queue has been empty for `idle_seconds`.

    A worker that finds every slot busy, or another worker idle, ends at once, so one too many does
    no harm. Raises LabError if a setting of the worker is wrong or it cannot be started.
    """
    check_settings()
    spawn_detached(home, "mnistlab.worker.worker", log="worker.log")


def spawn_detached(home: Home, *module: str, log: str) -> None:
    """Start a module as a process that outlives this one.

    Its output goes to a log file next to the store, which is emptied above MAX_LOG. Raises
    StoreError if the process cannot be started.
    """
    detached = {"creationflags": 0x208} if os.name == "nt" else {"start_new_session": True}
    try:
        home.runs.mkdir(parents=True, exist_ok=True)
        file = home.runs / log
        if file.exists() and file.stat().st_size > MAX_LOG:
            os.truncate(file, 0)
        with file.open("ab") as log_file:
            subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=CHECKOUT,
                env=os.environ | home.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                **detached,
            )
    except OSError as error:
        raise StoreError(
            f"Could not start {module[0]}: {error}. Check the disk and the permissions of "
            f"{home.runs}."
        ) from error


def kill_worker(home: Home, run_id: int) -> None:
    """Kill the worker of a run that hangs; the run can be resumed."""
    store = Store.of(home)
    process = process_to_kill(store, run_id)
    if process is None:
        return
    slot, pid = process
    with worker_lock(home, slot) as is_locked:
        # Read again now that the lock was tried: the worker may have taken another run meanwhile.
        if not is_locked and process_of(store, run_id) == process:
            try:
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            except ProcessLookupError:
                pass
            except OSError as error:
                raise StoreError(
                    f"Process {pid} of run {run_id} cannot be killed: {error}."
                ) from None
    with worker_lock(home, slot, patience=5.0) as is_locked:
        if is_locked:
            interrupt_orphans(store, slot)
    ensure_workers(home)


def worker_lock(
    home: Home, slot: int = 0, patience: float = 0.0
) -> contextlib.AbstractContextManager[bool]:
    """Try to take a worker slot; whether that succeeded."""
    return lock(home.runs, f"worker{slot}", patience)


@contextmanager
def free_slot(home: Home, patience: float = 0.0) -> Iterator[int | None]:
    """Take the first free worker slot; None if all are busy."""
    count = worker_count()
    with contextlib.ExitStack() as locks:
        for slot in range(count):
            if locks.enter_context(worker_lock(home, slot, patience / count)):
                yield slot
                return
        yield None
