"""One choice switched: both ways queued with the same seeds, and the effect between them."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.__main__ import main
from mnistlab.errors import LabError
from mnistlab.experiments.ablation import (
    MAX_SEEDS,
    ablation_runs,
    accuracy_difference,
    first_seeds,
    make_ablation,
    submit_ablation,
)
from mnistlab.experiments.reproduction import Reproduction, submit_reproduction
from mnistlab.experiments.targets import TARGETS
from mnistlab.home import Home
from mnistlab.stats.difference import image_error
from mnistlab.store.store import Store
from mnistlab.worker import processes
from tests.store.example_runs import told

STUDY = make_ablation(TARGETS[3], "dropout", (0, 1, 2))


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    return Home(tmp_path)


def test_both_ways_have_the_same_seeds_and_the_ladder_s_own_runs_serve(lab: Home) -> None:
    of_the_ladder = submit_reproduction(lab, Reproduction())
    ids = submit_ablation(lab, STUDY)
    assert submit_ablation(lab, STUDY) == ids and len(set(ids)) == 6
    assert ids[0] == of_the_ladder[3], "target 4 with seed 0 is there already"
    found = Store(lab.runs).runs(ids)
    assert [run.recipe.seed for run in found] == [0, 0, 1, 1, 2, 2]
    assert {run.spec.dropout for run in found[::2]} == {0.05}
    assert {run.spec.dropout for run in found[1::2]} == {0.0}
    assert {replace(run.recipe, seed=0) for run in found} == {TARGETS[3].quick}


def test_several_seeds_are_compared_by_their_best_epochs(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for seed, (with_it, without) in enumerate([(60, 320), (62, 321), (58, 79)]):
        recipe = replace(STUDY.recipe, seed=seed)
        told(store, STUDY.target.spec, recipe, [400, with_it, 390])
        if seed < 2:
            told(store, STUDY.variant.spec, recipe, [without, 395])
        else:
            store.add("waits", STUDY.variant.spec, recipe)
    before, after = ablation_runs(store, STUDY)
    assert list(before) == [0, 1, 2] and list(after) == [0, 1, 2]
    found = accuracy_difference(store, before, after)
    assert found and found.n_pairs == 2, "a seed that has not ended both ways is not counted"
    assert found.difference == pytest.approx(-0.02595) and found.significant
    assert accuracy_difference(store, {}, after) is None


def test_several_seeds_are_held_against_what_other_images_would_give(tmp_path: Path) -> None:
    """Two seeds that both lose 40 images: less with the predictions than without them."""
    store = Store(tmp_path)
    for seed in (0, 1):
        recipe = replace(STUDY.recipe, seed=seed)
        told(store, STUDY.target.spec, recipe, [60], wrong=range(6))
        told(store, STUDY.variant.spec, recipe, [100], wrong=range(4, 10))
    found = accuracy_difference(store, *ablation_runs(store, STUDY))
    assert found and found.difference == pytest.approx(-0.004) and found.confidence_interval
    half = (found.confidence_interval[1] - found.confidence_interval[0]) / 2
    assert half == pytest.approx(12.7062 * image_error(0.008, -0.004, 10_000), rel=1e-5)
    store.predictions_path(2).unlink()
    bare = accuracy_difference(store, *ablation_runs(store, STUDY))
    assert bare and bare.confidence_interval
    half = (bare.confidence_interval[1] - bare.confidence_interval[0]) / 2
    assert half == pytest.approx(12.7062 * image_error(0.016, -0.004, 10_000), rel=1e-5)


def test_one_seed_is_compared_image_by_image(tmp_path: Path) -> None:
    store, study = Store(tmp_path), replace(STUDY, seeds=(0,))
    told(store, study.target.spec, study.recipe, [60], wrong=range(20))
    before, after = ablation_runs(store, study)
    assert accuracy_difference(store, before, after) is None
    told(store, study.variant.spec, study.recipe, [70], wrong=range(10, 50))
    found = accuracy_difference(store, *ablation_runs(store, study))
    assert found and found.n_pairs == 1 and found.difference == pytest.approx(-0.02)
    assert found.p_value == pytest.approx(0.00222, abs=1e-5) and found.significant
    store.predictions_path(2).unlink()
    bare = accuracy_difference(store, *ablation_runs(store, study))
    assert bare and bare.significant is None and bare.difference == pytest.approx(-0.001)


def test_what_is_no_switch_or_too_many_seeds_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert first_seeds(2) == (0, 1)
    with pytest.raises(LabError, match=f"more than .* {MAX_SEEDS}"):
        first_seeds(MAX_SEEDS + 1)
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    for command, said in (
        ("ablate target-9 dropout", "target-1, target-2"),
        ("ablate target-4 fly", "batch-norm"),
        ("ablate target-4 dropout --seeds 100", "20"),
        ("reproduce --seeds 100", "20"),
        ("reproduce --split all", "all"),
    ):
        assert main(command.split()) == 2
        err = capsys.readouterr().err
        assert said in err and err.count("\n") == 1
    assert not (tmp_path / "runs").exists()
