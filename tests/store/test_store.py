import itertools
import sqlite3
import threading
from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store import queue
from mnistlab.store.database.errors import StoreError
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.store.trash import move_to_trash, restore_from_trash
from mnistlab.store.worker_slots import busy_slots, interrupt_orphans, process_of
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.worker.processes import start_worker, worker_lock

SPEC, RECIPE = PRESETS[3].spec, Recipe(epochs=2)
EPOCHS = [Epoch(n, 0.25, 0.93, 0.125, 400 // n, 10_000, 0.1 / n, 2.5, 3999.5) for n in (1, 2)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs", clock=iter(range(1000, 2000)).__next__)


def test_a_run_is_read_as_it_was_written(store: Store) -> None:
    run_id = store.add("  Ada's \n first  ", SPEC, RECIPE)
    run = store.claim()
    assert run and run.id == run_id and run.name == "Ada's first"
    assert (run.spec, run.recipe, run.state) == (SPEC, RECIPE, State.RUNNING)
    assert store.report(run_id, "Training", Progress(1, 64, 512, 99.5)) is Request.NONE
    for epoch in EPOCHS:
        store.add_epoch(run_id, epoch)
    midway = store.run(run_id)
    assert midway and midway.progress == Progress(1, 64, 512, 99.5)
    store.finish(run_id, State.DONE, "", Score(60, 10_000))
    run = store.run(run_id)
    assert run and run.epochs == tuple(EPOCHS) and run.test == Score(60, 10_000)
    assert (run.state, run.progress, run.created, run.started, run.ended) == (
        State.DONE, None, 1000, 1001, 1003,
    )  # fmt: skip


def test_an_empty_store_is_read_without_making_a_file(store: Store) -> None:
    assert newest(store, 9) == [] == store.queue() and store.run(1) is None
    assert not store.folder.exists()


def test_runs_are_claimed_oldest_first_and_listed_newest_first(store: Store) -> None:
    ids = [store.add(f"run {n}", SPEC, RECIPE) for n in range(3)]
    assert [run.id for run in newest(store, 9)] == ids[::-1]
    claimed = [run.id for _ in ids if (run := store.claim())]
    assert claimed == ids and store.claim() is None
    assert store.queue() == [] and len(store.running()) == 3


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
    assert not errors and len(newest(Store(tmp_path), 20)) == 12


def test_a_stop_reaches_a_running_run_and_ends_a_queued_one(store: Store) -> None:
    running, queued = store.add("a", SPEC, RECIPE), store.add("b", SPEC, RECIPE)
    store.claim()
    store.request(running, Request.STOP)
    store.request(queued, Request.STOP)
    assert store.report(running, "Training") is Request.STOP
    store.request(running, Request.PAUSE)
    assert store.report(running, "Training") is Request.STOP, "a stop is not taken back"
    states = {run.id: run.state for run in newest(store, 9)}
    assert states == {running: State.RUNNING, queued: State.STOPPED}
    store.finish(running, State.DONE, "")
    store.request(running, Request.STOP)
    run = store.run(running)
    assert run and run.state is State.DONE, "what has ended stays as it ended"


def test_a_queued_run_with_epochs_behind_it_is_paused_even_by_a_stop(store: Store) -> None:
    run_id = store.add("", SPEC, RECIPE)
    store.claim()
    store.add_epoch(run_id, EPOCHS[0])
    store.finish(run_id, State.PAUSED, "")
    for request in (Request.STOP, Request.PAUSE):
        queue.resume(store, run_id)
        store.request(run_id, request)
        run = store.run(run_id)
        assert run and run.state is State.PAUSED and run.epochs and "epoch 1" in run.message
    # A run that waits for nothing but its end is brought there by the next worker.
    store.request(run_id, Request.STOP)
    assert (run := store.claim()) and run.id == run_id and run.request is Request.STOP


def order(store: Store) -> list[int]:
    return [run.id for run in store.queue()]


def test_queued_runs_swap_positions(store: Store) -> None:
    a, b, c = (store.add("", SPEC, RECIPE) for _ in range(3))
    queue.move(store, c, -1)
    assert order(store) == [a, c, b]
    queue.move(store, a, 1)
    assert order(store) == [c, a, b]
    for run_id, by in ((c, -1), (b, 1), (99, 1)):
        queue.move(store, run_id, by)
    assert order(store) == [c, a, b], "a place that there is not changes nothing"
    queue.run_next(store, b)
    assert order(store) == [b, c, a] and (run := store.claim()) and run.id == b


def test_run_next_preempts_the_running_run_which_then_comes_next(store: Store) -> None:
    a, b, c = (store.add("", SPEC, RECIPE) for _ in range(3))
    store.claim()
    queue.run_next(store, c)
    assert store.report(a, "Training") is Request.PREEMPT
    store.finish(a, State.QUEUED, "Stepped back.")
    assert order(store) == [c, a, b]
    store.claim()
    queue.run_next(store, b, workers=2)
    assert store.report(c, "Training") is Request.NONE, "there is room for both"


def test_run_next_preempts_no_more_runs_than_needed(store: Store) -> None:
    ids = [store.add("", SPEC, RECIPE) for _ in range(5)]
    for slot in range(2):
        store.claim(slot)
    queue.run_next(store, ids[3], workers=2)
    queue.run_next(store, ids[3], workers=2)
    assert [run.request for run in store.running()] == [Request.NONE, Request.PREEMPT]
    queue.run_next(store, ids[4], workers=2)
    assert [run.request for run in store.running()] == [Request.PREEMPT, Request.PREEMPT]
    for run_id in ids[:2]:
        store.finish(run_id, State.QUEUED, "Stepped back.")
    assert order(store) == [ids[4], ids[3], ids[0], ids[1], ids[2]]
    queue.move(store, ids[1], -1)
    assert order(store) == [ids[4], ids[3], ids[1], ids[0], ids[2]]


def test_the_stronger_request_wins_whenever_it_comes(store: Store) -> None:
    def ask(heard: State, *requests: Request) -> tuple[State, Request]:
        run_id = store.add("", SPEC, RECIPE)
        while (claimed := store.claim()) and claimed.id != run_id:
            store.finish(claimed.id, State.DONE, "")
        store.add_epoch(run_id, EPOCHS[0])
        for request in requests:
            store.request(run_id, request)
        store.finish(run_id, heard, "")
        run = store.run(run_id)
        assert run is not None
        return run.state, run.request

    none, stop, pause, back = Request.NONE, Request.STOP, Request.PAUSE, Request.PREEMPT
    assert ask(State.PAUSED, pause) == (State.PAUSED, none)
    assert ask(State.PAUSED, pause, back) == (State.PAUSED, none)
    assert ask(State.QUEUED, back, pause) == (State.PAUSED, none)
    assert ask(State.QUEUED, back) == (State.QUEUED, none)
    # The worker released the run before the stop came; the next worker ends it.
    assert ask(State.PAUSED, pause, stop) == (State.QUEUED, stop)
    assert ask(State.QUEUED, back, stop) == (State.QUEUED, stop)
    assert ask(State.STOPPED, stop, pause) == (State.STOPPED, none)
    assert ask(State.FAILED, stop) == (State.FAILED, stop)
    assert ask(State.DONE, stop) == (State.DONE, none)


def test_a_stop_request_survives_its_worker(store: Store) -> None:
    run_id = store.add("", SPEC, RECIPE)
    store.claim()
    store.add_epoch(run_id, EPOCHS[0])
    store.request(run_id, Request.STOP)
    interrupt_orphans(store, 0)
    queue.resume(store, run_id)
    assert (run := store.claim()) and run.id == run_id and run.request is Request.STOP


def test_only_unfinished_runs_can_be_resumed(store: Store) -> None:
    for state in State:
        run_id = store.add("", SPEC, RECIPE)
        store.claim()
        store.add_epoch(run_id, EPOCHS[0])
        if state.active:
            store.finish(run_id, State.DONE, "")
            continue
        store.finish(run_id, state, "why")
        if not state.resumable:
            with pytest.raises(StoreError, match="cannot be resumed"):
                queue.resume(store, run_id)
            continue
        move_to_trash(store, [run_id])
        with pytest.raises(StoreError, match="trash"):
            queue.resume(store, run_id)
        restore_from_trash(store, [run_id])
        queue.resume(store, run_id)
        run = store.run(run_id)
        assert run and run.state is State.QUEUED and run.epochs == (EPOCHS[0],)
        store.claim()
        store.finish(run_id, State.DONE, "")


def test_activity_changes_only_when_a_run_starts_or_ends(store: Store) -> None:
    pulses = [queue.activity(store)]
    run_id = store.add("", SPEC, RECIPE)
    pulses.append(queue.activity(store, [run_id]))
    store.claim()
    pulses.append(queue.activity(store, [run_id]))
    store.report(run_id, "Training", Progress(1, 64, 512, 99.5))
    store.add_epoch(run_id, EPOCHS[0])
    assert queue.activity(store, [run_id]) == pulses[-1]
    store.finish(run_id, State.PAUSED, "")
    pulses.append(queue.activity(store, [run_id]))
    queue.resume(store, run_id)
    pulses.append(queue.activity(store, [run_id]))
    assert all(one != other for one, other in itertools.pairwise(pulses))


def test_imported_runs_are_not_recent_runs(store: Store) -> None:
    here, elsewhere = store.add("", SPEC, RECIPE), store.add("", SPEC, RECIPE)
    store.claim()
    for run_id in (here, elsewhere):
        store.replace_epochs(run_id, EPOCHS)
    assert [run.id for run in queue.recent_runs(store)] == [here]
    assert queue.queued_count(store) == 1


def test_a_worker_whose_run_was_claimed_by_another_gets_a_pause_request(store: Store) -> None:
    run_id = store.add("", SPEC, RECIPE)
    store.claim(slot=3, pid=77)
    assert busy_slots(store) == {3} and process_of(store, run_id) == (3, 77)
    assert interrupt_orphans(store, 2) == 0 and interrupt_orphans(store, 3) == 1
    assert store.report(run_id, "Training") is Request.PAUSE
    store.finish(run_id, State.DONE, "")
    run = store.run(run_id)
    assert run and run.state is State.INTERRUPTED and process_of(store, run_id) is None


def test_a_silent_run_is_noticed_by_its_heartbeat(tmp_path: Path) -> None:
    now = [1000.0]
    store = Store(tmp_path, clock=lambda: now[0])
    run_id = store.add("", SPEC, RECIPE)
    store.claim()
    store.report(run_id, "Training")
    run = store.run(run_id)
    assert run and run.seconds_silent(1050) is None and run.seconds_silent(1100) == 100
    now[0] = 1090
    store.report(run_id, "Training")
    run = store.run(run_id)
    assert run and run.seconds_silent(1100) is None


def test_replace_epochs_leaves_exactly_those_epochs(store: Store) -> None:
    run_id = store.add("", SPEC, RECIPE)
    store.add_epoch(run_id, EPOCHS[0])
    for epochs in (EPOCHS, EPOCHS[:1], []):
        store.replace_epochs(run_id, epochs)
        run = store.run(run_id)
        assert run and list(run.epochs) == epochs and run.epochs_done == len(epochs)
        assert run.best_epoch == (len(epochs) or None), "each epoch is better than the one before"


def schema(store: Store) -> set[str]:
    with store.database.reading() as db:
        return {row["sql"] for row in db.execute("SELECT sql FROM sqlite_master WHERE sql != ''")}


def test_orphans_are_marked_with_a_reason_and_keep_their_epochs(store: Store) -> None:
    run_id = store.add("", SPEC, RECIPE)
    store.claim()
    store.add_epoch(run_id, EPOCHS[0])
    assert interrupt_orphans(store, 0) == 1
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
    with sqlite3.connect(store.database.file) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="later version"):
        newest(store, 9)


def test_a_damaged_store_is_reported_and_not_overwritten(store: Store) -> None:
    store.folder.mkdir()
    store.database.file.write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreError, match=r"store\.sqlite cannot be used"):
        store.add("", SPEC, RECIPE)
    assert store.database.file.read_bytes().startswith(b"not a database")


def test_a_read_never_waits_for_a_write(store: Store) -> None:
    run_id = store.add("", SPEC, RECIPE)
    with sqlite3.connect(store.database.file, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        run = store.run(run_id)
        writer.execute("ROLLBACK")
    assert run and len(newest(store, 9)) == 1


def test_a_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path / "file").add("", SPEC, RECIPE)
    with pytest.raises(StoreError, match="cannot be used"), worker_lock(Home(tmp_path / "file")):
        pass
    with pytest.raises(StoreError, match="Could not start"):
        start_worker(Home(tmp_path / "file"))
