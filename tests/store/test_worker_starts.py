"""Who starts a worker, and for how long it is waited for."""

from pathlib import Path

from mnistlab.store import worker_starts
from mnistlab.store.store import Store
from mnistlab.store.worker_slots import interrupt_orphans


def test_one_of_many_callers_starts_a_worker(tmp_path: Path) -> None:
    now = [1000.0]
    store = Store(tmp_path, clock=lambda: now[0])
    assert [worker_starts.reserve(store, 0) for _ in range(3)] == [True, False, False]
    assert worker_starts.reserve(store, 1)
    now[0] += worker_starts.START_SECONDS + 1
    assert [worker_starts.reserve(store, 0) for _ in range(2)] == [True, False]
    interrupt_orphans(store, 0)
    assert worker_starts.reserve(store, 0), "a worker that came and went may be followed at once"


def test_an_idle_worker_that_hangs_is_not_waited_for_until_it_reports(tmp_path: Path) -> None:
    now = [1000.0]
    store = Store(tmp_path, clock=lambda: now[0])
    worker_starts.idle_is_ready(store)
    assert not store.database.file.exists(), "nothing to note yet"
    assert worker_starts.expect_idle(store)
    now[0] += worker_starts.START_SECONDS - 1
    assert worker_starts.expect_idle(store)
    now[0] += 2
    assert not worker_starts.expect_idle(store)
    interrupt_orphans(store, 0)
    assert not worker_starts.expect_idle(store), "another worker took the run"
    worker_starts.idle_is_ready(store)
    assert worker_starts.expect_idle(store)
