"""An ablation: baseline and variant queued with the same seeds, and their difference."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.__main__ import main
from mnistlab.experiments.ablation import (
    ablation_runs,
    accuracy_difference,
    make_ablation,
    submit_ablation,
)
from mnistlab.experiments.reproduction import Reproduction, submit_reproduction
from mnistlab.experiments.targets import TARGETS
from mnistlab.home import Home
from mnistlab.stats.difference import image_error
from mnistlab.store.store import Store
from mnistlab.worker import processes
from tests.store.example_runs import add_finished_run

STUDY = make_ablation(TARGETS[3], "dropout", (0, 1, 2))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    return Home(tmp_path)


def test_baseline_and_variant_share_seeds_and_the_reproduction_s_runs(home: Home) -> None:
    of_the_reproduction = submit_reproduction(home, Reproduction())
    ids = submit_ablation(home, STUDY)
    assert submit_ablation(home, STUDY) == ids and len(set(ids)) == 6
    runs = Store(home.runs).runs(ids)
    (existing,) = (
        run.id for run in Store(home.runs).runs(of_the_reproduction) if run.spec == TARGETS[3].spec
    )
    assert ids[0] == existing, "target 4 with seed 0 exists already"
    assert [run.recipe.seed for run in runs] == [0, 0, 1, 1, 2, 2]
    assert {run.spec for run in runs[::2]} == {TARGETS[3].spec}
    assert {run.spec.dropout for run in runs[1::2]} == {0.0}
    assert {replace(run.recipe, seed=0) for run in runs} == {TARGETS[3].quick}


def test_several_seeds_are_compared_by_their_best_epochs(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for seed, (with_dropout, without) in enumerate([(60, 320), (62, 321), (58, 79)]):
        recipe = replace(STUDY.recipe, seed=seed)
        add_finished_run(store, STUDY.target.spec, recipe, [400, with_dropout, 390])
        if seed < 2:
            add_finished_run(store, STUDY.variant.spec, recipe, [without, 395])
        else:
            store.add("waits", STUDY.variant.spec, recipe)
    baseline, variant = ablation_runs(store, STUDY)
    assert list(baseline) == [0, 1, 2] and list(variant) == [0, 1, 2]
    difference = accuracy_difference(store, baseline, variant)
    assert difference and difference.n_pairs == 2, "a seed counts once both runs have finished"
    assert difference.difference == pytest.approx(-0.02595) and difference.significant
    assert accuracy_difference(store, {}, variant) is None


def test_several_seeds_include_the_sampling_error_of_the_images(tmp_path: Path) -> None:
    """Two seeds that both lose 40 images: narrower with the predictions than without."""
    store = Store(tmp_path)
    for seed in (0, 1):
        recipe = replace(STUDY.recipe, seed=seed)
        add_finished_run(store, STUDY.target.spec, recipe, [60], wrong=range(6))
        add_finished_run(store, STUDY.variant.spec, recipe, [100], wrong=range(4, 10))
    difference = accuracy_difference(store, *ablation_runs(store, STUDY))
    assert (
        difference
        and difference.difference == pytest.approx(-0.004)
        and difference.confidence_interval
    )
    half = (difference.confidence_interval[1] - difference.confidence_interval[0]) / 2
    assert half == pytest.approx(12.7062 * image_error(0.008, -0.004, 10_000), rel=1e-5)
    store.predictions_path(2).unlink()
    without = accuracy_difference(store, *ablation_runs(store, STUDY))
    assert without and without.confidence_interval
    half = (without.confidence_interval[1] - without.confidence_interval[0]) / 2
    assert half == pytest.approx(12.7062 * image_error(0.016, -0.004, 10_000), rel=1e-5)


def test_one_seed_is_compared_image_by_image(tmp_path: Path) -> None:
    store, study = Store(tmp_path), replace(STUDY, seeds=(0,))
    add_finished_run(store, study.target.spec, study.recipe, [60], wrong=range(20))
    baseline, variant = ablation_runs(store, study)
    assert accuracy_difference(store, baseline, variant) is None
    add_finished_run(store, study.variant.spec, study.recipe, [70], wrong=range(10, 50))
    difference = accuracy_difference(store, *ablation_runs(store, study))
    assert difference and difference.n_pairs == 1 and difference.difference == pytest.approx(-0.02)
    assert difference.p_value == pytest.approx(0.00222, abs=1e-5) and difference.significant
    store.predictions_path(2).unlink()
    without = accuracy_difference(store, *ablation_runs(store, study))
    assert without and without.significant is None and without.difference == pytest.approx(-0.001)


def test_unknown_variants_and_too_many_seeds_are_one_line_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    for command, text in (
        ("ablate target-9 dropout", "target-1, target-2"),
        ("ablate target-4 fly", "batch-norm"),
        ("ablate target-4 dropout --seeds 100", "20"),
        ("reproduce --seeds 100", "20"),
        ("reproduce --split all", "all"),
    ):
        assert main(command.split()) == 2
        err = capsys.readouterr().err
        assert text in err and err.count("\n") == 1
    assert not (tmp_path / "runs").exists()
