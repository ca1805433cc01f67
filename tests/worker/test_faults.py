"""Whatever ends a worker, its run resumes and ends with the same bits as an undisturbed one.

`MNISTLAB_KILLS=1000 pytest -s tests/worker/test_faults.py -k random` kills a thousand times.
"""

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnistlab.data.options import Augmentation, Split
from mnistlab.home import Home
from mnistlab.recipe.recipe import Optimizer, Recipe
from mnistlab.recipe.schedules import Schedule
from mnistlab.store import queue
from mnistlab.store.folders import epoch_checkpoints
from mnistlab.store.run import Request, Run, State
from mnistlab.store.store import Store
from mnistlab.training import checkpoint
from mnistlab.worker import processes
from tests.waiting import until
from tests.worker.faults import Workers, add_run, bits, get_run, outcome

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks its workers"),
]
KILLS = int(os.environ.get("MNISTLAB_KILLS", "150"))
SMALL = Recipe(epochs=6, batch_size=64, train_size=256)
ADAM = replace(SMALL, optimizer=Optimizer.ADAM, learning_rate=0.01)
RUNS: list[tuple[str, Recipe]] = [
    ("4-p4-8-p8-gap-bn", SMALL),
    (
        "4-p4-8-p8-gap-bn-drop0.1",
        replace(ADAM, schedule=Schedule.PLATEAU, augmentation=Augmentation.SHIFT),
    ),
    (
        "4-p4-8-p8-full-cdrop0.2",
        replace(SMALL, learning_rate=0.02, schedule=Schedule.PLATEAU, split=Split.ARTICLE, seed=3),
    ),
    (
        "8-p8-gap-bn-nobias-drop0.05",
        replace(ADAM, augmentation=Augmentation.NONE, patience=2, seed=1),
    ),
]
TINY = ("4-p-gap-bn-drop0.1", replace(ADAM, epochs=2, batch_size=128))
LONG = (RUNS[0][0], replace(RUNS[0][1], epochs=12))
LARGE = ("16-p-48-p-64-gap-bn", replace(ADAM, epochs=LONG[1].epochs))
"""Its training takes more room than a worker's ballast."""


def again(store: Store, run_id: int) -> None:
    """Press Resume, where there is one."""
    run = store.run(run_id)
    if run and run.state.resumable:
        queue.resume(store, run_id)


@pytest.fixture(scope="module")
def workers(mnist_folder: Path) -> Iterator[Workers]:
    with Workers(mnist_folder) as workers:
        yield workers


@pytest.fixture
def home(tmp_path: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    return make_home(tmp_path, mnist_folder, monkeypatch)


def make_home(root: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home folder with MNIST; only the tests start workers."""
    (root / "data").symlink_to(data)
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    return Home(root)


def run_uninterrupted(
    workers: Workers, home: Home, run: tuple[str, Recipe]
) -> tuple[dict[str, Any], float]:
    """The result of a run without faults, and the seconds that three of its epochs take."""
    run_id = add_run(home, run)
    assert workers.work(home)
    found = get_run(home, run_id)
    assert found.state is State.DONE
    return outcome(home, run_id), 3 * found.seconds / len(found.epochs)


def next_start(home: Home, run_id: int) -> Run:
    """The run as the app finds it on its next start, in a store that is whole."""
    processes.ensure_workers(home)
    with sqlite3.connect(Store(home.runs).database.file) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not db.execute("PRAGMA foreign_key_check").fetchall()
    db.close()
    run = get_run(home, run_id)
    assert [epoch.number for epoch in run.epochs] == list(range(1, run.epochs_done + 1))
    if run.state is State.INTERRUPTED:
        assert "killed" in run.message and "Resume" in run.message
    else:
        assert run.state in (State.QUEUED, State.DONE), run.message
    return run


def run_resumed(workers: Workers, home: Home, run_id: int) -> dict[str, Any]:
    """The result of a run that is resumed and then has no faults."""
    again(Store(home.runs), run_id)
    assert workers.work(home)
    return outcome(home, run_id)


def request_is_answered(home: Home, run_id: int) -> Callable[[], bool]:
    """The condition that a run has no preempt request any more."""
    return lambda: get_run(home, run_id).request is not Request.PREEMPT


def pause_after(workers: Workers, home: Home, run_id: int, epochs: int) -> None:
    workers.start(home)
    until(lambda: len(get_run(home, run_id).epochs) >= epochs)
    Store(home.runs).request(run_id, Request.PAUSE)
    assert workers.ended() and get_run(home, run_id).state is State.PAUSED


def test_killed_at_random_moments_a_run_has_the_uninterrupted_result(
    home: Home, workers: Workers
) -> None:
    generator, store = random.Random(0), Store(home.runs)
    references = [run_uninterrupted(workers, home, run) for run in RUNS]
    kills, ends, failed = 0, 0, []
    while kills < KILLS:
        reference, span = references[ends % len(RUNS)]
        run_id = add_run(home, RUNS[ends % len(RUNS)])
        while get_run(home, run_id).state is not State.DONE:
            again(store, run_id)
            after = generator.uniform(0, 2 * span) if kills < KILLS else None
            kills += not workers.work(home, after=after)
            next_start(home, run_id)
        ends += 1
        if outcome(home, run_id) != reference:
            failed.append(run_id)
    print(f"\nkills tried {kills}, runs finished {ends}, runs that differ {len(failed)}")
    assert not failed


@pytest.mark.parametrize("first", [1, 2, 3])
def test_killed_at_every_write_a_run_has_the_uninterrupted_result(
    home: Home, workers: Workers, first: int
) -> None:
    """Every third write from the first one on, so that processes can share them."""
    reference, _ = run_uninterrupted(workers, home, TINY)
    saved = {
        "best.safetensors",
        "best.uncertainty",
        "last.safetensors",
        "predictions.safetensors",
        "epochs",
    }
    killed, at = True, first - 3
    while killed:
        at += 3
        run_id = add_run(home, TINY)
        killed = not workers.work(home, at=at)
        over = next_start(home, run_id).state is State.DONE
        assert run_resumed(workers, home, run_id) == reference, f"killed at {at}"
        left = {path.name for path in Store(home.runs).run_folder(run_id).iterdir()} - saved
        assert not left or (over and left == {"resume.safetensors"}), f"killed at {at}"
        assert len(epoch_checkpoints(Store(home.runs).best_checkpoint_path(run_id))) == 2, (
            f"killed at {at}"
        )
        assert over or not list(home.runs.glob("ballast*")), f"killed at {at}"
    print(f"\nkilled at every third of {at - 3} writes")
    assert at > 50, "the hooks have not been told of the writes"


def test_paused_repeatedly_a_run_has_the_uninterrupted_result(home: Home, workers: Workers) -> None:
    generator, store, heard = random.Random(1), Store(home.runs), 0
    for run in RUNS:
        reference, span = run_uninterrupted(workers, home, run)
        run_id, wishes = add_run(home, run), 8
        while get_run(home, run_id).state is not State.DONE:
            again(store, run_id)
            workers.start(home)
            if wishes:
                time.sleep(generator.uniform(0, span))
                store.request(run_id, Request.PAUSE)
                wishes -= 1
            assert workers.ended()
            found = get_run(home, run_id)
            assert found.state in (State.DONE, State.PAUSED), found.message
            heard += found.state is State.PAUSED
        assert outcome(home, run_id) == reference
    print(f"\nheard {heard} times")
    assert heard >= 8


def test_preempted_repeatedly_a_run_has_the_uninterrupted_result(
    home: Home, workers: Workers
) -> None:
    generator, store, heard = random.Random(2), Store(home.runs), 0
    for run in RUNS:
        reference, span = run_uninterrupted(workers, home, run)
        run_id = add_run(home, run)
        workers.start(home)
        for _ in range(8):
            time.sleep(generator.uniform(0, span))
            store.request(run_id, Request.PREEMPT)
            placed = get_run(home, run_id).request is Request.PREEMPT
            until(request_is_answered(home, run_id))
            heard += placed and get_run(home, run_id).state.active
        assert workers.ended()
        assert outcome(home, run_id) == reference
    print(f"\nheard {heard} times")
    assert heard >= 8


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("may not mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path, leave: int) -> None:
    """Take what room there is but `leave` bytes."""
    room = os.statvfs(disk)
    if (take := room.f_bavail * room.f_bsize - leave) > 0:
        with (disk / "filler").open("ab", buffering=0) as filler:
            filler.write(bytes(take))


@pytest.mark.parametrize("leave", [0, 8192, 65536])
def test_a_full_disk_is_reported_and_the_run_resumes_once_there_is_space(
    small_disk: Path,
    mnist_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    workers: Workers,
    leave: int,
) -> None:
    home = make_home(small_disk, mnist_folder, monkeypatch)
    reference, _ = run_uninterrupted(workers, home, LARGE)
    run_id = add_run(home, LARGE)
    best = Store(home.runs).best_checkpoint_path(run_id)
    workers.start(home)
    until(lambda: len(get_run(home, run_id).epochs) >= 2)
    fill(small_disk, leave)
    assert workers.ended()
    found = get_run(home, run_id)
    assert found.state is State.FAILED and "disk is full" in found.message, found.message
    assert 1 <= checkpoint.load_checkpoint(best).record.epoch <= len(found.epochs) + 1
    saved = bits(best)

    # Enough space for requests, not enough to train.
    fill(small_disk, 131072)
    again(Store(home.runs), run_id)
    assert workers.work(home)
    found = get_run(home, run_id)
    assert found.state is State.FAILED and "disk is full" in found.message, found.message
    assert bits(best) == saved

    (small_disk / "filler").unlink()
    assert run_resumed(workers, home, run_id) == reference


def test_a_file_size_limit_fails_the_run_which_then_resumes_without_it(
    home: Home, workers: Workers
) -> None:
    reference, _ = run_uninterrupted(workers, home, LARGE)
    run_id = add_run(home, LARGE)
    best = Store(home.runs).best_checkpoint_path(run_id)
    pause_after(workers, home, run_id, 2)
    saved, before = bits(best), get_run(home, run_id).epochs
    again(Store(home.runs), run_id)
    assert workers.work(home, largest=300_000)
    found = get_run(home, run_id)
    assert found.state is State.FAILED and "File too large" in found.message, found.message
    assert bits(best) == saved and found.epochs == before
    assert run_resumed(workers, home, run_id) == reference


def test_a_file_in_place_of_the_folder_fails_the_run_which_then_resumes(
    home: Home, workers: Workers
) -> None:
    reference, _ = run_uninterrupted(workers, home, TINY)
    run_id = add_run(home, TINY)
    folder = Store(home.runs).run_folder(run_id)
    folder.write_text("in the way")
    assert workers.work(home)
    found = get_run(home, run_id)
    assert found.state is State.FAILED and str(folder) in found.message, found.message
    folder.unlink()
    assert run_resumed(workers, home, run_id) == reference


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999, None])
def test_a_truncated_or_missing_training_state_fails_with_a_message(
    home: Home, workers: Workers, share: float | None
) -> None:
    run_id = add_run(home, LONG)
    pause_after(workers, home, run_id, 2)
    store = Store(home.runs)
    saved, rows = bits(store.best_checkpoint_path(run_id)), get_run(home, run_id).epochs
    file = store.resume_path(run_id)
    if share is None:
        file.unlink()
    else:
        os.truncate(file, int(file.stat().st_size * share))
    queue.resume(store, run_id)
    assert workers.work(home)
    found = get_run(home, run_id)
    word = "is missing" if share is None else "damaged"
    assert found.state is State.FAILED and word in found.message, found.message
    assert bits(store.best_checkpoint_path(run_id)) == saved and found.epochs == rows
