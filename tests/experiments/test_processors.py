"""The sentence about unlike processors, from what the runs' own records say."""

from pathlib import Path

import pytest

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.experiments.processors import unlike_processors
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.store import Store
from mnistlab.training import record as module
from mnistlab.training.checkpoint import save_checkpoint
from mnistlab.training.record import (
    TrainingRecord,
    processors_after,
    read_environment,
    read_record,
)
from tests.store.example_runs import add_finished_run, epoch

SPEC, RECIPE = parse("4-p4-8-p8-gap-bn"), Recipe(epochs=1)


def trained_on(store: Store, **environment: str) -> int:
    """A run whose record says this of its machine."""
    run = add_finished_run(store, SPEC, RECIPE, [90])
    record = TrainingRecord("", SPEC, RECIPE, (epoch(1, 90),), 1, environment=environment)
    save_checkpoint(store.best_checkpoint_path(run), build(SPEC, 0), record)
    return run


def test_only_unlike_processors_are_worth_a_sentence(tmp_path: Path) -> None:
    store = Store(tmp_path)
    # The last two: of a time before processors were recorded, and without a complete epoch.
    ids = [trained_on(store, processor="A"), trained_on(store, processor="A"), trained_on(store)]
    ids.append(add_finished_run(store, SPEC, RECIPE, [90]))
    assert unlike_processors(store, []) == unlike_processors(store, store.runs(ids)) == ""
    ids.append(trained_on(store, processor="B & C"))
    sentence = unlike_processors(store, store.runs(ids))
    assert "unlike processors" in sentence and "A: 2 runs; B & C: 1 run." in sentence


def test_the_environment_alone_is_that_of_the_record(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = store.best_checkpoint_path(trained_on(store, processor="A", torch="2"))
    assert read_environment(path) == read_record(path).environment


def test_a_training_that_moved_names_each_processor_once() -> None:
    assert processors_after("", "A") == processors_after("A", "A") == "A"
    assert processors_after("A", "B") == processors_after("A, then B", "A") == "A, then B"


def test_the_processor_is_its_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "cpuinfo"
    monkeypatch.setattr(module, "Path", lambda _: info)
    assert module.processor(), "without Linux' file it is what Python knows"
    info.write_text("processor\t: 0\nmodel name\t: Zen: 5\nmodel name\t: Zen: 5\n")
    assert module.processor() == "Zen: 5"
