"""A report that cannot be written is skipped; training continues."""

import sqlite3
from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import parse
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.database.errors import StoreError
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.training.epoch import Phase, Progress
from mnistlab.worker import status_reporter
from mnistlab.worker.status_reporter import REPORT_SECONDS, StatusReporter
from mnistlab.worker.worker import train_run


def test_a_locked_store_skips_a_report_and_the_next_one_reads_the_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, now = Store(tmp_path), [0.0]
    run_id = store.add("", PRESETS[3].spec, Recipe())
    store.claim()
    store.request(run_id, Request.PAUSE)
    watch = StatusReporter(store, run_id, clock=lambda: now[0])
    with sqlite3.connect(store.database.file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        watch.report("Training")
        now[0] += REPORT_SECONDS
        watch.progress(Progress(1, 64, 512, 99.5))
        other.execute("ROLLBACK")
    other.close()
    assert watch.requested == Request.NONE
    assert len(capsys.readouterr().err.splitlines()) == 1, "said once"
    watch.report_throttled("Training")
    assert watch.requested == Request.NONE, "it is not yet time"
    now[0] += REPORT_SECONDS
    watch.report_throttled("Training")
    assert str(watch.requested) == Request.PAUSE.value


def test_the_first_step_is_reported_at_once_and_the_next_ones_are_throttled(tmp_path: Path) -> None:
    store, now = Store(tmp_path), [0.0]
    run_id = store.add("", PRESETS[3].spec, Recipe())
    store.claim()
    watch = StatusReporter(store, run_id, clock=lambda: now[0])
    watch.report(Phase.TRAIN)
    done = []
    for step in range(1, 4):
        now[0] += REPORT_SECONDS / 2
        watch.progress(Progress(1, step, 512, 99.5))
        run = store.run(run_id)
        assert run and run.progress
        done.append(run.progress.done)
    assert done == [1, 1, 3]


@pytest.mark.slow
def test_a_training_ends_without_a_single_report(
    tmp_path: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*values: object) -> Request:
        raise StoreError("database is locked")

    (tmp_path / "data").symlink_to(mnist_folder)
    monkeypatch.setenv("MNISTLAB_THREADS", "1")
    monkeypatch.setattr(Store, "report", refused)
    home, recipe = Home(tmp_path), Recipe(epochs=2, batch_size=64, train_size=256)
    store = Store(home.runs)
    run_id = store.add("", parse("4-p4-gap-bn"), recipe)
    run = store.claim()
    assert run
    train_run(store, run, home, 0)
    ended = store.run(run_id)
    assert ended and ended.state is State.DONE, ended
    assert len(ended.epochs) == 2 and ended.test


@pytest.mark.slow
def test_every_phase_of_a_training_beats(
    tmp_path: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[str] = []
    report = Store.report

    def recorded(
        store: Store, run_id: int, message: str, progress: Progress | None = None
    ) -> Request:
        messages.append(message)
        return report(store, run_id, message, progress)

    (tmp_path / "data").symlink_to(mnist_folder)
    monkeypatch.setenv("MNISTLAB_THREADS", "1")
    monkeypatch.setattr(Store, "report", recorded)
    monkeypatch.setattr(status_reporter, "REPORT_SECONDS", 0.0)
    home, recipe = Home(tmp_path), Recipe(epochs=1, batch_size=64, train_size=256)
    store = Store(home.runs)
    store.add("", parse("4-p4-gap-bn"), recipe)
    run = store.claim()
    assert run
    train_run(store, run, home, 0)
    for phase in Phase:
        assert sum(phase in message for message in messages) >= 2, f"{phase} is silent"
