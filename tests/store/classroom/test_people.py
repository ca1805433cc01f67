"""Joining, tokens, renaming and removing people; limits; whose run is next."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.actor import VISITOR
from mnistlab.classroom.rules import Rules
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.store import drawings, queue
from mnistlab.store.classroom import people
from mnistlab.store.rights.ownership import NotAllowedError
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.store.trash import empty_trash, move_to_trash
from mnistlab.training.epoch import Epoch
from tests.store.classroom.a_class import RECIPE, SPEC, ExampleClass, open_example


@pytest.fixture
def example(tmp_path: Path) -> ExampleClass:
    return open_example(tmp_path)


def person(store: Store) -> int:
    assert store.actor.person
    return store.actor.person


def train(example: ExampleClass, seconds: float) -> str:
    """Train the next run; its owner."""
    run = example.lab.claim()
    assert run
    example.lab.add_epoch(run.id, Epoch(1, 0.2, 0.9, 0.1, 100, 10_000, 0.1, seconds, 1000.0))
    example.lab.finish(run.id, State.DONE, "")
    return run.owner


def test_a_token_outlives_the_server_and_a_new_one_ends_the_old(example: ExampleClass) -> None:
    ada = person(example.ada)
    token = people.token_of(example.teacher, ada)
    again = Store(example.home.runs)
    assert people.actor_of(again, token) == example.ada.actor
    people.open_class(again, "7b, next week")
    assert people.actor_of(again, token) == example.ada.actor
    newer = people.renew_token(example.teacher, ada)
    assert people.actor_of(again, token) == VISITOR
    assert people.actor_of(again, newer) == example.ada.actor


def test_a_token_of_another_class_is_not_valid(example: ExampleClass, tmp_path: Path) -> None:
    other = Store(Home(tmp_path).of_class("8a").runs)
    teacher = people.open_class(other, "8a")
    token = people.token_of(other, teacher.id)
    assert people.person_of(other, token) == teacher
    assert people.person_of(example.lab, token) is None


def test_names_are_unlike_each_other_and_drawn_ones_free(example: ExampleClass) -> None:
    for name in ("ada", "  ADA ", "teacher", "\u200b", ""):
        with pytest.raises(LabError):
            people.join(example.lab, name)
    name = people.proposed_name(example.lab, random.Random(1))
    assert people.join(example.lab, name).name == name
    assert people.proposed_name(example.lab, random.Random(1)) != name


def test_a_renamed_person_has_renamed_runs_and_drawings(example: ExampleClass) -> None:
    run_id = example.ada.add("mine", SPEC, RECIPE, owner="somebody else")
    drawings.save(example.ada, drawings.DrawingText("Ada", 3, "hash", "[]"))
    people.rename(example.teacher, person(example.ada), "Calm Otter")
    run = example.lab.run(run_id)
    assert run and run.owner == "Calm Otter"
    assert [*drawings.counts(example.lab)] == ["Calm Otter"]


def test_a_removed_person_leaves_nothing(example: ExampleClass) -> None:
    run_id = example.ada.add("mine", SPEC, RECIPE)
    example.lab.run_folder(run_id).mkdir()
    (example.lab.run_folder(run_id) / "best.safetensors").write_bytes(b"1")
    drawings.save(example.ada, drawings.DrawingText("Ada", 3, "hash", "[]"))
    token = people.token_of(example.ada, person(example.ada))
    people.remove(example.teacher, person(example.ada))
    assert not example.lab.run(run_id) and not example.lab.run_folder(run_id).exists()
    assert not drawings.counts(example.lab)
    assert people.actor_of(example.lab, token) == VISITOR
    assert [each.name for each in people.people(example.lab)] == ["Teacher", "Bob"]
    with pytest.raises(NotAllowedError, match="no longer"):
        example.ada.add("again", SPEC, RECIPE)
    with pytest.raises(NotAllowedError, match="teacher"):
        people.remove(example.teacher, person(example.teacher))


def test_a_person_with_a_training_is_not_removed(example: ExampleClass) -> None:
    run_id = example.ada.add("mine", SPEC, RECIPE)
    example.lab.claim()
    with pytest.raises(NotAllowedError, match=f"Run {run_id} of Ada trains"):
        people.remove(example.teacher, person(example.ada))
    assert len(people.people(example.lab)) == 3


def test_people_take_turns_whoever_queued_first(example: ExampleClass) -> None:
    people.set_rules(example.teacher, Rules(max_queued=10))
    for _ in range(4):
        example.ada.add("", SPEC, RECIPE)
    for _ in range(2):
        example.bob.add("", SPEC, RECIPE)
    assert [run.owner for run in example.lab.queue()] == ["Ada", "Bob", "Ada", "Bob", "Ada", "Ada"]
    trained = [train(example, 10.0) for _ in range(6)]
    assert trained == ["Ada", "Bob", "Ada", "Bob", "Ada", "Ada"]


def test_whoever_had_less_time_is_next_and_nobody_saves_turns_up(example: ExampleClass) -> None:
    example.ada.add("long", SPEC, RECIPE)
    assert train(example, 1000.0) == "Ada"
    # What is deleted for good was a turn, too.
    empty_trash(example.ada, move_to_trash(example.ada, [1]))
    for _ in range(2):
        example.ada.add("", SPEC, RECIPE)
    for _ in range(3):
        example.bob.add("", SPEC, RECIPE)
    shown = [run.owner for run in example.lab.queue()]
    assert shown == ["Bob", "Ada", "Bob", "Ada", "Bob"]
    assert [train(example, 10.0) for _ in shown] == shown


def test_a_run_that_goes_on_is_no_second_turn(example: ExampleClass) -> None:
    people.set_rules(example.teacher, Rules(max_queued=10))
    first = example.ada.add("", SPEC, RECIPE)
    for _ in range(3):
        run = example.lab.claim()
        assert run and run.id == first
        example.lab.finish(first, State.QUEUED, "Stepped back.")
    for _ in range(2):
        example.ada.add("", SPEC, RECIPE)
        example.bob.add("", SPEC, RECIPE)
    assert [train(example, 9.0) for _ in range(5)] == ["Ada", "Bob", "Ada", "Bob", "Ada"]


def test_resuming_is_limited_as_starting_is(example: ExampleClass) -> None:
    people.set_rules(example.teacher, Rules(max_queued=1))
    paused = example.ada.add("", SPEC, RECIPE)
    example.ada.request(paused, Request.PAUSE)
    example.ada.add("", SPEC, RECIPE)
    with pytest.raises(NotAllowedError, match="allows 1"):
        queue.resume(example.ada, paused)
    example.ada.request(paused + 1, Request.STOP)
    people.set_rules(example.teacher, Rules(max_epochs=1))
    with pytest.raises(NotAllowedError, match="1 epochs"):
        queue.resume(example.ada, paused)
    queue.resume(example.teacher, paused)


def test_two_workers_train_two_people(example: ExampleClass) -> None:
    for _ in range(3):
        example.ada.add("", SPEC, RECIPE)
    example.bob.add("", SPEC, RECIPE)
    claimed = [run.owner for slot in range(3) if (run := example.lab.claim(slot))]
    assert claimed == ["Ada", "Bob", "Ada"]


def test_what_the_teacher_puts_first_is_first(example: ExampleClass) -> None:
    for _ in range(2):
        example.ada.add("", SPEC, RECIPE)
    last = example.bob.add("", SPEC, RECIPE)
    second = example.ada.add("", SPEC, RECIPE)
    queue.run_next(example.teacher, second)
    assert [run.id for run in example.lab.queue()][:2] == [second, last - 2]


def test_moving_a_run_keeps_the_others_turns(example: ExampleClass) -> None:
    mine = [example.ada.add("", SPEC, RECIPE) for _ in range(3)]
    bobs = example.bob.add("", SPEC, RECIPE)
    queue.move(example.ada, mine[2], -1)
    assert [run.id for run in example.lab.queue()] == [mine[0], bobs, mine[2], mine[1]]


def test_clicks_without_end_write_nothing_beyond_the_limit(example: ExampleClass) -> None:
    people.set_rules(example.teacher, Rules(max_queued=3))
    for _ in range(3):
        example.ada.add("", SPEC, RECIPE)
    size = sum(path.stat().st_size for path in example.lab.folder.rglob("*"))
    for _ in range(200):
        with pytest.raises(NotAllowedError, match="allows 3"):
            example.ada.add("", SPEC, RECIPE)
    assert size == sum(path.stat().st_size for path in example.lab.folder.rglob("*"))
    assert example.bob.add("", SPEC, RECIPE) in [run.id for run in example.lab.queue(2)]


def test_epochs_and_training_time_are_limited(example: ExampleClass) -> None:
    people.set_rules(example.teacher, Rules(max_epochs=2, max_minutes=1))
    with pytest.raises(NotAllowedError, match="2 epochs"):
        example.ada.add("", SPEC, replace(RECIPE, epochs=3))
    example.teacher.add("", SPEC, replace(RECIPE, epochs=3))
    train(example, 0.0)
    example.ada.add("", SPEC, RECIPE)
    train(example, 61.0)
    with pytest.raises(NotAllowedError, match="allows 1"):
        example.ada.add("", SPEC, RECIPE)
    people.begin_lesson(example.teacher)
    assert example.ada.add("", SPEC, RECIPE), "another lesson"


def trained(store: Store) -> list[tuple[int, float]]:
    """Turns and seconds of everybody who had one."""
    with store.database.reading() as db:
        rows = db.execute("SELECT turns, seconds FROM people WHERE turns ORDER BY id")
        return [(row["turns"], row["seconds"]) for row in rows]


def test_another_start_or_a_second_server_goes_on_with_the_lesson(tmp_path: Path) -> None:
    example, began = open_example(tmp_path), 1.8e9

    def opened_after(seconds: float) -> list[tuple[int, float]]:
        people.open_class(Store(example.home.runs, lambda: began + seconds), "7b")
        return trained(example.lab)

    with example.lab.database.writing() as db:
        db.execute("UPDATE classes SET opened = ?", (began,))
    for store in (example.ada, example.bob, example.ada):
        store.add("", SPEC, RECIPE)
    for _ in range(2):
        train(example, 600.0)
    before = [(1, 600.0), (1, 600.0)]
    # Twice at once, later that day, and with a clock that was set back.
    for seconds in (5.0, 5.0, people.LESSON_SECONDS - 1, -3600.0):
        assert opened_after(seconds) == before
    # Openings do not prolong a lesson. The second server of the next one does not reset it again.
    assert opened_after(people.LESSON_SECONDS) == []
    assert train(example, 60.0) == "Ada"
    assert opened_after(people.LESSON_SECONDS + 5) == [(1, 60.0)]


def test_the_teacher_alone_begins_a_lesson(example: ExampleClass) -> None:
    example.ada.add("", SPEC, RECIPE)
    train(example, 600.0)
    with pytest.raises(NotAllowedError, match="teacher"):
        people.begin_lesson(example.ada)
    assert trained(example.lab) == [(1, 600.0)]
    people.begin_lesson(example.teacher)
    assert trained(example.lab) == []


def test_a_lab_without_a_class_has_no_people(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert people.the_class(store) is None and people.people(store) == []
    with pytest.raises(LabError, match="no class"):
        people.join(store, "Ada")
