"""Nobody but the owner and the teacher changes what is somebody's, whichever function is called."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.actor import Actor
from mnistlab.classroom.rules import Rules
from mnistlab.store import drawings, queue
from mnistlab.store.classroom import people
from mnistlab.store.rights.ownership import NotAllowedError
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details
from mnistlab.store.trash import empty_trash, move_to_trash, restore_from_trash
from mnistlab.worker.processes import kill_worker
from tests.store.classroom.a_class import RECIPE, SPEC, ExampleClass, open_example


@pytest.fixture
def example(tmp_path: Path) -> ExampleClass:
    return open_example(tmp_path)


def contents(store: Store) -> list[tuple[object, ...]]:
    """All rows that belong to somebody."""
    with store.database.reading() as db:
        return [
            tuple(row)
            for table in ("runs", "drawings", "people", "classes")
            for row in db.execute(f"SELECT * FROM {table} ORDER BY id")
        ]


def queued(example: ExampleClass) -> int:
    run_id = example.ada.add("mine", SPEC, RECIPE)
    example.ada.add("my second", SPEC, RECIPE)
    return run_id


def ended(example: ExampleClass) -> int:
    run_id = queued(example)
    example.lab.claim()
    example.lab.finish(run_id, State.FAILED, "")
    return run_id


def running(example: ExampleClass) -> int:
    run_id = queued(example)
    example.lab.claim(0, 999_999_999)
    return run_id


def trashed(example: ExampleClass) -> int:
    run_id = ended(example)
    move_to_trash(example.ada, [run_id])
    return run_id


CHANGES: dict[str, tuple[Callable[[ExampleClass], int], Callable[[Store, int], object]]] = {
    "cancel": (queued, lambda store, run: store.request(run, Request.STOP)),
    "cancel all": (queued, lambda store, run: queue.cancel(store, [run])),
    "up": (queued, lambda store, run: queue.move(store, run, 1)),
    "pause": (running, lambda store, run: store.request(run, Request.PAUSE)),
    "stop": (running, lambda store, run: store.request(run, Request.STOP)),
    "resume": (ended, lambda store, run: queue.resume(store, run)),
    "finish now": (ended, lambda store, run: store.request(run, Request.STOP)),
    "rename": (queued, lambda store, run: edit_details(store, run, "x", "x", "x", "x")),
    "trash": (ended, lambda store, run: move_to_trash(store, [run])),
    "restore": (trashed, lambda store, run: restore_from_trash(store, [run])),
    "delete": (trashed, lambda store, run: empty_trash(store, [run])),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", ["bob", "visitor"])
def test_another_persons_run_cannot_be_changed(
    example: ExampleClass, change: str, who: str
) -> None:
    prepare, act = CHANGES[change]
    run_id = prepare(example)
    before = contents(example.lab)
    with pytest.raises(NotAllowedError, match="belongs to Ada"):
        act(getattr(example, who), run_id)
    assert contents(example.lab) == before


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", ["ada", "teacher", "lab"])
def test_the_owner_and_the_teacher_can_change_a_run(
    example: ExampleClass, change: str, who: str
) -> None:
    prepare, act = CHANGES[change]
    run_id = prepare(example)
    before = contents(example.lab)
    act(getattr(example, who), run_id)
    assert contents(example.lab) != before


def test_a_students_mixed_list_changes_nothing(example: ExampleClass) -> None:
    mine = example.bob.add("bob's", SPEC, RECIPE)
    other = ended(example)
    example.lab.claim()
    example.lab.finish(mine, State.FAILED, "")
    with pytest.raises(NotAllowedError):
        move_to_trash(example.bob, [mine, other])
    run = example.lab.run(mine)
    assert run and run.deleted is None


def test_emptying_the_trash_leaves_that_of_others(example: ExampleClass) -> None:
    run_id = trashed(example)
    assert empty_trash(example.bob) == 0 and example.lab.run(run_id)
    assert empty_trash(example.ada) == 1 and not example.lab.run(run_id)


def test_another_persons_process_cannot_be_killed(example: ExampleClass) -> None:
    run_id = running(example)
    bob = replace(example.home, actor=example.bob.actor)
    with pytest.raises(NotAllowedError):
        kill_worker(bob, run_id)


def test_only_the_teacher_puts_a_run_first_and_manages_people(example: ExampleClass) -> None:
    run_id, before = queued(example), contents(example.lab)
    ada = example.ada.actor.person
    assert ada
    for act in (
        lambda: queue.run_next(example.ada, run_id),
        lambda: people.rename(example.ada, ada, "Boss"),
        lambda: people.remove(example.bob, ada),
        lambda: people.renew_token(example.bob, ada),
        lambda: people.token_of(example.bob, ada),
        lambda: people.set_rules(example.ada, Rules(max_queued=50)),
    ):
        with pytest.raises(NotAllowedError):
            act()
    assert contents(example.lab) == before
    assert people.token_of(example.ada, ada) == people.token_of(example.teacher, ada)


def test_who_has_not_joined_starts_and_saves_nothing(example: ExampleClass) -> None:
    before = contents(example.lab)
    drawing = drawings.DrawingText("x", 3, "hash", "[]")
    for act in (
        lambda: example.visitor.add("", SPEC, RECIPE),
        lambda: drawings.save(example.visitor, drawing),
        lambda: drawings.save_all(example.visitor, [drawing]),
        lambda: Store(example.home.runs, actor=Actor(999, False)).add("", SPEC, RECIPE),
    ):
        with pytest.raises(NotAllowedError):
            act()
    assert contents(example.lab) == before


def test_drawings_belong_to_their_writer(example: ExampleClass) -> None:
    drawing = drawings.DrawingText("Ada", 3, "hash", "[]")
    saved, _ = drawings.save(example.ada, drawing)
    before = contents(example.lab)
    for act in (
        lambda: drawings.save(example.bob, drawings.DrawingText("Bob", 5, "hash", "[]")),
        lambda: drawings.delete(example.bob, [saved.id]),
        lambda: drawings.revert(example.bob, saved, None),
        lambda: drawings.rename_writer(example.bob, "Ada", "Bob"),
    ):
        with pytest.raises(NotAllowedError, match="belongs to Ada"):
            act()
    assert contents(example.lab) == before
    rows = drawings.delete(example.ada, [saved.id])
    with pytest.raises(NotAllowedError):
        drawings.restore(example.bob, rows)
    assert drawings.restore(example.ada, rows) == 1
    assert contents(example.lab) == before
