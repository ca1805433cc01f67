"""How often the test images were looked at, and by how much the best of many epochs flatters."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistlab.data.kinds import Split
from mnistlab.runs.honesty import PLATEAU, flattery, looks
from mnistlab.runs.store import Store
from mnistlab.runs.table import delete, empty_bin
from mnistlab.training.ladder import RUNGS
from mnistlab.training.recipe import Recipe
from mnistlab.training.score import Score
from tests.runs.stories import told

SPEC = RUNGS[3].spec
ARTICLE, STRICT = (Recipe(split=split) for split in (Split.ARTICLE, Split.STRICT))


def test_the_looks_are_counted_from_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert looks(store).choosing == looks(store).once == 0
    told(store, SPEC, ARTICLE, [60] * 7)
    first = told(store, SPEC, replace(ARTICLE, seed=1), [60] * 5)
    told(store, SPEC, STRICT, [60] * 9, test=Score(50, 10_000))
    told(store, SPEC, replace(STRICT, split=Split.ALL), [60] * 9, test=Score(50, 10_000))
    store.add("waits", SPEC, ARTICLE)
    found = looks(store)
    assert (found.choosing, found.choosing_runs, found.once) == (12, 2, 2)
    delete(store, [first])
    assert looks(store) == found, "what is in the bin has looked all the same"
    empty_bin(store)
    assert looks(store).choosing == 7


def test_the_best_of_a_plateau_stands_above_its_mean(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert flattery(store).plateau is None
    told(store, SPEC, ARTICLE, [60] * (2 * PLATEAU - 1))
    assert flattery(store).plateau is None, "too short to have a plateau"
    rise = [500] * PLATEAU
    told(store, SPEC, ARTICLE, rise + [60, 70] * (PLATEAU // 2))
    told(store, SPEC, STRICT, rise + [60] * PLATEAU, test=Score(70, 10_000))
    found = flattery(store)
    assert found.plateau and found.plateau.runs == 2
    assert found.plateau.value == pytest.approx((0.0005 + 0) / 2)
    assert found.plateau.interval is not None
    assert found.last and found.last.value == pytest.approx(0.0005)
    assert found.unseen and found.unseen.runs == 1 and found.unseen.interval is None
    assert found.unseen.value == pytest.approx(0.001), "best validation less test"


RATE, LENGTH, RUNS = 0.006, 30, 80
"""A plateau's true error rate on 10,000 images, its epochs, and how many runs are simulated."""


def simulated(store: Store, rates: np.ndarray) -> tuple[float, float]:
    """Tell runs of which each epoch has a true error rate (runs, epochs) and is read with binomial
    noise; by how much the kept accuracy truly is too high, of the last ten epochs and of all."""
    chance = np.random.default_rng(0)
    errors = chance.binomial(10_000, rates)
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
    found = flattery(store)
    assert found.plateau and found.plateau.interval and found.last and found.last.interval
    low, high = found.plateau.interval
    assert low < of_ten < high and high < of_all, "choosing among all of them adds more"
    low, high = found.last.interval
    assert low < of_all < high


def test_where_epochs_truly_differ_the_estimates_are_more_than_the_bias(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rates = np.random.default_rng(1).normal(RATE, 0.001, (RUNS, LENGTH)).clip(0.001)
    of_ten, of_all = simulated(store, rates)
    found = flattery(store)
    assert found.plateau and found.plateau.interval and found.last and found.last.interval
    assert found.plateau.interval[0] > of_ten and found.last.interval[0] > of_all
