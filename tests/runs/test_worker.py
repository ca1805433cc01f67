"""Real worker processes, really killed, on a few hundred real digits."""

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mnistlab.arch.spec import Conv, Spec, SpecError, parse
from mnistlab.data.kinds import Split
from mnistlab.home import Home
from mnistlab.runs import jobs
from mnistlab.runs.jobs import submit, tend, worker_lock
from mnistlab.runs.state import Run, State
from mnistlab.runs.store import Store
from mnistlab.training import checkpoint
from mnistlab.training.epoch import best
from mnistlab.training.recipe import Recipe

SMALL = parse("4-p4-8-p8-gap-bn")
QUICK = Recipe(epochs=2, batch_size=64, subset=256)
LONG = Recipe(epochs=1000, batch_size=8, subset=256)

pytestmark = pytest.mark.slow


@pytest.fixture
def lab(tmp_path: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home of its own, with MNIST; at the end nothing trains on."""
    (tmp_path / "data").symlink_to(mnist_folder)
    monkeypatch.setenv("MNISTLAB_THREADS", "1")
    lab = Home(tmp_path)
    yield lab
    for run in Store(lab.runs).runs():
        Store(lab.runs).request_stop(run.id)
    until(lambda: not any(run.state.active for run in Store(lab.runs).runs()) or tend(lab))


def until(met: Callable[[], object], seconds: float = 120) -> None:
    """Wait for what another process does; the bound only keeps a broken test from hanging."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def the(lab: Home, run_id: int) -> Run:
    run = Store(lab.runs).run(run_id)
    assert run is not None
    return run


def worker_pid(lab: Home) -> int:
    """The process that holds the lock's file open; /proc knows."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if b"mnistlab.runs.worker" in command and str(lab.root).encode() in environment:
                return int(entry.name)
    raise AssertionError("no worker")


def test_a_submitted_run_trains_to_its_end_and_keeps_its_best_checkpoint(lab: Home) -> None:
    run_id = submit(lab, "first", SMALL, QUICK)
    until(lambda: not the(lab, run_id).state.active)
    run = the(lab, run_id)
    assert run.state is State.DONE and run.message == ""
    assert [epoch.number for epoch in run.epochs] == [1, 2]
    loaded = checkpoint.read(Store(lab.runs).best_checkpoint(run_id))
    assert loaded.record.epochs == run.epochs and loaded.record.kept == best(run.epochs)
    assert loaded.record.test == run.test and run.test and run.test.count == 10_000
    last = checkpoint.read(Store(lab.runs).last_checkpoint(run_id))
    assert last.record.epoch == 2


def test_the_article_s_split_has_no_test_images_left(lab: Home) -> None:
    recipe = Recipe(epochs=1, batch_size=64, subset=256, split=Split.ARTICLE)
    run_id = submit(lab, "", SMALL, recipe)
    until(lambda: not the(lab, run_id).state.active)
    run = the(lab, run_id)
    assert run.state is State.DONE and run.test is None


def test_a_stop_ends_a_run_within_the_epoch_and_the_next_one_begins(lab: Home) -> None:
    long, short = submit(lab, "", SMALL, LONG), submit(lab, "", SMALL, QUICK)
    until(lambda: the(lab, long).epochs)
    Store(lab.runs).request_stop(long)
    until(lambda: not the(lab, short).state.active)
    run = the(lab, long)
    assert run.state is State.STOPPED and str(len(run.epochs)) in run.message
    assert checkpoint.read(Store(lab.runs).best_checkpoint(long)).record.epochs == run.epochs
    assert the(lab, short).state is State.DONE


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker in /proc")
def test_a_killed_worker_s_run_is_interrupted_and_the_queue_goes_on(lab: Home) -> None:
    long, short = submit(lab, "", SMALL, LONG), submit(lab, "", SMALL, QUICK)
    until(lambda: len(the(lab, long).epochs) >= 2)
    tend(lab)
    assert the(lab, long).state is State.RUNNING, "a living worker's run is left alone"
    os.kill(worker_pid(lab), signal.SIGKILL)
    until(lambda: tend(lab) or not the(lab, short).state.active)
    run = the(lab, long)
    assert run.state is State.INTERRUPTED and "killed" in run.message
    assert the(lab, short).state is State.DONE
    kept = checkpoint.read(Store(lab.runs).best_checkpoint(long))
    # Between its checkpoint and its row an epoch is in the file alone.
    assert kept.record.epoch <= len(run.epochs) + 1
    with sqlite3.connect(Store(lab.runs).file) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_workers_started_too_many_times_train_every_run_once(lab: Home) -> None:
    ids = [submit(lab, "", SMALL, Recipe(epochs=1, subset=64, batch_size=32)) for _ in range(4)]
    for _ in range(3):
        jobs.start_worker(lab)
    until(lambda: all(not the(lab, run_id).state.active for run_id in ids))
    assert [len(the(lab, run_id).epochs) for run_id in ids] == [1, 1, 1, 1]


def test_missing_data_and_a_dead_network_end_in_a_sentence(
    lab: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lab.root / "data").unlink()
    # Proxies on this machine's closed ports: every source is refused at once.
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("no_proxy", "")
    run_id = submit(lab, "", SMALL, QUICK)
    until(lambda: not the(lab, run_id).state.active)
    run = the(lab, run_id)
    assert run.state is State.FAILED and "could not be fetched" in run.message
    assert not list(lab.data.glob("*idx*"))


def test_an_impossible_network_is_refused_before_it_is_queued(lab: Home) -> None:
    with pytest.raises(SpecError, match="conv14"):
        submit(lab, "", Spec(tuple(Conv(8) for _ in range(14))), QUICK)
    assert Store(lab.runs).runs() == []


def test_the_lock_is_one_worker_s_at_a_time(lab: Home) -> None:
    with worker_lock(lab) as first, worker_lock(lab) as second:
        assert (first, second) == (True, False)
    with worker_lock(lab) as third:
        assert third
