"""The standings of a class against the same, computed in plain Python."""

import itertools
import random
from pathlib import Path

import pytest

from mnistlab.actor import Actor
from mnistlab.classroom.rules import Rules
from mnistlab.data.options import Split
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.classroom import people
from mnistlab.store.classroom.standings import (
    Standing,
    activity_by_person,
    newest_results,
    standings,
)
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.store.trash import move_to_trash
from tests.store.classroom.a_class import RECIPE, SPEC, ExampleClass, open_example
from tests.store.example_runs import add_finished_run, epoch


@pytest.fixture
def example(tmp_path: Path) -> ExampleClass:
    example = open_example(tmp_path)
    people.set_rules(example.teacher, Rules(max_queued=50))
    return example


def ended(store: Store, errors: int, parameters: int = 10_000) -> int:
    run_id = add_finished_run(store, SPEC, RECIPE, [errors, errors + 5])
    with store.database.writing() as db:
        db.execute("UPDATE runs SET parameters = ? WHERE id = ?", (parameters, run_id))
    return run_id


def by_name(store: Store) -> dict[str, Standing]:
    return {each.name: each for each in standings(store)}


def test_the_best_run_counts_and_among_equals_the_smallest(example: ExampleClass) -> None:
    ended(example.ada, 80, 5_000)
    ended(example.ada, 60, 9_000)
    best = ended(example.ada, 60, 8_000)
    ended(example.ada, 60, 8_000)
    (standing,) = standings(example.lab)
    assert (standing.name, standing.run_id, standing.parameters) == ("Ada", best, 8_000)
    assert standing.best.errors == 60 and standing.network == str(SPEC)
    assert standing.rank == 1 and standing.is_on_front


def test_equals_share_a_rank_and_the_front(example: ExampleClass) -> None:
    stores = [example.ada, example.bob, *(joined(example, name) for name in ("Cy", "Di"))]
    for store, parameters in zip(stores, (9_000, 9_000, 9_001, 8_000), strict=True):
        ended(store, 50 if parameters == 9_000 else 70, parameters)
    found = by_name(example.lab)
    assert [found[name].rank for name in ("Ada", "Bob", "Di", "Cy")] == [1, 1, 3, 4]
    on_front = {name for name, each in found.items() if each.is_on_front}
    assert on_front == {"Ada", "Bob", "Di"}, "Cy's is as accurate as Di's, and larger"


def joined(example: ExampleClass, name: str) -> Store:
    return Store(example.home.runs, actor=people.join(example.lab, name).actor)


def test_what_is_no_result_is_left_out(example: ExampleClass) -> None:
    example.ada.add("queued", SPEC, RECIPE)
    everything = Recipe(epochs=1, split=Split.ALL)
    add_finished_run(example.ada, SPEC, everything, [50])
    ended(example.teacher, 10)
    ended(example.lab, 10)
    deleted = ended(example.bob, 20)
    move_to_trash(example.bob, [deleted])
    assert standings(example.lab) == [] and newest_results(example.lab, 9) == []
    with example.lab.database.writing() as db:
        db.execute("UPDATE runs SET deleted = NULL, best_errors = 'x' WHERE id = ?", (deleted,))
    assert standings(example.lab) == [], "a damaged row"


def test_a_run_counts_while_it_trains_and_is_new_when_it_ends(example: ExampleClass) -> None:
    run_id = example.ada.add("", SPEC, RECIPE)
    example.lab.claim()
    assert standings(example.lab) == []
    example.lab.add_epoch(run_id, epoch(1, 90))
    assert by_name(example.lab)["Ada"].best.errors == 90
    assert newest_results(example.lab, 3) == []
    example.lab.finish(run_id, State.STOPPED, "")
    second = ended(example.bob, 95)
    assert [each.run_id for each in newest_results(example.lab, 3)] == [second, run_id]
    assert [each.run_id for each in newest_results(example.lab, 1)] == [second]


def test_a_store_without_a_class_has_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ended(store, 50)
    assert standings(store) == [] and newest_results(store, 3) == []
    assert activity_by_person(store) == {}


def test_everybodys_runs_and_seconds_are_counted(example: ExampleClass) -> None:
    run_id = example.ada.add("", SPEC, RECIPE)
    example.lab.claim()
    example.lab.add_epoch(run_id, epoch(1, 90))
    move_to_trash(example.bob, [ended(example.bob, 50)])
    ada, bob = example.ada.actor.person, example.bob.actor.person
    found = activity_by_person(example.lab)
    assert ada and bob and found[ada].n_runs == 1 and found[ada].seconds == 2.0
    assert found[bob].n_runs == 0 and len(found) == 3


@pytest.mark.parametrize("seed", range(5))
def test_ranks_and_front_are_those_of_comparing_all_with_all(
    example: ExampleClass, seed: int
) -> None:
    rng = random.Random(seed)
    values: dict[int, list[tuple[int, int]]] = {}
    for n in range(12):
        person = people.join(example.lab, f"P{n}").id
        for _ in range(rng.randint(1, 3)):
            errors, parameters = rng.randint(1, 6), rng.randint(1, 6)
            ended(Store(example.home.runs, actor=Actor(person, False)), errors, parameters)
            values.setdefault(person, []).append((errors, parameters))
    best = {person: min(each) for person, each in values.items()}
    for one in standings(example.lab):
        errors, parameters = best[one.person]
        assert (one.best.errors, one.parameters) == (errors, parameters)
        assert one.rank == 1 + sum(other < best[one.person] for other in best.values())
        assert one.is_on_front == (not any(
            e <= errors and p <= parameters and (e, p) != (errors, parameters)
            for e, p in best.values()
        ))  # fmt: skip
    ranks = [one.rank for one in standings(example.lab)]
    assert all(a <= b for a, b in itertools.pairwise(ranks)) and len(ranks) == len(best)
