"""Several seeds of one recipe: stats again, resumed, summarized."""

import signal
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.__main__ import main
from mnistlab.arch.spec import parse
from mnistlab.errors import LabError
from mnistlab.experiments.seeds import MAX_SEEDS, SeedStats, first_seeds, runs_by_seed, seed_stats
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.store.trash import move_to_trash
from tests.waiting import CEILING, until

ROOT = Path(__file__).parents[2]
SPEC = parse("4-p4-gap-bn")
RECIPE = Recipe(epochs=1, batch_size=64, train_size=256)
COMMAND = f"study {SPEC} --epochs 1 --batch-size 64 --train-size 256"


@pytest.fixture
def lab(tmp_path: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").symlink_to(mnist_folder)
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    for name in ("MNISTLAB_WORKERS", "MNISTLAB_THREADS"):
        monkeypatch.setenv(name, "1")  # the command sets its own; this puts them back
        monkeypatch.delenv(name)
    return tmp_path


def test_seeds_count_from_0_and_too_many_are_an_error() -> None:
    assert first_seeds(2) == (0, 1)
    for count in (0, MAX_SEEDS + 1):
        with pytest.raises(LabError, match=f"{count} .*{MAX_SEEDS}"):
            first_seeds(count)


def test_mean_and_sd_are_of_the_accuracies_and_the_interval_of_one_test_set() -> None:
    errors = [55, 61, 58, 70, 49]
    stats = SeedStats(tuple(Score(e, 10_000) for e in errors))
    accuracies = [1 - e / 10_000 for e in errors]
    assert stats.mean == pytest.approx(statistics.mean(accuracies))
    assert stats.std == pytest.approx(statistics.stdev(accuracies))
    assert stats.confidence_interval == Score(59, 10_000).confidence_interval, (
        "58.6 errors on average"
    )
    assert str(stats).startswith("99.414% ± 0.078% (5 seeds; 95% CI of the 10,000 images 99.24–")


def test_one_seed_has_no_sd_and_no_score_has_no_statistics() -> None:
    one = SeedStats((Score(60, 10_000),))
    assert one.std is None and str(one) == str(Score(60, 10_000))
    assert seed_stats([None, None]) is None
    assert seed_stats([None, Score(1, 10)]) == SeedStats((Score(1, 10),))
    with pytest.raises(ValueError, match="different numbers"):
        SeedStats((Score(1, 10), Score(1, 20)))


def test_a_seed_s_run_is_stats_by_network_and_recipe_and_finished_ones_come_first(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    assert runs_by_seed(store, SPEC, RECIPE, range(3)) == {}
    first = store.add("a", SPEC, RECIPE)
    store.add("other network", parse("5-p4-gap-bn"), RECIPE)
    store.add("other recipe", SPEC, replace(RECIPE, epochs=2))
    queued = store.add("the same again", SPEC, RECIPE)
    second = store.add("b", SPEC, replace(RECIPE, seed=1))
    claimed = store.claim()
    assert claimed and claimed.id == first
    assert {s: r.id for s, r in runs_by_seed(store, SPEC, RECIPE, range(3)).items()} == {
        0: first,
        1: second,
    }
    store.finish(first, State.STOPPED, "")
    store.request(second, Request.PAUSE)
    move_to_trash(store, [second])
    assert {s: r.id for s, r in runs_by_seed(store, SPEC, RECIPE, range(3)).items()} == {0: queued}


@pytest.mark.slow
def test_a_study_resumes_existing_runs_and_prints_mean_and_sd(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(lab / "runs")
    paused = store.add("paused", SPEC, replace(RECIPE, seed=1))
    store.request(paused, Request.PAUSE)

    assert main([*COMMAND.split(), "--seeds", "2"]) == 0
    out = capsys.readouterr().out
    runs = runs_by_seed(store, SPEC, RECIPE, range(2))
    assert runs[1].id == paused and all(run.state is State.DONE for run in runs.values())
    tests = seed_stats([run.test for run in runs.values()])
    assert tests and str(tests) in out and "(2 seeds;" in out
    assert runs[0].tags == ("seeds",) and runs[0].name.endswith("seed 0")

    assert main([*COMMAND.split(), "--seeds", "2"]) == 0
    # Runs are printed as they end, in whatever order.
    again = sorted(capsys.readouterr().out.splitlines())
    assert again == sorted(out.splitlines()), "nothing was trained again"
    assert main([*COMMAND.split(), "--seeds", "1001"]) == 2
    assert "1,000" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_pauses_every_seed_and_the_same_command_finishes_them(lab: Path) -> None:
    epochs, store = 12, Store(lab / "runs")
    command = f"study {SPEC} --epochs {epochs} --batch-size 64 --train-size 64 --seeds 2".split()
    process = subprocess.Popen([sys.executable, "-m", "mnistlab", *command], cwd=ROOT)

    def has_started() -> bool:
        assert process.poll() is None
        run = store.run(1) if store.database.file.exists() else None
        return run is not None and bool(run.epochs)

    until(has_started)
    process.send_signal(signal.SIGINT)
    assert process.wait(CEILING) == 2
    paused = store.runs([1, 2])
    assert [run.state for run in paused] == [State.PAUSED] * 2
    assert 1 <= paused[0].epochs_done < epochs

    assert main(command) == 0
    done = store.runs([1, 2])
    assert [run.state for run in done] == [State.DONE] * 2
    assert [run.epochs_done for run in done] == [epochs] * 2
    assert done[0].epochs[: paused[0].epochs_done] == paused[0].epochs, "nothing was trained twice"
