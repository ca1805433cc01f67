"""A worker without a run: it takes the next one, it is alone, and it ends by itself.

What hangs, is killed or loses its folder meanwhile delays a run, but never loses one.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store import queue, worker_starts
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.worker import processes
from mnistlab.worker.idle import code_state, wait_for_run
from mnistlab.worker.lock import is_held, lock, lock_file
from mnistlab.worker.processes import IDLE_LOCK, ensure_idle_worker, ensure_workers
from tests.waiting import until
from tests.worker.faults import Workers, add_run, get_run, outcome
from tests.worker.test_faults import again, fill, run_uninterrupted, small_disk, workers

__all__ = ["small_disk", "workers"]  # fixtures

TINY = ("4-p-gap-bn-drop0.1", Recipe(epochs=2, batch_size=128, train_size=256))
KILLS = int(os.environ.get("MNISTLAB_KILLS", "150")) // 10
FOR_LONG = 600.0
"""Seconds that a worker is idle which a test ends: by taking its lock's file away, or by force."""

forks = pytest.mark.skipif(sys.platform != "linux", reason="forks its workers")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Home]:
    """The home folder of each worker that would have been started."""
    started: list[Home] = []
    monkeypatch.setattr(processes, "start_worker", started.append)
    return started


@pytest.fixture
def home(tmp_path: Path, mnist_folder: Path) -> Home:
    root = tmp_path / "home"
    root.mkdir()
    (root / "data").symlink_to(mnist_folder)
    return Home(root)


def is_idle(home: Home) -> Callable[[], bool]:
    return lambda: is_held(home.runs, IDLE_LOCK)


def is_done(home: Home, run_id: int) -> Callable[[], bool]:
    return lambda: get_run(home, run_id).state is State.DONE


def dismiss(home: Home) -> None:
    """End the idle worker as the removal of its folder would."""
    lock_file(home.runs, IDLE_LOCK).unlink()


def takes_the_next_run(home: Home, workers: Workers) -> None:
    """The idle worker trains a run that is queued now, is idle again, and ends when it must."""
    run_id = add_run(home, TINY)
    ensure_workers(home)
    until(is_done(home, run_id))
    until(is_idle(home))
    dismiss(home)
    assert workers.ended()


# What an idle worker does


@pytest.mark.slow
@forks
def test_an_idle_worker_takes_one_run_after_another_with_the_result_of_a_fresh_one(
    home: Home, workers: Workers, started: list[Home]
) -> None:
    reference, _ = run_uninterrupted(workers, home, TINY)
    workers.start(home, idle=FOR_LONG)
    until(is_idle(home))
    for _ in range(2):
        run_id = processes.submit(home, "", get_run(home, 1).spec, TINY[1])
        until(is_done(home, run_id))
        assert outcome(home, run_id) == reference
        until(is_idle(home))
    dismiss(home)
    assert workers.ended() and not started


@pytest.mark.slow
@forks
def test_an_idle_worker_ends_after_its_time_and_has_made_and_downloaded_nothing(
    tmp_path: Path, workers: Workers
) -> None:
    home = Home(tmp_path)
    assert workers.work(home, idle=0.2)
    assert not is_held(home.runs, IDLE_LOCK)
    assert not Store(home.runs).database.file.exists() and not home.data.exists()


@pytest.mark.slow
@forks
def test_a_second_idle_worker_ends_at_once(home: Home, workers: Workers) -> None:
    with lock(home.runs, IDLE_LOCK):
        assert workers.work(home, idle=FOR_LONG)


@pytest.mark.slow
@forks
def test_killed_at_random_moments_around_a_submission_no_run_is_lost(
    home: Home, workers: Workers, started: list[Home]
) -> None:
    generator, store = random.Random(0), Store(home.runs)
    reference, span = run_uninterrupted(workers, home, TINY)
    kills = 0
    for _ in range(KILLS):
        started.clear()
        workers.start(home, idle=FOR_LONG, after=generator.uniform(0, 2 * span))
        time.sleep(generator.uniform(0, span))
        run_id = add_run(home, TINY)
        ensure_workers(home)
        kills += not workers.ended()
        ensure_workers(home)
        state = get_run(home, run_id).state
        assert state in (State.QUEUED, State.INTERRUPTED, State.DONE)
        assert state is not State.QUEUED or started, "nobody would train it"
        again(store, run_id)
        workers.work(home)
        assert outcome(home, run_id) == reference
    assert kills == KILLS


@pytest.mark.slow
@forks
def test_a_hanging_idle_worker_is_passed_over_and_takes_runs_again_when_it_recovers(
    home: Home, workers: Workers, started: list[Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    workers.start(home, idle=FOR_LONG)
    until(is_idle(home))
    os.kill(workers.pid(), signal.SIGSTOP)
    with monkeypatch.context() as passed:
        run_id = add_run(home, TINY)
        ensure_workers(home)
        assert not started
        passed.setattr("mnistlab.store.worker_starts.START_SECONDS", 0.0)
        ensure_workers(home)
        assert started == [home]
    os.kill(workers.pid(), signal.SIGCONT)
    until(is_done(home, run_id))
    until(is_idle(home))
    until(lambda: worker_starts.expect_idle(Store(home.runs)))
    dismiss(home)
    assert workers.ended()


# What happens to its folder, its disk and its code


@pytest.mark.slow
@forks
def test_a_store_that_is_deleted_and_made_again_has_its_runs_trained(
    home: Home, workers: Workers, started: list[Home]
) -> None:
    run_uninterrupted(workers, home, TINY)
    workers.start(home, idle=FOR_LONG)
    until(is_idle(home))
    # SQLite does not bear that its files are removed while a process has them open, as this one has
    # for a moment when it becomes idle.
    time.sleep(0.5)
    for file in home.runs.glob("store.sqlite*"):
        file.unlink()
    takes_the_next_run(home, workers)
    assert not started


@pytest.mark.slow
@forks
def test_a_worker_whose_home_is_removed_ends_quietly_and_does_not_make_it_again(
    home: Home, workers: Workers
) -> None:
    workers.start(home, idle=FOR_LONG)
    until(is_idle(home))
    shutil.rmtree(home.root)
    assert workers.ended() and not home.root.exists()


@pytest.mark.slow
@forks
def test_a_worker_whose_folder_is_replaced_ends(home: Home, workers: Workers) -> None:
    workers.start(home, idle=FOR_LONG)
    until(is_idle(home))
    home.runs.rename(home.root / "old")
    home.runs.mkdir()
    assert workers.ended() and not list(home.runs.iterdir())


@pytest.mark.slow
@forks
def test_on_a_full_disk_an_idle_worker_stays_and_takes_a_run_once_there_is_space(
    small_disk: Path, mnist_folder: Path, workers: Workers, started: list[Home]
) -> None:
    (small_disk / "data").symlink_to(mnist_folder)
    home = Home(small_disk)
    worker_starts.reserve(Store(home.runs), 9)
    workers.start(home, idle=FOR_LONG)
    until(is_idle(home))
    fill(small_disk, 0)
    with pytest.raises(LabError):
        add_run(home, TINY)
    # The worker looks at the store when its time changes.
    os.utime(Store(home.runs).database.file)
    time.sleep(0.3)
    (small_disk / "filler").unlink()
    takes_the_next_run(home, workers)
    assert not started


@pytest.mark.slow
@forks
@pytest.mark.parametrize("is_queued", [True, False])
def test_a_worker_with_old_code_leaves_the_run_to_a_new_process(
    home: Home, workers: Workers, tmp_path: Path, is_queued: bool
) -> None:
    code = tmp_path / "package" / "module.py"
    code.parent.mkdir()
    code.write_text("old = True")
    workers.start(home, idle=FOR_LONG, package=code.parent)
    until(is_idle(home))
    code.write_text("old = False")
    if is_queued:
        run_id = add_run(home, TINY)
        ensure_workers(home)
    assert workers.ended()
    assert (home.runs / "worker.log").exists() == is_queued, "a process was started"
    if is_queued:
        until(is_done(home, run_id))


# A whole one, from its start by a page on


@pytest.fixture
def pids(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The worker processes that a test started; they are killed at its end."""
    popen = subprocess.Popen
    children: list[subprocess.Popen[bytes]] = []
    pids: list[int] = []

    def start(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        children.append(popen(*arguments, **options))
        pids.append(children[-1].pid)
        return children[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    yield pids
    for child in children:
        child.kill()
        child.wait()


@pytest.mark.slow
def test_a_worker_that_a_page_started_trains_its_runs_without_another_start(
    home: Home, pids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTLAB_IDLE", "600")
    monkeypatch.setenv("MNISTLAB_THREADS", "1")
    for _ in range(3):
        ensure_idle_worker(home)
    until(is_idle(home))
    if hasattr(signal, "SIGHUP"):
        os.kill(pids[0], signal.SIGHUP)
    run_id = add_run(home, TINY)
    ensure_workers(home)
    until(is_done(home, run_id))
    until(is_idle(home))
    assert len(pids) == 1 and queue.queued_count(Store(home.runs)) == 0
    assert (home.runs / "worker.log").read_text() == ""


def test_a_warm_up_that_fails_loses_no_run(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    def warm_up() -> Iterator[None]:
        yield
        add_run(home, TINY)
        raise RuntimeError("out of memory")

    with ExitStack() as held:
        assert wait_for_run(home, FOR_LONG, code_state(), warm_up(), held), "the run is found"
    assert "out of memory" in capsys.readouterr().err
