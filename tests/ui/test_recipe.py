"""The recipe of the Train page: help texts hold the code's values, choices reach the run."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.arch.presets import get_preset
from mnistlab.arch.spec import parse
from mnistlab.data.options import Augmentation
from mnistlab.experiments.targets import TARGETS
from mnistlab.recipe import schedules
from mnistlab.recipe.defaults import default_recipe
from mnistlab.recipe.recipe import Optimizer, Recipe
from mnistlab.recipe.schedules import Schedule
from mnistlab.store.store import Store
from mnistlab.ui.train import choices
from mnistlab.ui.train.recipe import IS_OPEN, normalization
from tests.ui.app_test import ROOT, TIMEOUT, body, settled


def open_train_page(**query: str) -> AppTest:
    """The page with its settings unfolded."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
    at.switch_page("pages/train.py")
    at.session_state[IS_OPEN] = True
    for name, value in query.items():
        at.query_params[name] = value
    return settled(at)


def reload(at: AppTest) -> AppTest:
    """The page in a new session, at the same address."""
    names = ("net", "recipe")
    query = {name: at.query_params[name] for name in names if name in at.query_params}
    return open_train_page(**{name: "".join(value) for name, value in query.items()})


def captions(at: AppTest) -> list[str]:
    return [caption.value for caption in at.caption]


def select(at: AppTest, label: str, choice: object) -> None:
    next(box for box in at.selectbox if box.label == label).set_value(choice)
    settled(at)


def select_source(at: AppTest, source: str) -> None:
    at.button_group(key=choices.SOURCE).set_value(source)
    settled(at)


def set_number(at: AppTest, name: str, value: float) -> None:
    at.number_input(key=f"recipe_{name}").set_value(value)
    settled(at)


def number(at: AppTest, name: str) -> object:
    return at.number_input(key=f"recipe_{name}").value


def source(at: AppTest) -> str:
    return str(at.button_group(key=choices.SOURCE).value)


def start(at: AppTest) -> None:
    next(button for button in at.button if button.label == "Start training").click()
    settled(at)


def test_the_help_texts_contain_the_values_of_the_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ranges = replace(Augmentation.HANDWRITING.ranges, rotation=37, serifs=0.61)
    monkeypatch.setattr(Augmentation.HANDWRITING, "ranges", ranges)
    monkeypatch.setattr(schedules, "PLATEAU_PATIENCE", 11)
    at = open_train_page()
    select(at, "Augmentation", Augmentation.HANDWRITING)
    select(at, "Schedule", Schedule.PLATEAU)
    text = " ".join(captions(at))
    assert "±37°" in text and "61%" in text and "labels" in text
    assert "11 epochs" in text


def test_every_choice_has_its_label_and_reaches_the_run(lab: Path) -> None:
    at = open_train_page()
    for label, choice in (
        ("Augmentation", Augmentation.SHIFT),
        ("Schedule", Schedule.STEP),
        ("Optimizer", Optimizer.ADAM),
        ("Training images", 2_560),
    ):
        select(at, label, choice)
    boxes = {box.label: box.options for box in at.selectbox}
    assert boxes["Augmentation"] == [member.label for member in Augmentation]
    assert boxes["Schedule"] == [member.label for member in Schedule]
    set_number(at, "norm_batch_size", 16)
    start(at)
    (run,) = Store(lab / "runs").queue()
    assert run.recipe == replace(
        default_recipe(run.spec),
        augmentation=Augmentation.SHIFT,
        schedule=Schedule.STEP,
        optimizer=Optimizer.ADAM,
        train_size=2_560,
        norm_batch_size=16,
    )


def test_the_settings_are_folded_until_they_are_opened_and_the_recipe_is_in_one_line() -> None:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
    settled(at.switch_page("pages/train.py"))
    assert not at.number_input and "learning rate" in body(at)
    assert open_train_page().number_input(key="recipe_epochs").value


def test_our_recipe_follows_the_network_and_mine_stays() -> None:
    at = open_train_page()
    for name in ("target-4", "smallest"):
        select(at, "Network", name)
        assert source(at) == "ours"
        assert number(at, "epochs") == default_recipe(get_preset(name).spec).epochs
    set_number(at, "epochs", 7)
    assert source(at) == "mine"
    for name in ("target-1", "target-4"):
        select(at, "Network", name)
        assert source(at) == "mine" and number(at, "epochs") == 7
    select_source(at, "ours")
    assert number(at, "epochs") == default_recipe(get_preset("target-4").spec).epochs
    select_source(at, "mine")
    assert number(at, "epochs") == 7


def test_the_article_s_recipe_is_offered_for_its_networks_alone(lab: Path) -> None:
    at = open_train_page()
    for target in TARGETS:
        select(at, "Network", target.preset.name)
        select_source(at, "article")
        start(at)
    assert [run.recipe for run in Store(lab / "runs").queue()] == [t.full for t in TARGETS]
    select(at, "Network", "smallest")
    assert source(at) == "ours" and len(at.button_group(key=choices.SOURCE).options) == 2
    select(at, "Network", "target-2")
    assert source(at) == "article"


def test_mine_starts_as_the_recipe_that_was_shown() -> None:
    at = open_train_page(net="target-2")
    select_source(at, "article")
    select_source(at, "mine")
    assert number(at, "epochs") == TARGETS[1].full.epochs
    assert number(at, "learning_rate") == TARGETS[1].full.learning_rate


def test_network_and_recipe_are_in_the_address() -> None:
    at = open_train_page(net="target-2")
    assert "recipe" not in at.query_params
    set_number(at, "epochs", 7)
    set_number(at, "learning_rate", 0.05)
    set_number(at, "target_accuracy", 99.4)
    again = reload(at)
    assert source(again) == "mine" and "12,490" in body(again)
    for name in ("epochs", "learning_rate", "target_accuracy"):
        assert number(again, name) == number(at, name)
    select_source(at, "article")
    assert source(reload(at)) == "article"
    select_source(at, "ours")
    assert source(reload(at)) == "ours" and "recipe" not in at.query_params


def test_a_worksheet_s_link_sets_network_and_recipe(lab: Path) -> None:
    at = open_train_page(net="target-2", recipe="epochs=8,rate=0.05,images=6000")
    start(at)
    (run,) = Store(lab / "runs").queue()
    assert run.spec == get_preset("target-2").spec
    default = default_recipe(run.spec)
    assert run.recipe == replace(default, epochs=8, learning_rate=0.05, train_size=6_000)


@pytest.mark.parametrize(
    "query",
    [
        {"net": "nonsense"},
        {"net": "8-p-8-p-8-p-8-p-8"},
        {"net": "![x](http://example.org/x.png)"},
        {"recipe": "nonsense"},
        {"recipe": "epochs=0"},
        {"net": "smallest", "recipe": "article"},
    ],
)
def test_a_mistyped_address_is_an_error_and_starts_nothing(
    lab: Path, query: dict[str, str]
) -> None:
    at = open_train_page(**query)
    (error,) = at.error
    assert "![x]" not in error.value
    starts = [button for button in at.button if button.label.startswith("Start")]
    assert starts and all(button.disabled for button in starts)
    assert reload(at).error, "a reload says the same"
    at.button(key="ignore_address").click()
    settled(at)
    assert not at.error
    start(at)
    assert len(Store(lab / "runs").queue()) == 1


def test_another_choice_also_ends_a_mistyped_address() -> None:
    at = open_train_page(net="nonsense")
    select(at, "Network", "target-1")
    assert not at.error and "1,595,316" in body(at)
    assert not reload(at).error


def test_unknown_settings_are_named_and_the_others_count() -> None:
    at = open_train_page(recipe="epoch=8,rate=0.05")
    (warning,) = at.warning
    assert "epoch" in warning.value and not at.error
    assert number(at, "learning_rate") == 0.05
    assert not next(b for b in at.button if b.label == "Start training").disabled


def test_a_value_out_of_bounds_keeps_the_last_valid_recipe_in_the_address() -> None:
    at = open_train_page()
    set_number(at, "epochs", 7)
    before = at.query_params["recipe"]
    set_number(at, "epochs", 0)
    assert len(at.error) == 1 and number(at, "epochs") == 0
    assert number(reload(at), "epochs") == 7 and before


def test_another_dropout_rate_is_another_network() -> None:
    at = open_train_page(net="target-3")
    at.number_input(key="recipe_dropout").set_value(0.05)
    settled(at)
    assert at.selectbox(key=choices.NETWORK).value == "target-4" and source(at) == "ours"
    at.number_input(key="recipe_dropout").set_value(0.25)
    settled(at)
    assert "drop0.25" in str(at.selectbox(key=choices.NETWORK).value)
    select(at, "Network", "target-1")
    own = at.selectbox(key=choices.NETWORK).options[0]
    assert "drop0.25" in own, "the user's own network can be selected again"


@pytest.mark.parametrize(
    ("recipe", "numbers"),
    [
        (Recipe(batch_size=64), ("49,984", "2", "32")),
        (Recipe(batch_size=100, norm_batch_size=30), ("50,000", "3", "33", "34")),
        (
            Recipe(batch_size=4096, train_size=100),
            ("100", "4,096", "50"),
        ),
        (Recipe(batch_size=64, norm_batch_size=4096), ("1", "64")),
    ],
)
def test_an_epoch_and_batch_norm_are_described_as_they_are_trained(
    recipe: Recipe, numbers: tuple[str, ...]
) -> None:
    text = normalization(parse("8-gap-bn"), recipe)
    assert set(numbers) <= set(re.findall(r"\d[\d,]*", text))
    assert "norm" not in normalization(parse("8-gap"), recipe)
