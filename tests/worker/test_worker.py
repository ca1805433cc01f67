"""Real worker processes, really killed, on a few hundred real digits."""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from mnistlab.arch.spec import Conv, Spec, SpecError, parse
from mnistlab.data.mnist import LabeledImages, load, split_mnist
from mnistlab.data.options import Split
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.predictions import Predictions, load_predictions
from mnistlab.store import queue
from mnistlab.store.run import Request, Run, State
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.store.worker_slots import interrupt_orphans, process_of
from mnistlab.training import checkpoint
from mnistlab.training.epoch import Epoch, best
from mnistlab.training.evaluate import Report, evaluate, predict_images
from mnistlab.uncertainty import model
from mnistlab.worker import processes
from mnistlab.worker.processes import ensure_workers, submit, worker_lock
from mnistlab.worker.worker import train_run
from tests.waiting import until

SMALL = parse("4-p4-8-p8-gap-bn")
QUICK = Recipe(epochs=2, batch_size=64, train_size=256)
LONG = Recipe(epochs=1000, batch_size=8, train_size=256)

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home of its own, with MNIST; at the end nothing trains on."""
    (tmp_path / "data").symlink_to(mnist_folder)
    monkeypatch.setenv("MNISTLAB_THREADS", "1")
    home = Home(tmp_path)
    yield home
    store = Store(home.runs)
    for run in newest(store, 99):
        store.request(run.id, Request.STOP)
    until(
        lambda: call_ensure_workers(home) and not any(run.state.active for run in newest(store, 99))
    )


def call_ensure_workers(home: Home) -> bool:
    """Call `ensure_workers` as the pages do while they wait."""
    ensure_workers(home)
    return True


def get_run(home: Home, run_id: int) -> Run:
    run = Store(home.runs).run(run_id)
    assert run is not None
    return run


def pid_of(home: Home, run_id: int) -> int:
    process = process_of(Store(home.runs), run_id)
    assert process is not None
    return process[1]


def same(one: nn.Module, other: nn.Module) -> bool:
    """Whether two networks have the same weights, to the bit."""
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_a_submitted_run_trains_to_its_end_and_keeps_its_best_checkpoint(home: Home) -> None:
    run_id = submit(home, "first", SMALL, QUICK)
    until(lambda: not get_run(home, run_id).state.active)
    run = get_run(home, run_id)
    assert run.state is State.DONE and run.message == ""
    assert [epoch.number for epoch in run.epochs] == [1, 2]
    loaded = checkpoint.load_checkpoint(Store(home.runs).best_checkpoint_path(run_id))
    assert loaded.record.epochs == run.epochs and loaded.record.saved_epoch == best(run.epochs)
    assert loaded.record.test == run.test and run.test and run.test.count == 10_000
    last = checkpoint.load_checkpoint(Store(home.runs).last_checkpoint_path(run_id))
    assert last.record.epoch == 2
    for epoch in run.epochs:
        each = checkpoint.load_checkpoint(
            Store(home.runs).epoch_checkpoint_path(run_id, epoch.number)
        )
        assert each.record.saved_epoch == epoch
    assert same(each.network, last.network)
    # The uncertainty model is next to the checkpoint, where the classifier of drawings loads it.
    fitted = model.load_uncertainty(
        model.uncertainty_path(Store(home.runs).best_checkpoint_path(run_id)), SMALL
    )
    assert fitted and fitted.detector


def test_a_large_network_keeps_its_best_and_last_epoch_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(home.runs)
    run_id = store.add("", SMALL, QUICK)
    run = store.claim()
    assert run
    monkeypatch.setattr("mnistlab.worker.training_job.KEEP_EPOCHS_BELOW", run.parameters - 1)
    train_run(store, run, home, 0)
    assert get_run(home, run_id).state is State.DONE
    assert not store.epoch_checkpoint_path(run_id, 1).exists()
    assert (
        store.best_checkpoint_path(run_id).exists() and store.last_checkpoint_path(run_id).exists()
    )


def test_the_article_protocol_has_no_test_score(home: Home) -> None:
    recipe = Recipe(epochs=1, batch_size=64, train_size=256, split=Split.ARTICLE)
    run_id = submit(home, "", SMALL, recipe)
    until(lambda: not get_run(home, run_id).state.active)
    run = get_run(home, run_id)
    assert run.state is State.DONE and run.test is None


def test_the_all_data_protocol_saves_its_last_epoch_and_has_only_a_test_score(
    home: Home,
) -> None:
    # So high a rate that the last of three epochs is hardly ever the best one.
    recipe = Recipe(epochs=3, batch_size=64, train_size=256, learning_rate=1.0, split=Split.ALL)
    run_id = submit(home, "", SMALL, recipe)
    until(lambda: not get_run(home, run_id).state.active)
    run, store = get_run(home, run_id), Store(home.runs)
    assert run.state is State.DONE and run.best_epoch == 3 and run.test
    assert (run.best, run.last) == (None, None)
    kept, last = (
        checkpoint.load_checkpoint(path)
        for path in (store.best_checkpoint_path(run_id), store.last_checkpoint_path(run_id))
    )
    assert kept.record.epoch == 3 and kept.record.test == run.test
    for name, weights in kept.network.state_dict().items():
        assert torch.equal(weights, last.network.state_dict()[name])


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="not on Linux")
@pytest.mark.parametrize("nice", [None, 3])
def test_a_worker_s_session_has_low_priority(
    home: Home, monkeypatch: pytest.MonkeyPatch, nice: int | None
) -> None:
    if nice is None:
        monkeypatch.delenv("MNISTLAB_NICE", raising=False)
    else:
        monkeypatch.setenv("MNISTLAB_NICE", str(nice))
    run_id = submit(home, "", SMALL, LONG)
    until(lambda: get_run(home, run_id).progress)
    group = Path(f"/proc/{pid_of(home, run_id)}/autogroup").read_text()
    assert group.split()[-1] == str(10 if nice is None else nice), (
        "else it takes as much as the pages' server"
    )


def test_a_stop_ends_a_run_within_the_epoch_and_the_next_one_begins(home: Home) -> None:
    long, short = submit(home, "", SMALL, LONG), submit(home, "", SMALL, QUICK)
    until(lambda: get_run(home, long).epochs)
    Store(home.runs).request(long, Request.STOP)
    until(lambda: not get_run(home, short).state.active)
    run = get_run(home, long)
    assert run.state is State.STOPPED and str(len(run.epochs)) in run.message
    assert (
        checkpoint.load_checkpoint(Store(home.runs).best_checkpoint_path(long)).record.epochs
        == run.epochs
    )
    assert get_run(home, short).state is State.DONE
    # The steps of the incomplete epoch are not in the checkpoint.
    last = checkpoint.load_checkpoint(Store(home.runs).last_checkpoint_path(long))
    evaluation = evaluate(last.network, split_mnist(load(home.data), LONG.split).validation)
    assert last.record.epoch == len(run.epochs)
    assert evaluation.score == run.epochs[-1].validation


def test_a_killed_worker_s_run_is_interrupted_and_the_queue_continues(home: Home) -> None:
    long, short = submit(home, "", SMALL, LONG), submit(home, "", SMALL, QUICK)
    until(lambda: len(get_run(home, long).epochs) >= 2)
    ensure_workers(home)
    assert get_run(home, long).state is State.RUNNING, "a living worker's run is left alone"
    os.kill(pid_of(home, long), signal.SIGKILL)
    until(lambda: call_ensure_workers(home) and not get_run(home, short).state.active)
    run = get_run(home, long)
    assert run.state is State.INTERRUPTED and "killed" in run.message
    assert get_run(home, short).state is State.DONE
    kept = checkpoint.load_checkpoint(Store(home.runs).best_checkpoint_path(long))
    # Between its checkpoint and its row an epoch is in the file alone.
    assert kept.record.epoch <= len(run.epochs) + 1
    queue.resume(Store(home.runs), long)
    until(
        lambda: call_ensure_workers(home) and len(get_run(home, long).epochs) > len(run.epochs) + 1
    )
    assert get_run(home, long).epochs[: len(run.epochs)] == run.epochs
    with sqlite3.connect(Store(home.runs).database.file) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_workers_started_too_many_times_train_every_run_once(home: Home) -> None:
    ids = [
        submit(home, "", SMALL, Recipe(epochs=1, train_size=64, batch_size=32)) for _ in range(4)
    ]
    for _ in range(3):
        processes.start_worker(home)
    until(lambda: all(not get_run(home, run_id).state.active for run_id in ids))
    assert [len(get_run(home, run_id).epochs) for run_id in ids] == [1, 1, 1, 1]


@pytest.mark.parametrize("stopped", [True, False])
def test_the_test_set_is_used_once_even_if_the_end_is_interrupted(
    home: Home, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    store, views = Store(home.runs), []
    run_id = store.add("", SMALL, QUICK)

    def predict_and_count(network: nn.Module, digits: LabeledImages, report: Report) -> Predictions:
        views.append(len(digits))
        return predict_images(network, digits, report)

    def add_epoch(self: Store, run_id: int, epoch: Epoch) -> None:
        real_add_epoch(self, run_id, epoch)
        if stopped:
            self.request(run_id, Request.STOP)

    class Killed(BaseException):
        pass

    def killed(*values: object, **more: object) -> None:
        raise Killed

    real_add_epoch = Store.add_epoch
    monkeypatch.setattr("mnistlab.worker.training_job.predict_images", predict_and_count)
    monkeypatch.setattr(Store, "add_epoch", add_epoch)
    with monkeypatch.context() as end, pytest.raises(Killed):
        end.setattr(Store, "finish", killed)
        run = store.claim()
        assert run is not None
        train_run(store, run, home, 0)
    interrupt_orphans(store, 0)
    assert get_run(home, run_id).state is State.INTERRUPTED and views == [10_000]
    queue.resume(store, run_id)
    run = store.claim()
    assert run is not None
    train_run(store, run, home, 0)
    run = get_run(home, run_id)
    assert run.state is (State.STOPPED if stopped else State.DONE)
    assert len(run.epochs) == (1 if stopped else 2) and views == [10_000]
    assert run.test and run.test == load_predictions(store.predictions_path(run_id)).score


def test_a_paused_run_can_be_ended_without_more_training(home: Home) -> None:
    store, run_id = Store(home.runs), submit(home, "", SMALL, LONG)
    until(lambda: get_run(home, run_id).epochs)
    store.request(run_id, Request.PAUSE)
    until(lambda: get_run(home, run_id).state is State.PAUSED)
    paused = get_run(home, run_id)
    store.request(run_id, Request.STOP)
    until(lambda: call_ensure_workers(home) and get_run(home, run_id).state is State.STOPPED)
    assert get_run(home, run_id).epochs == paused.epochs and get_run(home, run_id).test


def test_a_worker_that_hangs_is_killed_and_its_run_resumes(home: Home) -> None:
    run_id = submit(home, "", SMALL, Recipe(epochs=10, batch_size=8, train_size=512))
    until(lambda: len(get_run(home, run_id).epochs) >= 2)
    os.kill(pid_of(home, run_id), signal.SIGSTOP)
    _, status = os.waitpid(pid_of(home, run_id), os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    heard = get_run(home, run_id).heartbeat
    assert heard is not None
    assert get_run(home, run_id).seconds_silent(heard + 3600), (
        "silence is what a hanging worker is known by"
    )
    processes.kill_worker(home, run_id)
    run = get_run(home, run_id)
    assert run.state is State.INTERRUPTED and run.message
    queue.resume(Store(home.runs), run_id)
    ensure_workers(home)
    until(lambda: get_run(home, run_id).state is State.DONE)
    assert [epoch.number for epoch in get_run(home, run_id).epochs] == list(range(1, 11))


def test_two_workers_train_two_runs_side_by_side(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTLAB_WORKERS", "2")
    ids = [submit(home, "", SMALL, LONG) for _ in range(3)]
    until(
        lambda: (
            call_ensure_workers(home) and all(get_run(home, run_id).epochs for run_id in ids[:2])
        )
    )
    assert get_run(home, ids[2]).state is State.QUEUED
    assert pid_of(home, ids[0]) != pid_of(home, ids[1])


def test_run_next_preempts_a_run_which_then_continues_by_itself(home: Home) -> None:
    long, short = submit(home, "", SMALL, LONG), submit(home, "", SMALL, QUICK)
    until(lambda: get_run(home, long).epochs)
    queue.run_next(Store(home.runs), short)
    until(lambda: get_run(home, short).state is State.DONE)
    before = len(get_run(home, long).epochs)
    until(lambda: len(get_run(home, long).epochs) > before)
    assert get_run(home, long).state is State.RUNNING


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("MNISTLAB_WORKERS", processes.worker_count),
        ("MNISTLAB_THREADS", processes.thread_count),
        ("MNISTLAB_NICE", processes.niceness),
        ("MNISTLAB_IDLE", processes.idle_seconds),
    ],
)
@pytest.mark.parametrize("wrong", ["-1", "many", "1.5", "9" * 400, "²"])
def test_a_setting_that_is_not_a_number_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, setting: Callable[[], int], wrong: str
) -> None:
    monkeypatch.setenv(name, wrong)
    with pytest.raises(LabError, match=rf"\${name}"):
        setting()


@pytest.mark.parametrize("name", ["MNISTLAB_NICE", "MNISTLAB_IDLE"])
def test_a_wrong_setting_is_not_left_to_the_worker_s_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run_id = Store(tmp_path / "runs").add("", SMALL, QUICK)
    monkeypatch.setenv(name, "many")
    with pytest.raises(LabError, match=rf"\${name}"):
        ensure_workers(Home(tmp_path))
    assert get_run(Home(tmp_path), run_id).state is State.QUEUED


@pytest.mark.parametrize("setting", [processes.worker_count, processes.thread_count])
def test_zero_workers_or_threads_are_refused(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[[], int]
) -> None:
    for name in ("MNISTLAB_WORKERS", "MNISTLAB_THREADS"):
        monkeypatch.setenv(name, "0")
    with pytest.raises(LabError):
        setting()


@pytest.mark.parametrize(
    ("name", "setting"),
    [("MNISTLAB_NICE", processes.niceness), ("MNISTLAB_IDLE", processes.idle_seconds)],
)
def test_niceness_and_idle_time_can_be_zero_and_are_not_unless_set(
    monkeypatch: pytest.MonkeyPatch, name: str, setting: Callable[[], int]
) -> None:
    monkeypatch.setenv(name, "0")
    assert setting() == 0
    monkeypatch.delenv(name)
    assert setting() > 0


def test_missing_data_without_a_connection_fails_with_a_message(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.root / "data").unlink()
    # Proxies on this machine's closed ports: every source is refused at once.
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("no_proxy", "")
    run_id = submit(home, "", SMALL, QUICK)
    until(lambda: not get_run(home, run_id).state.active)
    run = get_run(home, run_id)
    assert run.state is State.FAILED and "Could not download" in run.message
    assert not list(home.data.glob("*idx*"))


def test_an_impossible_network_is_refused_before_it_is_queued(home: Home) -> None:
    with pytest.raises(SpecError, match="conv14"):
        submit(home, "", Spec(tuple(Conv(8) for _ in range(14))), QUICK)
    assert newest(Store(home.runs), 9) == []


def test_only_one_worker_holds_the_lock(home: Home) -> None:
    with worker_lock(home) as first, worker_lock(home) as second:
        assert (first, second) == (True, False)
    with worker_lock(home) as third:
        assert third
