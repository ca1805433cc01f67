"""An idle worker: it waits for a run with what a run needs in memory, and not for long."""

import contextlib
import math
import os
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from mnistlab.home import Home
from mnistlab.store import worker_starts
from mnistlab.store.database.errors import StoreError
from mnistlab.store.queue import startable_count
from mnistlab.store.store import FileState, Store
from mnistlab.worker.lock import lock, lock_file
from mnistlab.worker.processes import IDLE_LOCK, start_worker

PACKAGE = Path(__file__).parents[1]
POLL_SECONDS = 0.1
"""Seconds between two looks at the times of the store's files."""
CHECK_SECONDS = 2.0
"""Seconds after which the queue is read even if these times stay the same: two changes within one
tick of the file system's clock leave the same time."""
LOCK_PATIENCE = 2.0
"""Seconds to wait for the idle worker's lock: a worker that is about to leave may still hold it."""

CodeState = frozenset[tuple[str, int]]


def code_state() -> CodeState:
    """A value that changes whenever the code does: each file with its time in nanoseconds."""
    return frozenset(_files(PACKAGE))


def _files(folder: Path | str) -> Iterator[tuple[str, int]]:
    # A file that is removed meanwhile is a change like any other.
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield entry.path, entry.stat().st_mtime_ns
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _files(entry.path)


def wait_for_run(
    home: Home, seconds: float, code: CodeState, warm_up: Iterator[None], held: ExitStack
) -> bool:
    """Wait up to `seconds` until a run is queued, and warm up meanwhile; whether one is queued.

    It does not wait if another worker does, if its folder was removed or replaced, or if the code
    is no longer `code`, which this process was started with: a new process then takes the run. If
    it returns True, the idle worker's lock may still be `held`, so that nobody starts another
    worker before this one has its slot. Raises StoreError if the store cannot be read.
    """
    if seconds <= 0:
        return False
    store = Store(home.runs, patience=math.inf)
    seen = store.file_state()
    if not held.enter_context(lock(home.runs, IDLE_LOCK, LOCK_PATIENCE)):
        return False
    worker_starts.idle_is_ready(store)
    seen = _watch(home, store, seen, time.monotonic() + seconds, code, warm_up)
    is_current = code_state() == code
    if is_current and startable_count(store):
        return True
    held.close()
    # Whoever queued a run before that may have relied on this process.
    if is_current:
        return startable_count(store) > 0
    if store.file_state() != seen:
        start_worker(home)
    return False


def _watch(
    home: Home,
    store: Store,
    seen: FileState,
    deadline: float,
    code: CodeState,
    warm_up: Iterator[None],
) -> FileState:
    """Wait for one of the reasons to end the wait; the store's state when the queue was last empty.

    `seen` is that state before anybody could rely on this process.
    """
    own_lock = _file_id(lock_file(home.runs, IDLE_LOCK))
    checked = -CHECK_SECONDS
    while (now := time.monotonic()) < deadline:
        if own_lock is None or _file_id(lock_file(home.runs, IDLE_LOCK)) != own_lock:
            break
        # Read before the queue: what comes after it is then a change.
        state = store.file_state()
        if state != seen or now - checked >= CHECK_SECONDS:
            # First the code, because an older one may not be able to read the store any more.
            if code_state() != code:
                break
            queued = _is_run_queued(store)
            if queued:
                break
            if queued is not None:
                seen = state
            checked = now
        if not _advance(warm_up):
            time.sleep(POLL_SECONDS)
    return seen


def _advance(warm_up: Iterator[None]) -> bool:
    """Do the next part of the warm-up; whether there was one."""
    try:
        return next(warm_up, DONE) is not DONE
    except Exception:  # somebody may rely on this process already, and a run says what is wrong
        traceback.print_exc()
        return False


DONE = object()


def _is_run_queued(store: Store) -> bool | None:
    """Whether a run is queued; None while SQLite cannot read the store: even that takes some room
    on the disk, and somebody may just be replacing the file.
    """
    try:
        return startable_count(store) > 0
    except StoreError as error:
        # Without a cause of SQLite's it is the store of a later version.
        if error.cause is None:
            raise
        return None


def _file_id(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one that has taken its place; None if there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
