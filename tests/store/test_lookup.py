"""Runs are found by network and recipe, however their JSON is written, and quickly."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.arch.spec import parse
from mnistlab.experiments.reproduction import newest_runs
from mnistlab.experiments.seeds import runs_by_seed
from mnistlab.experiments.targets import TARGETS
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.lookup import find_runs, tagged_runs, tags_with
from mnistlab.store.run import Request
from mnistlab.store.store import Store
from mnistlab.store.trash import move_to_trash
from tests.store.example_runs import add_finished_run

SPEC, RECIPE = parse("4-p4-gap-bn"), Recipe(epochs=1, batch_size=64, train_size=256)


def older(text: str) -> str:
    """As it was written before the recipe had its last fields."""
    values = json.loads(text)
    for name in ("label_smoothing", "target_accuracy", "patience"):
        del values[name]
    return json.dumps(values)


def reordered(text: str) -> str:
    return json.dumps(dict(reversed(json.loads(text).items())), indent=1)


@pytest.mark.parametrize("rewrite", [older, reordered])
def test_a_recipe_s_text_may_change_and_lookup_returns_its_run(
    tmp_path: Path, rewrite: Callable[[str], str]
) -> None:
    store, target = Store(tmp_path), TARGETS[3]
    mine = store.add("mine", SPEC, RECIPE)
    run_id = add_finished_run(store, target.spec, replace(target.quick, seed=2), [60])
    with store.database.writing() as db:
        for row in db.execute("SELECT id, recipe FROM runs").fetchall():
            db.execute(
                "UPDATE runs SET recipe = ? WHERE id = ?", (rewrite(row["recipe"]), row["id"])
            )
    assert {s: run.id for s, run in runs_by_seed(store, SPEC, RECIPE, [0]).items()} == {0: mine}
    assert {name: run.id for name, run in newest_runs(store).items()} == {"target-4": run_id}


def test_only_this_network_s_runs_with_a_fitting_recipe_that_are_not_deleted(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    assert find_runs(store, SPEC, lambda recipe: True) == []
    first = store.add("", SPEC, RECIPE)
    # As many parameters, another network.
    store.add("", parse("4-p4-gap-bn-drop0.1"), RECIPE)
    second = store.add("", SPEC, replace(RECIPE, seed=1))
    gone = add_finished_run(store, SPEC, RECIPE, [60])
    move_to_trash(store, [gone])
    assert [run.id for run in find_runs(store, SPEC, lambda recipe: True)] == [first, second]
    assert [run.id for run in find_runs(store, SPEC, lambda recipe: recipe.seed == 1)] == [second]


def test_runs_are_found_by_a_whole_tag_and_tags_by_their_beginning(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = store.add("a", SPEC, RECIPE, tags=["x", "search-a"])
    store.add("b", SPEC, RECIPE, tags=["search-ab", "research-c"])
    last = store.add("c", SPEC, RECIPE, tags=["search-a", "y"])
    gone = store.add("d", SPEC, RECIPE, tags=["search-a", "search-gone"])
    store.request(gone, Request.STOP)  # what is queued stays out of the trash
    move_to_trash(store, [gone])
    assert [run.id for run in tagged_runs(store, "search-a")] == [first, last]
    assert tagged_runs(store, "search") == []
    assert tags_with(store, "search-") == ["search-a", "search-ab"]
