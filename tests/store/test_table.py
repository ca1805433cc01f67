"""Runs are filtered, sorted, paged, edited and deleted; compared with the same in Python."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnistlab.arch.presets import ARTICLE_PRESETS, PRESETS
from mnistlab.experiments.differences import differences
from mnistlab.recipe.recipe import Recipe
from mnistlab.recipe.schedules import Schedule
from mnistlab.stats.score import Score
from mnistlab.store.run import RunSummary, State
from mnistlab.store.store import Store
from mnistlab.store.table import Point, Query, Sort, best_first, edit_details, scatter_points, table
from mnistlab.store.trash import empty_trash, move_to_trash, restore_from_trash
from mnistlab.training.epoch import Epoch, best

COUNT = 60


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A class's runs with all sorts of outcomes; never changed by a test."""
    generator = random.Random(0)
    store = Store(tmp_path_factory.mktemp("runs"))
    ends = [state for state in State if not state.active]
    for number in range(COUNT):
        preset = generator.choice(PRESETS)
        owner = generator.choice(["Ada", "emmy", ""])
        run_id = store.add(f"{preset.name} no {number}", preset.spec, Recipe(seed=number), owner)
        store.claim()
        for n in range(1, generator.randrange(6) + 1):
            errors = generator.randrange(40, 90)
            store.add_epoch(
                run_id,
                Epoch(
                    n, 0.3, 0.9, generator.random(), errors, 10_000, 0.1, generator.random(), 1e3
                ),
            )
        test = Score(generator.randrange(100), 10_000) if generator.random() < 0.5 else None
        store.finish(run_id, generator.choice(ends), "", test)
    return store


def everything(store: Store) -> list[RunSummary]:
    return table(store, Query(size=1000)).rows


VALUES: dict[Sort, Callable[[RunSummary], Any]] = {
    Sort.NEWEST: lambda run: run.id,
    Sort.NAME: lambda run: run.name.lower(),
    Sort.PARAMETERS: lambda run: run.parameters,
    Sort.BEST: lambda run: run.best and run.best.accuracy,
    Sort.LAST: lambda run: run.last and run.last.accuracy,
    Sort.TEST: lambda run: run.test and run.test.accuracy,
    Sort.EPOCHS: lambda run: run.epochs_done,
    Sort.SECONDS: lambda run: run.seconds,
    Sort.STATE: lambda run: run.state,
    Sort.OWNER: lambda run: run.owner.lower(),
}


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("falling", [True, False])
def test_pages_in_sql_are_the_slices_of_everything_sorted(
    store: Store, sort: Sort, falling: bool
) -> None:
    value = VALUES[sort]
    runs = everything(store)
    known = sorted((run for run in runs if value(run) is not None), key=value, reverse=falling)
    rest = [run for run in runs if value(run) is None]
    expected = [value(run) for run in [*known, *rest]]
    seen: list[RunSummary] = []
    for page in range(6):
        part = table(store, Query(sort=sort, descending=falling, page=page, size=13))
        assert part.total == COUNT and len(part.rows) <= 13
        seen += part.rows
    assert [value(run) for run in seen] == expected
    assert len({run.id for run in seen}) == COUNT


def test_a_run_s_own_row_agrees_with_its_epochs(store: Store) -> None:
    for row in everything(store):
        run = store.run(row.id)
        assert run is not None
        top = best(run.epochs)
        assert row.epochs_done == len(run.epochs)
        assert row.seconds == pytest.approx(sum(epoch.seconds for epoch in run.epochs))
        assert row.best_epoch == (top and top.number)
        assert row.best == (top and top.validation)
        assert row.last == (run.epochs[-1].validation if run.epochs else None)


def test_words_and_states_filter_the_table(store: Store) -> None:
    runs = everything(store)
    found = table(store, Query(text="TARGET-2 ada", size=1000)).rows
    assert {run.id for run in found} == {
        run.id for run in runs if "target-2" in run.name and run.owner == "Ada"
    }
    chosen = (State.PAUSED, State.FAILED)
    found = table(store, Query(states=chosen, size=1000)).rows
    assert {run.id for run in found} == {run.id for run in runs if run.state in chosen}
    for hostile in ("%", "_", "'; DROP TABLE runs; --", '"', "\\", "\0"):
        assert table(store, Query(text=hostile)).total <= COUNT
    assert table(store, Query()).total == COUNT


def test_scatter_points_and_best_runs_have_an_epoch(store: Store) -> None:
    runs = [run for run in everything(store) if run.best]
    found = sorted(scatter_points(store, Query(size=1)), key=lambda point: -point.id)
    assert [replace(point, accuracy=round(point.accuracy, 9)) for point in found] == [
        Point(run.id, run.name, run.parameters, round(run.best.accuracy, 9))
        for run in runs
        if run.best
    ]
    order = [run.id for run in best_first(store, 1000)]
    shares = {run.id: run.best.accuracy for run in runs if run.best}
    assert [shares[run_id] for run_id in order] == sorted(shares.values(), reverse=True)
    state = next(run.state for run in everything(store) if run.best)
    of_one_state = [run.id for run in everything(store) if run.best and run.state is state]
    assert {run.id for run in best_first(store, len(of_one_state), [state])} == set(of_one_state)


@pytest.fixture
def two(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    for preset in ARTICLE_PRESETS[2:]:
        store.add(preset.name, preset.spec, Recipe())
    store.claim()
    store.finish(1, State.DONE, "")
    return store


def test_details_are_saved_as_plain_text(two: Store) -> None:
    edit_details(two, 1, " a \n name ", "Ada", "#one, two  one", "  <b>notes</b>\nin lines ")
    run = two.run(1)
    assert run and (run.name, run.owner, run.tags) == ("a name", "Ada", ("one", "two"))
    assert run.notes == "<b>notes</b>\nin lines"
    edit_details(two, 1, "", "", "", "")
    run = two.run(1)
    assert run and run.name == "a name" and not run.tags
    assert table(two, Query(text="a name")).total == 1


def test_inactive_runs_are_moved_to_the_trash_and_restored(two: Store) -> None:
    two.run_folder(1).mkdir()
    assert move_to_trash(two, [1, 2, 99]) == [1], "a queued run stays"
    assert table(two, Query()).total == 1 == table(two, Query(deleted=True)).total
    assert [run.id for run in two.queue()] == [2]
    assert restore_from_trash(two, [1, 2]) == [1] and table(two, Query()).total == 2
    move_to_trash(two, [1])
    assert empty_trash(two) == 1 and two.run(1) is None and not two.run_folder(1).exists()
    assert empty_trash(two) == 0 and table(two, Query()).total == 1


def test_config_differences_has_only_fields_that_differ(two: Store) -> None:
    runs = two.runs([1, 2])
    assert [(d.setting, d.values) for d in differences(runs)] == [
        ("dropout", ("none", "0.05")),
        ("dropout type", ("–", "elements")),
    ]
    assert differences(runs[:1]) == differences([]) == []
    two.add("", PRESETS[0].spec, Recipe(schedule=Schedule.PLATEAU, target_accuracy=0.994))
    found = {d.setting: d.values for d in differences(two.runs([1, 3]))}
    assert found["schedule"] == ("one-cycle", "plateau") and found["target accuracy"] == (
        "none",
        "99.40%",
    )
    assert "layers" in found and "seed" not in found and "head" not in found
