"""Pausing a class and clearing its queue."""

from pathlib import Path

import pytest

from mnistlab.classroom.rules import Rules
from mnistlab.errors import LabError
from mnistlab.store import queue
from mnistlab.store.classroom import people
from mnistlab.store.classroom.control import clear_queue, continue_class, pause_class
from mnistlab.store.rights.ownership import NotAllowedError
from mnistlab.store.run import State
from mnistlab.store.store import Store
from tests.store.classroom.a_class import RECIPE, SPEC, ExampleClass, open_example
from tests.store.example_runs import epoch


@pytest.fixture
def example(tmp_path: Path) -> ExampleClass:
    return open_example(tmp_path)


def claimed(example: ExampleClass) -> int | None:
    run = example.lab.claim()
    return run.id if run else None


def test_a_paused_class_starts_only_the_teachers_runs(example: ExampleClass) -> None:
    adas = example.ada.add("", SPEC, RECIPE)
    bobs = example.bob.add("", SPEC, RECIPE)
    pause_class(example.teacher)
    assert queue.startable_count(example.lab) == 0 and queue.queued_count(example.lab) == 2
    assert claimed(example) is None
    queue.run_next(example.teacher, bobs)
    assert claimed(example) is None and queue.is_held_back(example.ada, adas)
    example_run = example.teacher.add("", SPEC, RECIPE)
    of_the_lab = example.lab.add("", SPEC, RECIPE)
    assert not queue.is_held_back(example.lab, example_run)
    assert {claimed(example) for _ in range(3)} == {example_run, of_the_lab, None}
    continue_class(example.teacher)
    assert [claimed(example) for _ in range(3)] == [bobs, adas, None]


def test_what_trains_returns_to_the_queue_and_goes_first_afterwards(example: ExampleClass) -> None:
    running, waiting = (example.ada.add("", SPEC, RECIPE) for _ in range(2))
    assert claimed(example) == running
    own = example.teacher.add("", SPEC, RECIPE)
    example.bob.add("", SPEC, RECIPE)
    pause_class(example.teacher)
    assert claimed(example) == own, "the teacher's run waits for nobody"
    requests = {run.id: run.request.value for run in example.lab.running()}
    assert requests == {running: "preempt", own: ""}
    example.lab.finish(running, State.QUEUED, "")
    assert claimed(example) is None
    continue_class(example.teacher)
    assert claimed(example) == running
    assert waiting in [run.id for run in example.lab.queue()]


def test_the_other_rules_stay(example: ExampleClass) -> None:
    rules = Rules(max_queued=7, hides_names=True)
    people.set_rules(example.teacher, rules)
    pause_class(example.teacher)
    continue_class(example.teacher)
    current = people.the_class(example.lab)
    assert current and current.rules == rules


def test_a_cleared_queue_keeps_what_has_epochs(example: ExampleClass) -> None:
    begun = example.ada.add("", SPEC, RECIPE)
    example.lab.claim()
    example.lab.add_epoch(begun, epoch(1, 100))
    example.lab.finish(begun, State.QUEUED, "")
    fresh = example.bob.add("", SPEC, RECIPE)
    own = example.teacher.add("", SPEC, RECIPE)
    assert clear_queue(example.teacher) == 3 and not example.lab.queue()
    states = {
        run_id: run.state for run_id in (begun, fresh, own) if (run := example.lab.run(run_id))
    }
    assert states[begun] is State.PAUSED and states[fresh] is states[own] is State.STOPPED


def test_only_the_teacher_pauses_and_clears(example: ExampleClass) -> None:
    example.ada.add("", SPEC, RECIPE)
    for store in (example.ada, example.visitor):
        for act in (pause_class, continue_class, clear_queue):
            with pytest.raises(NotAllowedError, match="Only the teacher"):
                act(store)
    current = people.the_class(example.lab)
    assert len(example.lab.queue()) == 1 and current and not current.rules.is_paused


@pytest.mark.parametrize("rules", ["", "[]", "x", '{"is_paused": 1}', '{"is_paused": "true"}'])
def test_damaged_rules_pause_nothing(example: ExampleClass, rules: str) -> None:
    run_id = example.ada.add("", SPEC, RECIPE)
    with example.lab.database.writing() as db:
        db.execute("UPDATE classes SET rules = ?", (rules,))
    assert claimed(example) == run_id


def test_a_lab_without_a_class_is_not_paused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(LabError, match="no class"):
        pause_class(store)
    run_id = store.add("", SPEC, RECIPE)
    run = store.claim()
    assert run and run.id == run_id
