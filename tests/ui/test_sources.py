"""Teachers and initial weights on the pages: chosen, in the address, named where a run is shown."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab import zoo
from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details
from mnistlab.store.trash import empty_trash, move_to_trash
from mnistlab.training.checkpoint import save_checkpoint
from mnistlab.training.record import TrainingRecord
from mnistlab.training.sources import read_source, save_source, source_path
from tests.store.example_runs import add_finished_run, epoch
from tests.ui.app_test import body, settled
from tests.ui.app_test import run as open_page
from tests.ui.test_recipe import open_train_page

SPEC = parse("4-p4-8-gap-bn")
FIRST = zoo.checkpoint("most-accurate")
assert FIRST
PRETRAINED = read_source(FIRST)


def add_teacher_run(store: Store, name: str = "wise", seed: int = 0) -> int:
    run_id = add_finished_run(store, SPEC, Recipe(epochs=1), [60], name=name)
    record = TrainingRecord(name, SPEC, Recipe(epochs=1), (epoch(1, 60),), 1)
    save_checkpoint(store.best_checkpoint_path(run_id), build(SPEC, seed), record)
    return run_id


def short_of(store: Store, run_id: int) -> str:
    return read_source(store.best_checkpoint_path(run_id)).short


def choose(at: AppTest, label: str, choice: str) -> None:
    next(box for box in at.selectbox if box.label == label).set_value(choice)
    settled(at)


def learn_from(at: AppTest, choice: str) -> None:
    choose(at, "Learn from", choice)


def options(at: AppTest, label: str = "Learn from") -> list[str]:
    return next(box.options for box in at.selectbox if box.label == label)


def selected(at: AppTest) -> object:
    return next(box.value for box in at.selectbox if box.label == "Learn from")


def start(at: AppTest) -> None:
    next(button for button in at.button if button.label == "Start training").click()
    settled(at)


def queued(store: Store) -> Run:
    (summary,) = store.queue()
    run = store.run(summary.id)
    assert run
    return run


def test_a_chosen_teacher_with_its_numbers_reaches_the_run_and_is_copied(
    lab: Path, store: Store
) -> None:
    at = open_train_page(net="smallest")
    assert selected(at) == "" and "Learns from" not in body(at)
    assert not [box for box in at.number_input if box.label == "Soft label weight"]
    learn_from(at, PRETRAINED.short)
    at.number_input(key="recipe_soft_label_weight").set_value(0.5)
    settled(at)
    at.number_input(key="recipe_distillation_temperature").set_value(3)
    settled(at)
    assert "Learns from most-accurate" in body(at) and "14,846 parameters" in body(at)
    start(at)
    recipe = queued(store).recipe
    assert recipe.teacher == PRETRAINED.short
    assert (recipe.soft_label_weight, recipe.distillation_temperature) == (0.5, 3)
    assert read_source(source_path(lab / "teachers", recipe.teacher)) == PRETRAINED
    learn_from(at, "")
    assert "Learns from" not in body(at)


def test_pretrained_checkpoints_and_finished_runs_are_offered(store: Store) -> None:
    run_id = add_teacher_run(store)
    other = store.add("unfinished", SPEC, Recipe(epochs=9))
    assert store.claim()
    store.replace_epochs(other, [epoch(1, 50)])
    record = TrainingRecord("unfinished", SPEC, Recipe(epochs=9), (epoch(1, 50),), 1)
    save_checkpoint(store.best_checkpoint_path(other), build(SPEC, 1), record)
    text = " ".join(options(open_train_page()))
    assert "None" in text and f"wise · 99.40% (optimistic) · 494 parameters · run {run_id}" in text
    assert text.count("pretrained") == len(zoo.checkpoints()) and "unfinished" not in text


def test_a_renamed_run_stays_the_teacher_and_a_deleted_one_its_copy(store: Store) -> None:
    run_id = add_teacher_run(store)
    short = short_of(store, run_id)
    at = open_train_page()
    learn_from(at, short)
    edit_details(store, run_id, "wiser", "", "", "")
    settled(at)
    assert selected(at) == short and "wiser" in " ".join(options(at))
    start(at)
    move_to_trash(store, [run_id])
    empty_trash(store)
    settled(at)
    assert selected(at) == short and options(at)[-1].endswith("copy")
    assert not at.error


def test_the_teacher_is_in_the_address() -> None:
    at = open_train_page(net="smallest")
    learn_from(at, PRETRAINED.short)
    (text,) = [at.query_params["recipe"]]
    assert "".join(text) == f"teacher={PRETRAINED.short}"
    again = open_train_page(net="smallest", recipe="".join(text) + ",soft=0.25")
    assert selected(again) == PRETRAINED.short and not again.error
    assert again.number_input(key="recipe_soft_label_weight").value == 0.25


@pytest.mark.parametrize("teacher", ["0123456789abcdef", "nobody"])
def test_an_address_with_an_unknown_teacher_is_an_error_and_starts_nothing(
    store: Store, teacher: str
) -> None:
    at = open_train_page(net="smallest", recipe=f"teacher={teacher}")
    (error,) = at.error
    assert teacher in error.value
    assert next(b for b in at.button if b.label == "Start training").disabled
    at.button(key="ignore_address").click()
    settled(at)
    assert not at.error and selected(at) == ""
    start(at)
    assert queued(store).recipe.teacher == ""


def test_a_teacher_that_is_lost_meanwhile_is_an_error(store: Store, lab: Path) -> None:
    run_id = add_teacher_run(store)
    at = open_train_page()
    learn_from(at, short_of(store, run_id))
    move_to_trash(store, [run_id])
    settled(at)
    assert options(at)[-1].endswith("missing")
    start(at)
    assert any("missing" in error.value for error in at.error) and not store.queue()


def test_a_teacher_s_protocol_is_named_where_it_makes_accuracies_optimistic() -> None:
    at = open_train_page(net="smallest", recipe=f"teacher={PRETRAINED.short}")
    assert "trained on the validation images" in body(at)
    at = open_train_page(net="smallest", recipe=f"teacher={PRETRAINED.short},split=all")
    assert "optimistic" not in body(at).split("Learns from")[1].split("</")[0]


def test_a_run_s_page_and_a_comparison_name_its_sources(store: Store, lab: Path) -> None:
    teacher = save_source(lab / "teachers", store.best_checkpoint_path(add_teacher_run(store)))
    initial = save_source(
        lab / "teachers", store.best_checkpoint_path(add_teacher_run(store, "old", 1))
    )
    recipe = Recipe(epochs=1, teacher=teacher.short, initial=initial.short)
    alone = add_finished_run(store, SPEC, Recipe(epochs=1), [70])
    taught = add_finished_run(store, SPEC, recipe, [50])
    page = body(open_page("pages/run.py", run=str(taught), tab="Configuration"))
    assert teacher.short in page, "before its record is there"
    record = TrainingRecord(
        "taught", SPEC, recipe, (epoch(1, 50),), 1, teacher=teacher, initial=initial
    )
    save_checkpoint(store.best_checkpoint_path(taught), build(SPEC, 1), record)
    for page in (
        body(open_page("pages/run.py", run=str(taught), tab="Configuration")),
        body(open_page("pages/compare.py", run=f"{alone},{taught}")),
    ):
        assert f"wise · 99.40% (optimistic) · 494 parameters ({teacher.short})" in page
        assert f"old · 99.40% (optimistic) · 494 parameters ({initial.short})" in page


def test_a_training_starts_from_weights_of_the_same_network(lab: Path, store: Store) -> None:
    fitting, other = add_teacher_run(store, "fitting"), "4-p4-9-gap-bn"
    at = open_train_page(net=f"{SPEC}-drop0.1")
    assert not [box for box in at.number_input if box.label == "Interpolation"]
    (offered,) = [name for name in options(at, "Start from") if name != "Random weights"]
    assert offered.startswith("fitting")
    choose(at, "Start from", short_of(store, fitting))
    at.number_input(key="recipe_interpolation").set_value(0.5)
    settled(at)
    assert "Starts from fitting" in body(at)
    start(at)
    recipe = queued(store).recipe
    assert (recipe.initial, recipe.interpolation) == (short_of(store, fitting), 0.5)
    assert source_path(lab / "teachers", recipe.initial).is_file()
    assert options(open_train_page(net=other), "Start from") == ["Random weights"]


def test_weights_of_another_network_are_refused_before_anything_is_queued(store: Store) -> None:
    at = open_train_page(net="smallest", recipe=f"initial={PRETRAINED.short}")
    start(at)
    (error,) = at.error
    assert "another network" in error.value and not store.queue()
