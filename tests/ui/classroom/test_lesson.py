"""The lesson on the pages: locked controls, addresses that break the task, offer and vote."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.arch.presets import get_preset
from mnistlab.arch.spec import parse
from mnistlab.classroom.lessons import LESSONS
from mnistlab.classroom.task import Control, Task
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.predictions import save_predictions
from mnistlab.store.classroom import current_task, votes
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.ui.classroom import session
from tests.store.classroom.a_class import ExampleClass, open_example
from tests.store.example_runs import epoch, predictions_with_errors
from tests.ui.app_test import TIMEOUT, body, run, settled

START, WITH_NORM = get_preset("target-2").spec, get_preset("target-3").spec
RECIPE = Recipe(epochs=2, train_size=2_000)
TASK = Task(
    "Try <b>batch norm</b>.",
    START,
    RECIPE,
    frozenset({Control.BATCH_NORM, Control.LEARNING_RATE}),
    15_000,
    0.97,
)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExampleClass:
    found = open_example(tmp_path)
    for name, value in found.home.environment().items():
        monkeypatch.setenv(name, value)
    become(monkeypatch, found.ada)
    return found


@pytest.fixture
def task(example: ExampleClass) -> ExampleClass:
    current_task.set_task(example.teacher, TASK)
    return example


def become(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    """Whoever looks at the pages from now on."""
    monkeypatch.setattr(session, "session_actor", lambda home: store.actor)


def press(at: AppTest, key: str) -> None:
    at.button(key=key).click()
    settled(at)


def warnings(at: AppTest) -> str:
    return " ".join(element.value for element in at.warning)


def start(at: AppTest) -> bool:
    """Whether a run can be started."""
    (button,) = (each for each in at.button if each.label == "Start training")
    return not button.disabled


@pytest.mark.parametrize("page", ["pages/design.py", "pages/train.py"])
def test_a_class_without_a_task_and_a_lab_without_a_class_show_none(
    example: ExampleClass, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "lab-task" not in body(run(page, net=str(START)))
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path / "alone"))
    monkeypatch.delenv("MNISTLAB_CLASS")
    assert "lab-task" not in body(run(page, net=str(START)))
    assert not (tmp_path / "alone").exists()


@pytest.mark.parametrize("page", ["pages/design.py", "pages/train.py"])
def test_the_task_stands_on_the_page_and_the_session_begins_with_its_network(
    task: ExampleClass, page: str
) -> None:
    at = run(page)
    shown = body(at)
    assert "Try &lt;b&gt;batch norm&lt;/b&gt;." in shown
    assert (
        "this network has 12,490." in shown and "Change only batch norm and learning rate" in shown
    )
    assert "you have no run yet" in shown and not at.warning


def test_what_the_task_locks_is_locked_on_design(task: ExampleClass) -> None:
    at = run("pages/design.py")
    assert at.number_input(key="filters0").disabled and at.number_input(key="dropout").disabled
    assert at.selectbox(key="head").disabled and at.selectbox(key="activation").disabled
    assert not at.toggle(key="batch_norm").disabled
    assert at.button(key="target-4").disabled and not at.button(key="target-3").disabled
    menus = [element for element in at.get("menu_button")]
    assert all(menu.proto.disabled for menu in menus)


def test_nothing_is_locked_for_the_teacher(
    task: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(monkeypatch, task.teacher)
    at = run("pages/design.py", net="target-4")
    assert not at.number_input(key="filters0").disabled and not at.warning
    assert start(run("pages/train.py", net="target-4"))


def test_what_the_task_locks_is_locked_on_train(task: ExampleClass) -> None:
    at = run("pages/train.py")
    at.session_state["recipe_is_open"] = True
    settled(at)
    assert at.number_input(key="recipe_epochs").disabled
    assert at.number_input(key="recipe_dropout").disabled
    assert not at.number_input(key="recipe_learning_rate").disabled
    assert not at.selectbox(key="recipe_schedule").disabled
    assert at.number_input(key="recipe_epochs").value == 2, "the task's"


@pytest.mark.parametrize("page", ["pages/design.py", "pages/train.py"])
def test_an_address_that_breaks_the_task_says_so_and_can_be_left(
    task: ExampleClass, page: str
) -> None:
    at = run(page, net="target-4")
    assert "The task locks dropout" in warnings(at)
    press(at, "open_task_network")
    assert not at.warning and "this network has 12,490." in body(at)


@pytest.mark.parametrize(
    "query",
    [{"net": "8-p-gap"}, {"net": str(START), "recipe": "epochs=9"}, {"recipe": "images=off"}],
)
def test_what_breaks_the_task_cannot_be_started(task: ExampleClass, query: dict[str, str]) -> None:
    at = run("pages/train.py", **query)
    assert "The task locks" in warnings(at) and not start(at)
    assert not [button for button in at.button if str(button.key).startswith("begin_")]


def test_the_task_s_recipe_is_one_click_away(task: ExampleClass) -> None:
    at = run("pages/train.py", net=str(START), recipe="epochs=9,rate=0.05")
    press(at, "use_task_recipe")
    assert not at.warning and start(at)
    next(each for each in at.button if each.label == "Start training").click()
    settled(at)
    (queued,) = task.lab.queue()
    assert (queued.spec, queued.recipe, queued.owner) == (START, RECIPE, "Ada")


def test_an_address_changes_what_the_task_leaves_open(task: ExampleClass) -> None:
    at = run("pages/train.py", net=str(WITH_NORM), recipe="rate=0.05")
    assert not at.warning and start(at)
    next(each for each in at.button if each.label == "Start training").click()
    settled(at)
    assert task.lab.queue()[0].recipe == Recipe(epochs=2, train_size=2_000, learning_rate=0.05)


def test_short_runs_that_do_not_keep_to_the_task_are_not_offered(task: ExampleClass) -> None:
    at = run("pages/train.py")
    assert not [button for button in at.button if str(button.key).startswith("begin_")]
    assert start(at) and "Start training" in body(at)


def test_the_best_run_is_shown_and_solves_the_task(task: ExampleClass) -> None:
    for errors in (400, 250):
        run_id = task.ada.add("mine", START, RECIPE)
        task.lab.claim()
        task.lab.replace_epochs(run_id, [epoch(1, errors)])
        task.lab.finish(run_id, State.DONE, "")
        shown = body(run("pages/design.py"))
        assert f"your best run ({run_id}) has {100 - errors / 100:.2f}%" in shown
        assert shown.count("lab-met") == (2 if errors == 250 else 1)


def test_an_offer_is_opened_once(example: ExampleClass) -> None:
    current_task.send_to_all(example.teacher, WITH_NORM)
    at = run("pages/design.py", net="8-p-gap")
    press(at, "open_offer")
    assert at.text_input(key="net").value == str(WITH_NORM)
    assert "open_offer" not in {button.key for button in at.button}
    example.teacher._clock = lambda: 5e9
    current_task.send_to_all(example.teacher, START)
    press(settled(at), "close_offer")
    assert at.text_input(key="net").value == str(WITH_NORM)
    assert "open_offer" not in {button.key for button in at.button}


def test_a_vote_from_the_page_to_its_result(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    vote = votes.open_vote(example.teacher, START, WITH_NORM, RECIPE)
    at = run("pages/design.py")
    press(at, "vote0")
    press(at, "vote1")
    assert "1 of 3 have voted" in body(at) and at.button(key="vote1").label == "You chose B"
    become(monkeypatch, example.bob)
    press(run("pages/train.py"), "vote0")
    votes.close_vote(example.teacher, vote)
    assert "The result stands here" in body(run("pages/design.py"))
    finish_next(example, 300, range(300))
    finish_next(example, 100, range(200, 300))
    at = run("pages/design.py")
    assert "B is more accurate, as 1 of 2 thought: +20.00 pp (95% CI" in body(at)
    assert "significant (p &lt; 0.001). Each trained once" in body(at)
    assert "A: Bob" in body(at) and "B: Ada" in body(at)
    assert "vote0" not in {button.key for button in at.button}


def finish_next(example: ExampleClass, errors: int, wrong: Sequence[int] | None) -> None:
    """Train the next run; `wrong` are the test images that it misclassifies, None: not saved."""
    claimed = example.lab.claim()
    assert claimed
    example.lab.replace_epochs(claimed.id, [epoch(1, errors)])
    if wrong is not None:
        path = example.lab.predictions_path(claimed.id)
        save_predictions(path, predictions_with_errors(wrong))
    example.lab.finish(claimed.id, State.DONE, "")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        # McNemar's exact p-value of 4 against 5 images is 1, of 0 against 6 images 2 / 2⁶ = 0.031.
        ((range(4), range(4, 9)), "Not distinguishable. A is ahead: +0.10 pp"),
        ((range(6), range(0)), "B is more accurate, as 0 of 0 thought: +0.60 pp"),
        ((range(7, 12), range(5)), "Not distinguishable: both classify as many"),
        ((range(7, 12), None), "No result: Run 2 has no test predictions"),
    ],
)
def test_a_difference_that_is_noise_is_no_result(
    example: ExampleClass, wrong: Sequence[Sequence[int] | None], sentence: str
) -> None:
    votes.close_vote(example.teacher, votes.open_vote(example.teacher, START, WITH_NORM, RECIPE))
    # In validation B is far ahead, which does not count.
    for errors, each in zip((300, 100), wrong, strict=True):
        finish_next(example, errors, each)
    text = body(run("pages/design.py"))
    assert sentence in text
    if "ahead" in sentence:
        assert "not significant (p = 1.00)" in text
    if "more accurate" in sentence:
        assert "significant (p = 0.031)" in text


def managing() -> AppTest:
    def script() -> None:
        from mnistlab.ui.classroom.lesson.task_panel import manage_task
        from mnistlab.ui.classroom.session import session_home
        from mnistlab.ui.common import page

        page.show_action_error()
        manage_task(session_home())

    return settled(AppTest.from_function(script, default_timeout=TIMEOUT))


def test_the_teacher_sets_a_lesson_with_one_click_and_ends_it(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not managing().button, "nothing for a student"
    become(monkeypatch, example.teacher)
    for lesson in LESSONS:
        at = managing()
        press(at, f"lesson_{lesson.name}")
        assert current_task.current_task(example.lab) == lesson.task
        offer = current_task.current_offer(example.lab)
        assert offer and offer.network == lesson.task.network
    press(at, "end_task")
    assert current_task.current_task(example.lab) is None
    press(at, "withdraw_offer")
    assert current_task.current_offer(example.lab) is None


def test_the_teacher_sets_a_task_of_their_own(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(monkeypatch, example.teacher)
    at = managing()
    press(at, "set_task")
    assert "no sentence" in at.error[0].value and current_task.current_task(example.lab) is None
    at.text_input(key="task_sentence").set_value("Only\tdropout")
    at.button_group(key="task_controls").set_value([Control.DROPOUT])
    at.number_input(key="task_most").set_value(0)
    press(at, "set_task")
    task = current_task.current_task(example.lab)
    assert task and task.sentence == "Only dropout" and task.controls == {Control.DROPOUT}
    assert task.max_parameters is None and task.min_accuracy == 0.97
    assert task.network == get_preset("target-4").spec and task.recipe.train_size == 10_000


def test_the_teacher_opens_closes_and_removes_a_vote(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(monkeypatch, example.teacher)
    at = managing()
    at.text_input(key="vote_networkA").set_value("nonsense")
    press(at, "open_vote")
    assert "Unknown layer" in at.error[0].value
    at.text_input(key="vote_networkA").set_value("target-2")
    at.text_input(key="vote_networkB").set_value("8-p-gap")
    press(at, "open_vote")
    press(at, "close_vote")
    assert [run.spec for run in example.lab.queue()] == [START, parse("8-p-gap")]
    press(at, "remove_vote")
    assert votes.current_vote(example.lab) is None


def test_a_store_that_cannot_be_read_leaves_the_page(
    task: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    task.lab.database.file.write_bytes(b"no database at all" * 100)
    at = run("pages/design.py", net=str(START))
    assert at.error and at.text_input(key="net").value == str(START)


@pytest.mark.parametrize("page", ["pages/design.py", "pages/train.py"])
def test_a_network_is_held_against_the_task_s_limit(example: ExampleClass, page: str) -> None:
    assert "of 15,000 parameters" in body(run(page))
    current_task.set_task(example.teacher, LESSONS[0].task)
    assert "of 50,000 parameters" in body(run(page))
    current_task.set_task(example.teacher, replace(LESSONS[0].task, max_parameters=None))
    assert "of 15,000 parameters" in body(run(page))
