"""Another program locks the store: what trains waits, and whatever a person waits for answers."""

import contextlib
import math
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.errors import CheckpointError
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store.database import connection, lock_notice
from mnistlab.store.database.errors import Cause, StoreError
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.store.worker_slots import seconds_waiting
from mnistlab.terminal import watch
from mnistlab.worker import worker
from mnistlab.worker.source_search import ensure_source
from tests.store.example_runs import epoch
from tests.waiting import CEILING, until

ROOT = Path(__file__).parents[2]

KINDS = ("BEGIN IMMEDIATE", "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
"""A writer of this program's kind, and a program that lets nobody even read."""


@contextlib.contextmanager
def locked(store: Store, kind: str) -> Iterator[None]:
    other = sqlite3.connect(store.database.file, isolation_level=None, check_same_thread=False)
    for statement in kind.split(";"):
        other.execute(statement)
    other.execute("CREATE TABLE IF NOT EXISTS foreign_table (x)")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(lock_notice, "FRESH_SECONDS", CEILING)
    store = Store(tmp_path / "runs")
    store.add("", PRESETS[3].spec, Recipe())
    return store


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(connection, "monotonic", lambda: self.now)
        monkeypatch.setattr(connection, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("kind", KINDS)
def test_what_trains_waits_for_as_long_as_it_takes_and_says_so(
    store: Store, kind: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    clock, lock = Clock(monkeypatch), contextlib.ExitStack()
    told: list[float | None] = []

    def sleep(seconds: float) -> None:
        clock.now += seconds
        told.append(seconds_waiting(store))
        if clock.now > 1000 + 3600:  # an hour later
            lock.close()

    monkeypatch.setattr(connection, "sleep", sleep)
    patient = Store(store.folder, patience=math.inf)
    assert patient.claim()
    with lock:
        lock.enter_context(locked(store, kind))
        patient.add_epoch(1, epoch(1, 90))
        assert clock.now > 1000 + 3600
    patient.finish(1, State.DONE, "")
    run = store.run(1)
    assert run and run.state is State.DONE and run.epochs_done == 1
    assert capfd.readouterr().err.count("another program uses it") == 1
    assert told[0] is None and told[-1] == pytest.approx(3600, abs=2)
    assert seconds_waiting(store) is None


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_else_waits_says_within_two_seconds_that_the_store_is_busy(
    store: Store, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    with locked(store, kind):
        for _ in range(9):  # as many transactions as a page or a button has
            with pytest.raises(StoreError, match="Another process is using it") as found:
                store.add("", PRESETS[3].spec, Recipe())
            assert found.value.cause is Cause.BUSY
    assert clock.now <= 1002
    clock.now += connection.BUSY_SECONDS
    assert store.add("", PRESETS[3].spec, Recipe()) == 2, "it is free again"


def test_a_report_does_not_wait_for_a_lock(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    patient = Store(store.folder, patience=math.inf)
    with locked(store, KINDS[0]), pytest.raises(StoreError):
        patient.report(1, "training")
    assert clock.now < 1000.5


def test_skipped_reports_tell_of_the_lock_and_a_killed_process_does_not_for_long(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    patient = Store(store.folder, patience=math.inf)
    later = Store(store.folder, clock=lambda: store.now() + 6000)
    with locked(store, KINDS[0]):
        while clock.now < 1010:
            with pytest.raises(StoreError):
                patient.report(1, "training")
        assert seconds_waiting(store) == pytest.approx(10, abs=2)
        assert seconds_waiting(later) is None, "as one that was killed"
    patient.report(1, "training")
    assert seconds_waiting(store) is None


def test_a_process_that_waits_for_a_real_lock_tells_so_and_goes_on(store: Store) -> None:
    code = """
import math, sys
from pathlib import Path
from mnistlab.store.database import lock_notice
from mnistlab.store.store import Store
from mnistlab.store.worker_slots import seconds_waiting

lock_notice.NOTICE_SECONDS = 0.0
assert Store(Path(sys.argv[1]), patience=math.inf).claim()
"""
    with locked(store, "BEGIN EXCLUSIVE"):
        process = subprocess.Popen([sys.executable, "-c", code, str(store.folder)], cwd=ROOT)
        until(lambda: seconds_waiting(store) is not None)
        run = store.run(1)
        assert process.poll() is None and run and run.state is State.QUEUED
    assert process.wait() == 0
    run = store.run(1)
    assert run and run.state is State.RUNNING
    assert seconds_waiting(store) is None


def test_a_run_that_a_lock_interrupts_goes_on_by_itself_after_a_pause(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnistlab.worker import training_job

    attempts: list[int] = []
    pauses: list[float] = []
    messages: list[str] = []
    monkeypatch.setattr(worker, "sleep", pauses.append)

    def train(store: Store, run: Run, *rest: object) -> None:
        attempts.append(run.id)
        if len(attempts) < 3:
            raise StoreError("busy", Cause.BUSY)
        store.finish(run.id, State.DONE, "")

    finish = Store.finish

    def heard(store: Store, run_id: int, state: State, message: str, *rest: Score) -> None:
        messages.append(message)
        finish(store, run_id, state, message, *rest)

    monkeypatch.setattr(Store, "finish", heard)
    monkeypatch.setattr(training_job, "train_claimed", train)
    worker.work(Home(tmp_path))
    run = store.run(1)
    assert attempts == [1, 1, 1] and run and run.state is State.DONE
    assert pauses == [worker.BUSY_PAUSE] * 2
    assert all("goes on by itself" in message for message in messages[:2])


def test_a_training_waits_for_the_store_in_which_it_looks_for_its_teacher(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, lock = Clock(monkeypatch), contextlib.ExitStack()

    def sleep(seconds: float) -> None:
        clock.now += seconds
        if clock.now > 1000 + 3600:
            lock.close()

    monkeypatch.setattr(connection, "sleep", sleep)
    patient = Store(store.folder, patience=math.inf)
    with lock:
        lock.enter_context(locked(store, KINDS[1]))
        with pytest.raises(CheckpointError):
            ensure_source(Home(tmp_path), "0123456789", patient)
    assert clock.now > 1000 + 3600


def test_threads_that_write_at_once_all_get_their_turn(store: Store) -> None:
    threads = [
        threading.Thread(target=store.add, args=("", PRESETS[3].spec, Recipe())) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.queue()) == 21


def test_a_command_that_watches_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.0)
    errors = [StoreError("busy", Cause.BUSY)] * 3

    def action() -> int:
        if errors:
            raise errors.pop()
        return 7

    assert watch.until_free(action) == 7
    errors.append(StoreError("damaged", Cause.DAMAGED))
    with pytest.raises(StoreError, match="damaged"):
        watch.until_free(action)
