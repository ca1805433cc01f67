"""Runs are found by what was trained, however it was written down, and quickly."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.arch.spec import parse
from mnistlab.runs.ladder import newest
from mnistlab.runs.lookup import find_runs
from mnistlab.runs.store import Store
from mnistlab.runs.study import members
from mnistlab.runs.table import delete
from mnistlab.training.ladder import RUNGS
from mnistlab.training.recipe import Recipe
from tests.runs.stories import told

SPEC, RECIPE = parse("4-p4-gap-bn"), Recipe(epochs=1, batch_size=64, subset=256)


def older(text: str) -> str:
    """As it was written before the recipe had its last fields."""
    values = json.loads(text)
    for name in ("label_smoothing", "goal", "patience"):
        del values[name]
    return json.dumps(values)


def reordered(text: str) -> str:
    return json.dumps(dict(reversed(json.loads(text).items())), indent=1)


@pytest.mark.parametrize("rewrite", [older, reordered])
def test_a_recipe_s_text_may_change_and_its_run_is_found(
    tmp_path: Path, rewrite: Callable[[str], str]
) -> None:
    store, rung = Store(tmp_path), RUNGS[3]
    mine = store.add("mine", SPEC, RECIPE)
    target = told(store, rung.spec, replace(rung.quick, seed=2), [60])
    with store.database.writing() as db:
        for row in db.execute("SELECT id, recipe FROM runs").fetchall():
            db.execute(
                "UPDATE runs SET recipe = ? WHERE id = ?", (rewrite(row["recipe"]), row["id"])
            )
    assert {s: run.id for s, run in members(store, SPEC, RECIPE, [0]).items()} == {0: mine}
    assert {name: run.id for name, run in newest(store).items()} == {"target-4": target}


def test_only_this_network_s_runs_with_a_fitting_recipe_that_are_not_deleted(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    assert find_runs(store, SPEC, lambda recipe: True) == []
    first = store.add("", SPEC, RECIPE)
    # As many parameters, another network.
    store.add("", parse("4-p4-gap-bn-drop0.1"), RECIPE)
    second = store.add("", SPEC, replace(RECIPE, seed=1))
    gone = told(store, SPEC, RECIPE, [60])
    delete(store, [gone])
    assert [run.id for run in find_runs(store, SPEC, lambda recipe: True)] == [first, second]
    assert [run.id for run in find_runs(store, SPEC, lambda recipe: recipe.seed == 1)] == [second]
