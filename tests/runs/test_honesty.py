"""How often the test images were looked at, and by how much the best of many epochs flatters."""

import random
from dataclasses import replace
from pathlib import Path

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


def test_the_estimator_finds_what_pure_chance_adds(tmp_path: Path) -> None:
    """Epochs of one true accuracy, read with binomial noise: the best of ten stands 1.54 standard
    deviations above (the mean of the largest of ten normal values)."""
    chance, store = random.Random(0), Store(tmp_path)
    for seed in range(60):
        errors = [round(chance.gauss(60, 7.7)) for _ in range(2 * PLATEAU)]
        told(store, SPEC, replace(ARTICLE, seed=seed), errors)
    found = flattery(store).plateau
    assert found and found.value * 10_000 == pytest.approx(1.54 * 7.7, rel=0.1)
    low, high = found.interval or (0, 0)
    assert low < 1.54 * 7.7 / 10_000 < high
