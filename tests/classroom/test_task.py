"""What a task locks, and that a damaged one is none."""

import json
from dataclasses import fields, replace

import pytest

from mnistlab.arch.presets import PRESETS, get_preset
from mnistlab.arch.spec import Spec, parse
from mnistlab.classroom.lessons import LESSONS, find_lesson
from mnistlab.classroom.rules import Rules
from mnistlab.classroom.task import (
    OPTIONS,
    SETTINGS,
    Control,
    Task,
    network_changes,
    network_problem,
    one_sentence,
    problem,
    recipe_problem,
    task_from_json,
    task_to_json,
)
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Optimizer, Recipe

START = parse("8-16-p10-16-20-t12-16-20-full")
TASK = Task("Try batch norm.", START, Recipe(epochs=3), frozenset({Control.BATCH_NORM}))


def test_every_field_of_network_and_recipe_has_one_control() -> None:
    options = [name for names in OPTIONS.values() for name in names]
    assert sorted([*options, "layers"]) == sorted(field.name for field in fields(Spec))
    settings = [name for names in SETTINGS.values() for name in names]
    assert sorted(settings) == sorted(field.name for field in fields(Recipe))
    assert {*OPTIONS, *SETTINGS, Control.LAYERS, Control.FILTERS} == set(Control)


@pytest.mark.parametrize(
    ("network", "changes"),
    [
        ("8-16-p10-16-20-t12-16-20-full", set()),
        ("8-16-p10-16-20-t12-16-20-gap", {Control.HEAD}),
        ("8-16-p10-16-20-t12-16-20-full-bn", {Control.BATCH_NORM}),
        ("8-16-p10-16-20-t12-16-20-full-bn-nobias", {Control.BATCH_NORM}),
        ("8-16-p10-16-20-t12-16-20-full-drop0.1", {Control.DROPOUT}),
        ("8-16-p10-16-20-t12-16-20-full-gelu", {Control.ACTIVATION}),
        ("9-16-p10-16-20-t12-16-20-full", {Control.FILTERS}),
        ("8-16-p11-16-20-t12-16-20-full", {Control.FILTERS}),
        ("16-8-p10-16-20-t12-16-20-full", {Control.LAYERS}),  # moved
        ("8-16-p10-16-20-16-20-full", {Control.LAYERS}),  # one removed
        ("8-16-p10-16-20-t12-16-20-64-full", {Control.LAYERS}),  # one more
        ("8s-16-p10-16-20-t12-16-20-full", {Control.LAYERS}),
        ("8-16-p-16-20-t12-16-20-full", {Control.LAYERS}),
        ("8-16-p10-16-20-p12-16-gap", {Control.LAYERS, Control.HEAD}),
        ("8-16-p10-16-20-16-99-full", {Control.LAYERS, Control.FILTERS}),
    ],
)
def test_what_a_network_changes(network: str, changes: set[Control]) -> None:
    assert network_changes(START, parse(network)) == changes


def test_what_is_locked_is_named_with_what_to_use() -> None:
    bn = replace(START, batch_norm=True)
    assert problem(TASK, bn, Recipe(epochs=3)) == ""
    wrong = network_problem(TASK, replace(bn, dropout=0.1, conv_bias=False))
    assert wrong == f"The task locks dropout. Start from its own network, {START}."
    recipe = Recipe(epochs=9, train_size=64, optimizer=Optimizer.ADAM, patience=2)
    assert recipe_problem(TASK, recipe) == (
        "The task locks settings of the recipe. Train with optimizer SGD, epochs 3, train size all "
        "and patience off."
    )
    both = problem(TASK, replace(bn, dropout=0.1), recipe)
    assert "dropout" in both and "epochs 3" in both


def test_a_teachers_settings_mean_nothing_without_one() -> None:
    assert recipe_problem(TASK, Recipe(epochs=3, soft_label_weight=0.5)) == ""
    taught = Recipe(epochs=3, teacher="0" * 16, soft_label_weight=0.5)
    assert "teacher off" in recipe_problem(TASK, taught)


@pytest.mark.parametrize("control", Control)
def test_each_control_unlocks_what_it_names(control: Control) -> None:
    free = replace(TASK, controls=frozenset({control}))
    for preset in PRESETS:
        expected = network_changes(START, preset.spec) <= {control}
        assert (network_problem(free, preset.spec) == "") is expected
    assert free.allows == f"Change only {control.label}."


def test_a_task_without_locks_and_one_with_all() -> None:
    assert "whatever" in replace(TASK, controls=frozenset(Control)).allows
    assert "nothing" in replace(TASK, controls=frozenset()).allows
    assert problem(replace(TASK, controls=frozenset(Control)), PRESETS[5].spec, Recipe()) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"sentence": ""},
        {"sentence": "two\nlines"},
        {"max_parameters": 0},
        {"max_parameters": 10**9},
        {"min_accuracy": 0.0},
        {"min_accuracy": 1.1},
        {"min_accuracy": float("nan")},
        {"network": parse("8-p-p-p-p-p-p-full")},
    ],
)
def test_a_task_out_of_bounds_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(LabError):
        replace(TASK, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "damage",
    [
        {"sentence": 3},
        {"network": "nonsense"},
        {"network": None},
        {"recipe": {"epochs": 0}},
        {"recipe": []},
        {"controls": ["gravity"]},
        {"controls": 3},
        {"max_parameters": "many"},
        {"max_parameters": True},
        {"min_accuracy": [1]},
    ],
)
def test_a_damaged_task_is_none(damage: dict[str, object]) -> None:
    values = json.loads(task_to_json(TASK))
    assert task_from_json(json.dumps(values)) == TASK
    assert task_from_json(json.dumps(values | damage)) is None


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "[" * 100_000, "no JSON"])
def test_what_is_no_task_is_none(text: str) -> None:
    assert task_from_json(text) is None


def test_a_sentence_has_visible_characters_on_one_line() -> None:
    assert one_sentence(" a\n\tb\N{RIGHT-TO-LEFT OVERRIDE}c\0 ") == "a b c"
    assert len(one_sentence("x" * 999)) == 200


def test_the_lessons_start_within_the_rules_and_have_something_to_do() -> None:
    assert len({lesson.name for lesson in LESSONS}) == len(LESSONS) == 4
    for lesson in LESSONS:
        task = lesson.task
        assert problem(task, task.network, task.recipe) == ""
        assert task.recipe.epochs <= Rules().max_epochs and task.controls and task.locked
        assert task_from_json(task_to_json(task)) == task
        assert find_lesson(lesson.name) is lesson
    assert find_lesson("5") is None
    # The third and fourth lead to the article's own networks.
    assert network_problem(LESSONS[2].task, get_preset("target-3").spec) == ""
    assert network_problem(LESSONS[3].task, get_preset("target-4").spec) == ""
