"""Reproducing the article: runs queued, found again, resumed after a kill, summarized."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.arch.spec import parse
from mnistlab.arch.summary import summarize
from mnistlab.data.options import Split
from mnistlab.experiments.reproduction import (
    TAG,
    Reproduction,
    n_missing,
    newest_runs,
    submit_reproduction,
    target_runs,
)
from mnistlab.experiments.results_table import HEAD, results_table, target_result
from mnistlab.experiments.targets import TARGETS, Length, Target
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.store.table import Query
from mnistlab.store.table import table as all_runs
from mnistlab.store.worker_slots import process_of
from mnistlab.worker import processes
from tests.store.example_runs import add_finished_run, epoch
from tests.waiting import CEILING, until


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home folder without workers."""
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    return Home(tmp_path)


def small(target: Target) -> Target:
    recipe = Recipe(epochs=2, batch_size=64, train_size=256, split=Split.ARTICLE)
    preset = replace(target.preset, spec=parse("4-p4-gap-bn"), name=f"small-{target.preset.name}")
    return replace(target, preset=preset, full=recipe, quick=recipe)


def tiny(count: int, epochs: int) -> tuple[Target, ...]:
    """Targets that train in a moment and differ in their learning rates."""
    return tuple(
        replace(one, quick=replace(one.quick, learning_rate=0.1 + n / 100, epochs=epochs))
        for n, one in enumerate(map(small, TARGETS[:count]))
    )


def test_all_four_targets_train_before_the_next_seed_and_none_twice(home: Home) -> None:
    reproduction = Reproduction(Length.QUICK, seeds=(0, 1))
    ids = submit_reproduction(home, reproduction)
    runs = Store(home.runs).runs(ids)
    order = sorted(TARGETS, key=lambda target: summarize(target.spec).macs)
    assert order[-1] is TARGETS[0], "the slowest last"
    assert [run.spec for run in runs] == [target.spec for target in order] * 2
    assert [run.recipe.seed for run in runs] == [0] * 4 + [1] * 4
    assert all(run.recipe == replace(order[n % 4].quick, seed=n // 4) for n, run in enumerate(runs))
    assert all(TAG in run.tags for run in runs)
    assert submit_reproduction(home, reproduction) == ids
    more = submit_reproduction(home, replace(reproduction, seeds=(0, 1, 2)))
    assert more[:8] == ids and len(set(more)) == 12
    holdout = submit_reproduction(home, Reproduction(Length.QUICK, Split.HOLDOUT))
    assert not set(holdout) & set(more)


def test_interrupted_runs_are_resumed_and_counted(home: Home) -> None:
    reproduction, store = Reproduction(), Store(home.runs)
    assert n_missing(reproduction, target_runs(store, reproduction)) == 4
    ids = submit_reproduction(home, reproduction)
    assert n_missing(reproduction, target_runs(store, reproduction)) == 0, "all are queued"
    store.request(ids[1], Request.PAUSE)
    store.request(ids[2], Request.STOP)
    assert n_missing(reproduction, target_runs(store, reproduction)) == 2
    again = submit_reproduction(home, reproduction)
    assert again[1] == ids[1] and again[2] not in ids, "a stopped run is not resumed"
    assert store.runs([ids[1]])[0].state is State.QUEUED


def test_a_target_is_summarized_over_its_seeds(tmp_path: Path) -> None:
    store, target = Store(tmp_path), TARGETS[2]
    reproduction = Reproduction(Length.FULL, seeds=(0, 1))
    head, *lines = results_table(target_runs(store, reproduction))
    empty = lines[2]
    assert len(empty) == len(head) and empty[1] == "12,874" and "99.28%" in empty
    assert set(empty[4:]) == {"–"}
    add_finished_run(store, target.spec, target.full, [90, 60, 70])
    add_finished_run(store, target.spec, replace(target.full, seed=1), [80, 90, 70], train=1.0)
    result = target_result(target_runs(store, reproduction)[2].finished)
    assert result and result.best.scores == (Score(60, 10_000), Score(70, 10_000))
    assert result.last.mean == pytest.approx(0.993) and result.epochs == (2, 3)
    assert result.train == pytest.approx(0.995) and result.gap == pytest.approx(0.002)
    assert result.seconds == 6.0 and result.test is None
    line = results_table(target_runs(store, reproduction))[3]
    assert line[4].startswith("99.35%") and "±" in line[4] and "2, 3" in line
    one = results_table(target_runs(store, replace(reproduction, seeds=(0,))))[3]
    assert one[4:8] == ("99.40%", "99.23–99.53%", "60", "2")


def test_the_table_shows_running_runs_until_one_has_finished(tmp_path: Path) -> None:
    store, target = Store(tmp_path), TARGETS[0]
    run_id = store.add("trains", target.spec, target.quick)
    store.claim()
    store.add_epoch(run_id, epoch(1, 90))
    line = results_table(target_runs(store, Reproduction(seeds=(0, 1))))[1]
    assert line[0].endswith("…") and "99.10%" in line
    add_finished_run(store, target.spec, replace(target.quick, seed=1), [80])
    line = results_table(target_runs(store, Reproduction(seeds=(0, 1))))[1]
    assert line[0] == "Target 1" and "99.20%" in line and "99.10%" not in line


def test_hold_out_results_have_a_column_for_test_accuracy(tmp_path: Path) -> None:
    store, target = Store(tmp_path), TARGETS[0]
    assert "Test" not in results_table(target_runs(store, Reproduction()))[0]
    holdout = Reproduction(split=Split.HOLDOUT)
    add_finished_run(store, target.spec, holdout.recipe(target), [90], test=Score(70, 10_000))
    head, line, *_ = results_table(target_runs(store, holdout))
    assert head == HEAD and line[head.index("Test")] == "99.30%"


def test_the_newest_run_with_a_target_s_recipe_is_returned(tmp_path: Path) -> None:
    store, target = Store(tmp_path), TARGETS[3]
    assert newest_runs(store) == {}
    add_finished_run(store, target.spec, target.full, [60])
    mine = add_finished_run(
        store, target.spec, replace(target.quick, seed=2, split=Split.HOLDOUT), [70]
    )
    add_finished_run(store, target.spec, replace(target.full, epochs=7), [50])
    add_finished_run(store, TARGETS[2].spec, target.full, [50])
    store.add("waits", target.spec, target.full)
    assert {name: run.id for name, run in newest_runs(store).items()} == {"target-4": mine}


@pytest.fixture
def real(tmp_path: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home folder with MNIST whose worker is a separate process."""
    monkeypatch.setenv("MNISTLAB_THREADS", "1")
    (tmp_path / "data").symlink_to(mnist_folder)
    home = Home(tmp_path)
    yield home
    for run in Store(home.runs).running():
        Store(home.runs).request(run.id, Request.STOP)
    until(lambda: not Store(home.runs).running())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills a process")
def test_a_reproduction_resumes_after_its_worker_was_killed(real: Home) -> None:
    reproduction, store = Reproduction(targets=tiny(2, epochs=8)), Store(real.runs)
    ids = submit_reproduction(real, reproduction)
    until(lambda: store.runs(ids)[0].epochs_done >= 2)
    process = process_of(store, ids[0])
    assert process is not None
    os.kill(process[1], signal.SIGKILL)
    before = store.runs(ids)[0].epochs

    def dead() -> bool:
        processes.ensure_workers(real)
        return store.runs(ids)[0].state is not State.RUNNING

    until(dead)
    # The other one goes on by itself; beginning again takes the killed one up.
    assert n_missing(reproduction, target_runs(store, reproduction)) == 1
    assert submit_reproduction(real, reproduction) == ids
    until(lambda: all(run.state is State.DONE for run in store.runs(ids)))
    runs = store.runs(ids)
    assert [run.epochs_done for run in runs] == [8, 8]
    assert runs[0].epochs[: len(before)] == before, "nothing was trained twice"
    assert all_runs(store, Query()).total == 2
    assert all(line[4] != "–" for line in results_table(target_runs(store, reproduction)))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_pauses_a_reproduction_and_the_same_command_finishes_it(real: Home) -> None:
    store = Store(real.runs)
    # The command's own ladder is long; the test's is two tiny networks.
    code = (
        "import functools, sys; from mnistlab.experiments import reproduction as ladder;"
        "from tests.experiments.test_reproduction import tiny;"
        "from mnistlab.__main__ import main;"
        "ladder.Reproduction = functools.partial(ladder.Reproduction, targets=tiny(2, 12));"
        "sys.exit(main(['reproduce', '--quick']))"
    )
    command = [sys.executable, "-c", code]
    environment = os.environ | {"MNISTLAB_HOME": str(real.root), "MNISTLAB_WORKERS": "1"}

    def began() -> bool:
        run = store.run(1)
        return run is not None and run.epochs_done > 0

    process = subprocess.Popen(command, cwd=processes.CHECKOUT, env=environment)
    until(began)
    process.send_signal(signal.SIGINT)
    assert process.wait(CEILING) == 2
    assert not any(run.state.active for run in store.runs([1, 2]))
    done = subprocess.run(
        command,
        cwd=processes.CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [run.state for run in store.runs([1, 2])] == [State.DONE] * 2
    assert HEAD[4] in done.stdout and "12,490" in done.stdout
    assert not store.runs([3]), "nothing was queued twice"
