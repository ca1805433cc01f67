"""The task binds every function that adds a run; offers and votes keep to who may do what."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.arch.presets import get_preset
from mnistlab.arch.spec import parse
from mnistlab.classroom.rules import Rules
from mnistlab.classroom.task import Control, Task
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.classroom import current_task, people, votes
from mnistlab.store.classroom.current_task import TaskResult, task_result
from mnistlab.store.rights.ownership import NotAllowedError
from mnistlab.store.run import RunSummary, State
from mnistlab.store.store import Store
from mnistlab.store.trash import move_to_trash
from tests.store.classroom.a_class import ExampleClass, open_example
from tests.store.example_runs import epoch

START, WITH_NORM = get_preset("target-2").spec, get_preset("target-3").spec
RECIPE = Recipe(epochs=2)
TASK = Task("Try batch norm.", START, RECIPE, frozenset({Control.BATCH_NORM}), 12_600, 0.99)


@pytest.fixture
def example(tmp_path: Path) -> ExampleClass:
    return open_example(tmp_path)


@pytest.fixture
def task(example: ExampleClass) -> ExampleClass:
    current_task.set_task(example.teacher, TASK)
    return example


def person(store: Store) -> int:
    assert store.actor.person
    return store.actor.person


def trained(example: ExampleClass, store: Store, network: str, errors: int) -> int:
    """A run that a student's queue trained to its end."""
    run_id = store.add("mine", parse(network), RECIPE)
    claimed = example.lab.claim()
    assert claimed and claimed.id == run_id
    example.lab.replace_epochs(run_id, [epoch(1, 900), epoch(2, errors)])
    example.lab.finish(run_id, State.DONE, "")
    return run_id


def test_a_task_is_set_by_the_teacher_alone(example: ExampleClass) -> None:
    assert current_task.current_task(example.lab) is None
    for store in (example.ada, example.visitor):
        with pytest.raises(NotAllowedError, match="Only the teacher"):
            current_task.set_task(store, TASK)
    current_task.set_task(example.teacher, TASK)
    assert current_task.current_task(example.ada) == TASK
    current_task.set_task(example.teacher, None)
    assert current_task.current_task(example.ada) is None


def test_a_student_trains_what_the_task_leaves_open(task: ExampleClass) -> None:
    assert task.ada.add("start", START, RECIPE) and task.ada.add("norm", WITH_NORM, RECIPE)


@pytest.mark.parametrize(
    ("network", "recipe", "named"),
    [
        ("8-16-p10-16-20-t12-16-20-full-bn-drop0.05", RECIPE, "dropout"),
        ("8-16-p10-16-21-t12-16-20-full", RECIPE, "filters"),
        ("8-16-p10-16-t12-16-20-full", RECIPE, "layers"),
        (str(START), replace(RECIPE, epochs=3), "epochs 2"),
        (str(START), replace(RECIPE, seed=1), "seed 0"),
    ],
)
def test_nothing_else_is_queued_for_a_student_or_at_the_terminal(
    task: ExampleClass, network: str, recipe: Recipe, named: str
) -> None:
    with pytest.raises(NotAllowedError, match=named):
        task.ada.add("mine", parse(network), recipe)
    with pytest.raises(NotAllowedError, match=rf"{named}.* end the task"):
        task.lab.add("from the terminal", parse(network), recipe)
    assert not task.lab.queue()
    assert task.teacher.add("mine", parse(network), recipe), "the teacher shows what they like"
    current_task.set_task(task.teacher, None)
    assert task.lab.add("mine", parse(network), recipe)


def test_the_terminal_resumes_only_what_keeps_to_the_task(example: ExampleClass) -> None:
    allowed, other = (example.lab.add("", spec, RECIPE) for spec in (START, parse("8-p-gap")))
    for run_id in (allowed, other):
        claimed = example.lab.claim()
        assert claimed and claimed.id == run_id
        example.lab.replace_epochs(run_id, [epoch(1, 900)])
        example.lab.finish(run_id, State.PAUSED, "")
    current_task.set_task(example.teacher, TASK)
    assert example.lab.resume(allowed)
    with pytest.raises(NotAllowedError, match="end the task"):
        example.lab.resume(other)
    assert example.teacher.resume(other)


def test_a_damaged_task_is_none(task: ExampleClass) -> None:
    with task.lab.database.writing() as db:
        db.execute("UPDATE classes SET task = '{\"sentence\": 1'")
    assert current_task.current_task(task.lab) is None
    assert task.ada.add("mine", parse("8-p-gap"), Recipe(epochs=1))


def test_a_person_s_result_is_the_best_run_that_keeps_to_the_task(task: ExampleClass) -> None:
    assert task_result(task.lab, TASK, person(task.ada)) == TaskResult(None)
    small = trained(task, task.ada, str(START), 150)
    result = task_result(task.lab, TASK, person(task.ada))
    assert result.run and result.run.id == small
    assert result.is_small_enough and not result.is_accurate_enough and not result.is_solved
    # More accurate, but 12,874 parameters are too many.
    trained(task, task.ada, str(WITH_NORM), 50)
    assert task_result(task.lab, TASK, person(task.ada)).run == task_run(task, small)
    better = trained(task, task.ada, str(START), 90)
    result = task_result(task.lab, TASK, person(task.ada))
    assert result.run and result.run.id == better and result.is_solved
    move_to_trash(task.ada, [better])
    assert task_result(task.lab, TASK, person(task.ada)).run == task_run(task, small)
    assert task_result(task.lab, TASK, person(task.bob)).run is None


def task_run(task: ExampleClass, run_id: int) -> RunSummary:
    (run,) = task.lab._where("id = ?", run_id)
    return run


def test_runs_from_before_the_task_and_imported_ones_do_not_solve_it(
    example: ExampleClass,
) -> None:
    trained(example, example.ada, "8-p-gap", 10)
    imported = trained(example, example.ada, str(START), 10)
    with example.lab.database.writing() as db:
        db.execute("UPDATE runs SET heartbeat = NULL WHERE id = ?", (imported,))
    current_task.set_task(example.teacher, TASK)
    assert task_result(example.lab, TASK, person(example.ada)).run is None


def test_a_network_is_sent_to_all_by_the_teacher_alone(example: ExampleClass) -> None:
    assert current_task.current_offer(example.ada) is None
    with pytest.raises(NotAllowedError):
        current_task.send_to_all(example.ada, START)
    with pytest.raises(LabError):
        current_task.send_to_all(example.teacher, parse("8-p-p-p-p-p-p-full"))
    current_task.send_to_all(example.teacher, START)
    offer = current_task.current_offer(example.ada)
    assert offer and offer.network == START
    with pytest.raises(NotAllowedError):
        current_task.withdraw_offer(example.bob)
    current_task.withdraw_offer(example.teacher)
    assert current_task.current_offer(example.ada) is None


@pytest.mark.parametrize("text", ["nonsense", "8-p-p-p-p-p-p-full", ""])
def test_a_damaged_offer_is_none(example: ExampleClass, text: str) -> None:
    current_task.send_to_all(example.teacher, START)
    with example.lab.database.writing() as db:
        db.execute("UPDATE classes SET offer = ?", (text,))
    assert current_task.current_offer(example.ada) is None


def test_a_lab_without_a_class_has_no_task_no_offer_and_no_vote(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    assert current_task.current_task(store) is None
    assert current_task.current_offer(store) is None
    assert votes.current_vote(store) is None


def opened(example: ExampleClass) -> int:
    return votes.open_vote(example.teacher, START, WITH_NORM, RECIPE)


def test_everybody_has_one_ballot_until_the_vote_is_closed(example: ExampleClass) -> None:
    vote = opened(example)
    votes.cast_ballot(example.ada, vote, 0)
    votes.cast_ballot(example.bob, vote, 1)
    votes.cast_ballot(example.ada, vote, 1)
    current = votes.current_vote(example.lab)
    assert current and current.is_open and current.runs is None
    assert current.names == ((), ("Ada", "Bob")) and current.counts == (0, 2)
    assert votes.ballot_of(example.lab, vote, person(example.ada)) == 1
    assert votes.ballot_of(example.lab, vote, person(example.teacher)) is None
    assert votes.close_vote(example.teacher, vote) == (1, 2)
    with pytest.raises(LabError, match="closed"):
        votes.cast_ballot(example.ada, vote, 0)
    after = votes.current_vote(example.lab)
    assert after and not after.is_open and after.runs == (1, 2) and after.counts == (0, 2)


def test_closing_starts_both_runs_once(example: ExampleClass) -> None:
    vote = opened(example)
    votes.close_vote(example.teacher, vote)
    assert votes.close_vote(example.teacher, vote) is None
    assert [(run.spec, run.recipe) for run in example.lab.queue()] == [
        (START, RECIPE),
        (WITH_NORM, RECIPE),
    ]
    assert {run.owner for run in example.lab.queue()} == {"Teacher"}


def test_a_close_that_fails_leaves_the_vote_open_and_no_run(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    vote, add = opened(example), Store.add_within

    def fails_at_the_second(self: Store, db: object, name: str, *rest: object, **more: object):  # type: ignore[no-untyped-def]
        if name.startswith("Vote B"):
            raise LabError("the disk is full")
        return add(self, db, name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "add_within", fails_at_the_second)
    with pytest.raises(LabError, match="disk"):
        votes.close_vote(example.teacher, vote)
    current = votes.current_vote(example.lab)
    assert current and current.is_open and not example.lab.queue()


def test_who_may_do_what_with_a_vote(example: ExampleClass) -> None:
    with pytest.raises(NotAllowedError):
        votes.open_vote(example.ada, START, WITH_NORM, RECIPE)
    vote = opened(example)
    for change in (votes.close_vote, votes.remove_vote):
        with pytest.raises(NotAllowedError, match="Only the teacher"):
            change(example.ada, vote)
    for store in (example.visitor, example.lab):
        with pytest.raises(NotAllowedError):
            votes.cast_ballot(store, vote, 0)
    with pytest.raises(LabError):
        votes.cast_ballot(example.ada, vote, 2)
    with pytest.raises(LabError):
        votes.cast_ballot(example.ada, vote + 1, 0)
    with pytest.raises(LabError, match="open already"):
        opened(example)
    with pytest.raises(LabError, match="same"):
        votes.open_vote(example.teacher, START, START, RECIPE)


def test_a_removed_person_has_no_ballot_and_a_removed_vote_none_at_all(
    example: ExampleClass,
) -> None:
    vote = opened(example)
    votes.cast_ballot(example.ada, vote, 0)
    votes.cast_ballot(example.bob, vote, 0)
    people.remove(example.teacher, person(example.ada))
    current = votes.current_vote(example.lab)
    assert current and current.names == (("Bob",), ())
    with pytest.raises(NotAllowedError):
        votes.cast_ballot(example.ada, vote, 0)
    votes.remove_vote(example.teacher, vote)
    assert votes.current_vote(example.lab) is None
    with example.lab.database.reading() as db:
        assert db.execute("SELECT count(*) FROM ballots").fetchone()[0] == 0


def test_a_damaged_vote_is_none(example: ExampleClass) -> None:
    opened(example)
    with example.lab.database.writing() as db:
        db.execute("UPDATE votes SET recipe = 'x'")
    assert votes.current_vote(example.lab) is None


def test_opening_the_class_again_keeps_its_task(task: ExampleClass) -> None:
    people.set_rules(task.teacher, Rules(max_epochs=5))
    people.open_class(task.lab, "7b")
    assert current_task.current_task(task.lab) == TASK


def test_the_lesson_s_state_changes_with_what_the_teacher_does_and_with_no_ballot(
    example: ExampleClass,
) -> None:
    states = [votes.lesson_state(example.ada)]

    def seen() -> bool:
        """Whether the state has changed since it was last asked for."""
        states.append(votes.lesson_state(example.ada))
        return states[-1] != states[-2]

    current_task.set_task(example.teacher, TASK)
    assert seen()
    current_task.send_to_all(example.teacher, START)
    assert seen()
    vote = opened(example)
    assert seen()
    votes.cast_ballot(example.ada, vote, 0)
    example.ada.add("mine", START, RECIPE)
    assert not seen()
    votes.close_vote(example.teacher, vote)
    assert seen()
    while example.lab.claim():
        pass
    assert seen()
