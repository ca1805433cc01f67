"""The train page's recipe: help texts hold the code's values, choices reach the run."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.arch.spec import parse
from mnistlab.data.options import Augmentation, Split
from mnistlab.store.store import Store
from mnistlab.training import schedules
from mnistlab.training.recipe import Optimizer, Recipe
from mnistlab.training.schedules import Schedule
from mnistlab.ui.train.recipe import normalization
from mnistlab.worker import processes
from tests.ui.app_test import run


@pytest.fixture(autouse=True)
def lab(lab: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    return lab


def open_train_page() -> AppTest:
    return run("pages/train.py")


def captions(at: AppTest) -> list[str]:
    return [caption.value for caption in at.caption]


def select(at: AppTest, label: str, choice: object) -> None:
    next(box for box in at.selectbox if box.label == label).set_value(choice).run()
    assert not at.exception, at.exception


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
    at.number_input(key="train_norm_batch").set_value(16).run()
    next(button for button in at.button if button.label == "Start training").click().run()
    (run,) = Store(lab / "runs").queue()
    assert run.recipe.augmentation is Augmentation.SHIFT
    assert run.recipe.schedule is Schedule.STEP and run.recipe.optimizer is Optimizer.ADAM
    assert (run.recipe.train_size, run.recipe.norm_batch_size) == (2_560, 16)
    assert run.recipe.split is Split.HOLDOUT


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
