"""Who starts an idle worker, and who relies on one; no process is started here."""

import threading
from pathlib import Path

import pytest

from mnistlab.home import Home
from mnistlab.store.store import Store
from mnistlab.worker.lock import is_held, lock
from mnistlab.worker.processes import IDLE_LOCK, ensure_idle_worker, ensure_workers
from tests.worker.faults import add_run
from tests.worker.test_idle import TINY, home, started

__all__ = ["home", "started"]  # fixtures


def test_asking_for_a_lock_makes_no_file_and_disturbs_nobody_else_who_asks(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "none", "a") and not (tmp_path / "none").exists()
    with lock(tmp_path, "a") as taken:
        assert taken and is_held(tmp_path, "a") and not is_held(tmp_path, "b")
    answers: list[bool] = []

    def ask() -> None:
        answers.extend(is_held(tmp_path, "a") for _ in range(100))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 400 and not any(answers)


def test_many_sessions_start_one_idle_worker(
    home: Home, started: list[Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_idle_worker(home)
    assert not started, "MNISTLAB_IDLE is 0"
    monkeypatch.setenv("MNISTLAB_IDLE", "9")
    threads = [threading.Thread(target=ensure_idle_worker, args=(home,)) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert started == [home]


def test_no_idle_worker_is_started_next_to_one_or_to_a_run(
    home: Home, started: list[Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTLAB_IDLE", "9")
    with lock(home.runs, IDLE_LOCK):
        ensure_idle_worker(home)
    add_run(home, TINY)
    ensure_idle_worker(home)
    Store(home.runs).claim()
    ensure_idle_worker(home)
    assert not started


def test_a_home_that_cannot_be_written_has_no_idle_worker_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTLAB_IDLE", "9")
    (tmp_path / "file").write_text("in the way")
    ensure_idle_worker(Home(tmp_path / "file"))


@pytest.mark.parametrize("n_workers", [1, 2])
def test_an_idle_worker_is_left_one_run_and_the_others_get_workers_of_their_own(
    home: Home, started: list[Home], monkeypatch: pytest.MonkeyPatch, n_workers: int
) -> None:
    monkeypatch.setenv("MNISTLAB_WORKERS", str(n_workers))
    with lock(home.runs, IDLE_LOCK):
        for _ in range(3):
            add_run(home, TINY)
            ensure_workers(home)
        assert len(started) == n_workers - 1
    ensure_workers(home)
    assert len(started) == n_workers, "it was killed"


def test_a_run_does_not_wait_for_ever_for_an_idle_worker_that_hangs(
    home: Home, started: list[Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_run(home, TINY)
    with lock(home.runs, IDLE_LOCK):
        ensure_workers(home)
        assert not started
        monkeypatch.setattr("mnistlab.store.worker_starts.START_SECONDS", 0.0)
        ensure_workers(home)
    assert started == [home]
