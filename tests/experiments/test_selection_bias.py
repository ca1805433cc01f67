"""How often the test images were looked at, and by how much the best of many epochs flatters."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistlab.data.options import Split
from mnistlab.experiments.selection_bias import PLATEAU, count_test_set_use, selection_bias
from mnistlab.experiments.targets import TARGETS
from mnistlab.stats.score import Score
from mnistlab.store.store import Store
from mnistlab.store.table import empty_trash, move_to_trash
from mnistlab.training.recipe import Recipe
from tests.store.example_runs import told

SPEC = TARGETS[3].spec
ARTICLE, STRICT = (Recipe(split=split) for split in (Split.ARTICLE, Split.HOLDOUT))


def test_the_looks_are_counted_from_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert count_test_set_use(store).choosing == count_test_set_use(store).once == 0
    told(store, SPEC, ARTICLE, [60] * 7)
    first = told(store, SPEC, replace(ARTICLE, seed=1), [60] * 5)
    told(store, SPEC, STRICT, [60] * 9, test=Score(50, 10_000))
    told(store, SPEC, replace(STRICT, split=Split.ALL), [60] * 9, test=Score(50, 10_000))
    store.add("waits", SPEC, ARTICLE)
    found = count_test_set_use(store)
    assert (found.choosing, found.choosing_runs, found.once) == (12, 2, 2)
    move_to_trash(store, [first])
    assert count_test_set_use(store) == found, "what is in the bin has looked all the same"
    empty_trash(store)
    assert count_test_set_use(store).choosing == 7


def test_the_best_of_a_plateau_stands_above_its_mean(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert selection_bias(store).vs_plateau_mean is None
    told(store, SPEC, ARTICLE, [60] * (2 * PLATEAU - 1))
    assert selection_bias(store).vs_plateau_mean is None, "too short to have a plateau"
    rise = [500] * PLATEAU
    told(store, SPEC, ARTICLE, rise + [60, 70] * (PLATEAU // 2))
    told(store, SPEC, STRICT, rise + [60] * PLATEAU, test=Score(70, 10_000))
    found = selection_bias(store)
    assert found.vs_plateau_mean and found.vs_plateau_mean.runs == 2
    assert found.vs_plateau_mean.value == pytest.approx((0.0005 + 0) / 2)
    assert found.vs_plateau_mean.confidence_interval is not None
    assert found.vs_last and found.vs_last.value == pytest.approx(0.0005)
    assert found.vs_test and found.vs_test.runs == 1 and found.vs_test.confidence_interval is None
    assert found.vs_test.value == pytest.approx(0.001), "best validation less test"


RATE, LENGTH, RUNS = 0.006, 30, 80
"""A plateau's true error rate on 10,000 images, its epochs, and how many runs are simulated."""


def simulated(store: Store, rates: np.ndarray) -> tuple[float, float]:
    """Tell runs of which each epoch has a true error rate (runs, epochs) and is read with binomial
    noise; by how much the kept accuracy truly is too high, of the last ten epochs and of all."""
    generator = np.random.default_rng(0)
    errors = generator.binomial(10_000, rates)
    for seed, run in enumerate(errors):
        told(store, SPEC, replace(ARTICLE, seed=seed), [900] * 5 + run.tolist())

    def bias(first: int) -> float:
        kept = first + errors[:, first:].argmin(1)
        every = np.arange(len(errors))
        return float(np.mean(rates[every, kept] - errors[every, kept] / 10_000))

    return bias(rates.shape[1] - PLATEAU), bias(0)


def test_on_a_plateau_the_estimates_are_the_bias_that_there_truly_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    of_ten, of_all = simulated(store, np.full((RUNS, LENGTH), RATE))
    found = selection_bias(store)
    assert (
        found.vs_plateau_mean
        and found.vs_plateau_mean.confidence_interval
        and found.vs_last
        and found.vs_last.confidence_interval
    )
    low, high = found.vs_plateau_mean.confidence_interval
    assert low < of_ten < high and high < of_all, "choosing among all of them adds more"
    low, high = found.vs_last.confidence_interval
    assert low < of_all < high


def test_where_epochs_truly_differ_the_estimates_are_more_than_the_bias(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rates = np.random.default_rng(1).normal(RATE, 0.001, (RUNS, LENGTH)).clip(0.001)
    of_ten, of_all = simulated(store, rates)
    found = selection_bias(store)
    assert (
        found.vs_plateau_mean
        and found.vs_plateau_mean.confidence_interval
        and found.vs_last
        and found.vs_last.confidence_interval
    )
    assert (
        found.vs_plateau_mean.confidence_interval[0] > of_ten
        and found.vs_last.confidence_interval[0] > of_all
    )
