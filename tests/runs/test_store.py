import sqlite3
import threading
from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.home import Home
from mnistlab.runs.jobs import start_worker, worker_lock
from mnistlab.runs.state import State
from mnistlab.runs.store import Store, StoreError
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.recipe import Recipe
from mnistlab.training.score import Score

SPEC, RECIPE = PRESETS[3].spec, Recipe(epochs=2)
EPOCHS = [Epoch(n, 0.25, 0.93, 0.125, 400 // n, 10_000, 0.1 / n, 2.5, 3999.5) for n in (1, 2)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs", clock=iter(range(1000, 2000)).__next__)


def test_a_run_comes_back_as_it_went_in(store: Store) -> None:
    run_id = store.add("  Ada's \n first  ", SPEC, RECIPE)
    run = store.claim()
    assert run and run.id == run_id and run.name == "Ada's first"
    assert (run.spec, run.recipe, run.state) == (SPEC, RECIPE, State.RUNNING)
    assert store.report(run_id, "Training", Progress(1, 64, 512, 99.5)) is False
    for epoch in EPOCHS:
        store.add_epoch(run_id, epoch)
    midway = store.run(run_id)
    assert midway and midway.progress == Progress(1, 64, 512, 99.5)
    store.finish(run_id, State.DONE, "", Score(60, 10_000))
    run = store.run(run_id)
    assert run and run.epochs == tuple(EPOCHS) and run.test == Score(60, 10_000)
    assert (run.state, run.progress, run.created, run.started, run.ended) == (
        State.DONE, None, 1000, 1001, 1002,
    )  # fmt: skip


def test_an_empty_store_is_read_without_making_a_file(store: Store) -> None:
    assert store.runs() == [] and not store.folder.exists()


def test_runs_are_claimed_oldest_first_and_listed_newest_first(store: Store) -> None:
    ids = [store.add(f"run {n}", SPEC, RECIPE) for n in range(3)]
    assert [run.id for run in store.runs()] == ids[::-1]
    claimed = [run.id for _ in ids if (run := store.claim())]
    assert claimed == ids and store.claim() is None
    assert store.runs(states=(State.QUEUED,)) == []


def test_many_claimers_never_share_a_run(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ids = [store.add("", SPEC, RECIPE) for _ in range(40)]
    taken: list[int] = []

    def claim_all() -> None:
        while run := Store(tmp_path).claim():
            taken.append(run.id)

    threads = [threading.Thread(target=claim_all) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == ids


def test_a_first_use_by_many_threads_at_once_makes_one_store(tmp_path: Path) -> None:
    errors: list[Exception] = []

    def add() -> None:
        try:
            Store(tmp_path).add("", SPEC, RECIPE)
        except Exception as error:  # collected for the assertion
            errors.append(error)

    threads = [threading.Thread(target=add) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(Store(tmp_path).runs()) == 12


def test_a_stop_reaches_a_running_run_and_ends_a_queued_one(store: Store) -> None:
    running, queued = store.add("a", SPEC, RECIPE), store.add("b", SPEC, RECIPE)
    store.claim()
    store.request_stop(running)
    store.request_stop(queued)
    assert store.report(running, "Training") is True
    states = {run.id: run.state for run in store.runs()}
    assert states == {running: State.RUNNING, queued: State.STOPPED}
    store.finish(running, State.DONE, "")
    store.request_stop(running)
    run = store.run(running)
    assert run and run.state is State.DONE, "what has ended stays as it ended"


def test_orphans_are_marked_with_a_reason_and_keep_their_epochs(store: Store) -> None:
    run_id = store.add("", SPEC, RECIPE)
    store.claim()
    store.add_epoch(run_id, EPOCHS[0])
    assert store.interrupt_orphans() == 1
    run = store.run(run_id)
    assert run and run.state is State.INTERRUPTED and run.message and len(run.epochs) == 1


def test_an_epoch_is_never_written_twice(store: Store) -> None:
    run_id = store.add("", SPEC, RECIPE)
    store.add_epoch(run_id, EPOCHS[0])
    with pytest.raises(StoreError):
        store.add_epoch(run_id, EPOCHS[0])
    run = store.run(run_id)
    assert run and run.epochs == (EPOCHS[0],)


def test_a_store_of_a_later_version_is_left_alone(store: Store) -> None:
    store.add("", SPEC, RECIPE)
    with sqlite3.connect(store.file) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="later version"):
        store.runs()


def test_a_damaged_store_is_said_in_a_sentence_and_not_overwritten(store: Store) -> None:
    store.folder.mkdir()
    store.file.write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreError, match=r"store\.sqlite cannot be used"):
        store.add("", SPEC, RECIPE)
    assert store.file.read_bytes().startswith(b"not a database")


def test_reading_never_waits_for_a_writer(store: Store) -> None:
    run_id = store.add("", SPEC, RECIPE)
    with sqlite3.connect(store.file, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        run = store.run(run_id)
        writer.execute("ROLLBACK")
    assert run and len(store.runs()) == 1


def test_a_folder_that_cannot_be_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path / "file").add("", SPEC, RECIPE)
    with pytest.raises(StoreError, match="cannot be written"), worker_lock(Home(tmp_path / "file")):
        pass
    with pytest.raises(StoreError, match="No training process"):
        start_worker(Home(tmp_path / "file"))
