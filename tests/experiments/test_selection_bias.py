"""Test-set use, and how optimistic the best of many epochs is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistlab.data.options import Split
from mnistlab.experiments.selection_bias import PLATEAU, selection_bias
from mnistlab.experiments.targets import TARGETS
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store.aggregates import count_test_set_use
from mnistlab.store.store import Store
from mnistlab.store.trash import empty_trash, move_to_trash
from tests.store.example_runs import add_finished_run

SPEC = TARGETS[3].spec
ARTICLE, HOLDOUT = (Recipe(split=split) for split in (Split.ARTICLE, Split.HOLDOUT))


def test_test_set_use_is_counted_from_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert count_test_set_use(store).n_selections == count_test_set_use(store).n_final == 0
    add_finished_run(store, SPEC, ARTICLE, [60] * 7)
    first = add_finished_run(store, SPEC, replace(ARTICLE, seed=1), [60] * 5)
    add_finished_run(store, SPEC, HOLDOUT, [60] * 9, test=Score(50, 10_000))
    add_finished_run(
        store, SPEC, replace(HOLDOUT, split=Split.ALL), [60] * 9, test=Score(50, 10_000)
    )
    store.add("queued", SPEC, ARTICLE)
    use = count_test_set_use(store)
    assert (use.n_selections, use.n_selecting_runs, use.n_final) == (12, 2, 2)
    move_to_trash(store, [first])
    assert count_test_set_use(store) == use, "runs in the trash count"
    empty_trash(store)
    assert count_test_set_use(store).n_selections == 7


def test_the_best_of_a_plateau_exceeds_its_mean(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert selection_bias(store).vs_plateau_mean is None
    add_finished_run(store, SPEC, ARTICLE, [60] * (2 * PLATEAU - 1))
    assert selection_bias(store).vs_plateau_mean is None, "too short to have a plateau"
    rise = [500] * PLATEAU
    add_finished_run(store, SPEC, ARTICLE, rise + [60, 70] * (PLATEAU // 2))
    add_finished_run(store, SPEC, HOLDOUT, rise + [60] * PLATEAU, test=Score(70, 10_000))
    bias = selection_bias(store)
    assert bias.vs_plateau_mean and bias.vs_plateau_mean.n_runs == 2
    assert bias.vs_plateau_mean.value == pytest.approx((0.0005 + 0) / 2)
    assert bias.vs_plateau_mean.confidence_interval is not None
    assert bias.vs_last and bias.vs_last.value == pytest.approx(0.0005)
    assert bias.vs_test and bias.vs_test.n_runs == 1 and bias.vs_test.confidence_interval is None
    assert bias.vs_test.value == pytest.approx(0.001), "best validation − test"


RATE, LENGTH, RUNS = 0.006, 30, 80
"""A plateau's true error rate on 10,000 images, its epochs, and how many runs are simulated."""


def simulated(store: Store, rates: np.ndarray) -> tuple[float, float]:
    """Store runs whose epochs have true error rates (runs, epochs) and binomially sampled errors.

    Returns the true bias of the best of the last ten epochs, and of the best of all.
    """
    generator = np.random.default_rng(0)
    errors = generator.binomial(10_000, rates)
    for seed, run in enumerate(errors):
        add_finished_run(store, SPEC, replace(ARTICLE, seed=seed), [900] * 5 + run.tolist())

    def true_bias(first: int) -> float:
        best = first + errors[:, first:].argmin(1)
        runs = np.arange(len(errors))
        return float(np.mean(rates[runs, best] - errors[runs, best] / 10_000))

    return true_bias(rates.shape[1] - PLATEAU), true_bias(0)


def test_on_a_plateau_the_estimates_contain_the_true_bias(tmp_path: Path) -> None:
    store = Store(tmp_path)
    of_ten, of_all = simulated(store, np.full((RUNS, LENGTH), RATE))
    bias = selection_bias(store)
    assert (
        bias.vs_plateau_mean
        and bias.vs_plateau_mean.confidence_interval
        and bias.vs_last
        and bias.vs_last.confidence_interval
    )
    low, high = bias.vs_plateau_mean.confidence_interval
    assert low < of_ten < high and high < of_all, "selecting among all epochs adds more"
    low, high = bias.vs_last.confidence_interval
    assert low < of_all < high


def test_where_epochs_really_differ_the_estimates_exceed_the_bias(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rates = np.random.default_rng(1).normal(RATE, 0.001, (RUNS, LENGTH)).clip(0.001)
    of_ten, of_all = simulated(store, rates)
    bias = selection_bias(store)
    assert (
        bias.vs_plateau_mean
        and bias.vs_plateau_mean.confidence_interval
        and bias.vs_last
        and bias.vs_last.confidence_interval
    )
    assert (
        bias.vs_plateau_mean.confidence_interval[0] > of_ten
        and bias.vs_last.confidence_interval[0] > of_all
    )
