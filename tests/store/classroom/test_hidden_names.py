"""In a class that hides names, a student reads their own alone, whichever function reads."""

from pathlib import Path

import pytest

from mnistlab.classroom.rules import Rules
from mnistlab.handwriting import collection
from mnistlab.handwriting.drawings import validate
from mnistlab.store import lookup, queue
from mnistlab.store.classroom import people, permission
from mnistlab.store.exchange.archive import export_run
from mnistlab.store.exchange.export import table_csv
from mnistlab.store.store import Store
from mnistlab.store.table import Query, Sort, table
from tests.drawn_digits import DIGITS
from tests.store.classroom.a_class import RECIPE, SPEC, ExampleClass, open_example
from tests.store.example_runs import add_finished_run

NAME, RUN, WAITING = "Zorblax", 1, 2


@pytest.fixture
def example(tmp_path: Path) -> ExampleClass:
    """A finished and a queued run and a drawing of somebody called NAME, in a class that hides it;
    then a run of Bob's.
    """
    example = open_example(tmp_path)
    people.rename(example.teacher, example.ada.actor.person or 0, NAME)
    people.set_rules(example.teacher, Rules(hides_names=True))
    add_finished_run(example.ada, SPEC, RECIPE, [60, 70])
    example.ada.add("waits", SPEC, RECIPE)
    collection.save(example.ada, validate(3, NAME, DIGITS[3]))
    add_finished_run(example.bob, SPEC, RECIPE, [80, 90])
    return example


def everything(store: Store) -> str:
    """What each function that returns names of runs or drawings has for the store's actor."""
    (drawing,) = collection.listed(store)
    run = store.run(RUN)
    assert run
    return repr(
        [
            run,
            store.runs([RUN, WAITING]),
            store.queue(),
            queue.recent_runs(store),
            lookup.find_runs(store, SPEC, lambda _: True),
            lookup.created_at(store, run.created),
            table(store, Query()),
            table_csv(table(store, Query()).rows),
            drawing,
            collection.load_drawings(store, [drawing.stroke_hash]),
            collection.export(store),
            collection.counts(store),
            permission.refusal(store, [RUN]),
        ]
    )


def test_the_others_names_are_hidden_and_one_s_own_and_the_teacher_s_view_are_not(
    example: ExampleClass,
) -> None:
    assert NAME not in everything(example.bob) and NAME not in everything(example.visitor)
    assert "belongs to somebody else" in everything(example.bob)
    assert [run.owner for run in example.bob.runs([RUN, 3])] == ["", "Bob"]
    for store in (example.ada, example.teacher, example.lab):
        assert everything(store).count(NAME) > 10
    assert NAME.encode() not in export_run(example.bob, RUN)


@pytest.mark.parametrize("who", ["bob", "ada", "teacher"])
def test_shown_names_are_shown_to_all(example: ExampleClass, who: str) -> None:
    people.set_rules(example.teacher, Rules())
    assert NAME in everything(getattr(example, who))


def test_a_search_does_not_tell_whose_a_run_is(example: ExampleClass) -> None:
    def found(store: Store, name: str) -> list[int]:
        return sorted(run.id for run in table(store, Query(text=name)).rows)

    assert found(example.bob, NAME) == [] and found(example.bob, "bob") == [3]
    assert found(example.teacher, NAME) == [RUN, WAITING]


def test_an_order_does_not_tell_whose_a_run_is(example: ExampleClass) -> None:
    add_finished_run(example.teacher, SPEC, RECIPE, [50])

    def ordered(store: Store) -> list[int]:
        return [run.id for run in table(store, Query(sort=Sort.OWNER)).rows]

    assert ordered(example.teacher) == [WAITING, RUN, 4, 3]
    assert ordered(example.bob) == [3, 4, WAITING, RUN], "their own, then the newest"


@pytest.mark.parametrize("writer", [None, NAME, ""])
def test_a_writer_cannot_be_asked_for(example: ExampleClass, writer: str | None) -> None:
    expected: dict[str | None, int] = {None: 1, NAME: 0, "": 1}
    assert len(collection.listed(example.bob, writer)) == expected[writer]
    assert len(collection.export(example.bob, writer)) == expected[writer]
