"""The sentence that a comparison begins with."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.arch.spec import parse
from mnistlab.data.options import Split
from mnistlab.experiments.verdict import verdict
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import Request
from mnistlab.store.store import Store
from tests.store.example_runs import add_finished_run, epoch

SPEC, RECIPE = parse("4-gap"), Recipe(epochs=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def add(store: Store, n_errors: int, first: int = 0, name: str = "run") -> int:
    """A finished run that misclassifies consecutive ones of 1,000 test images."""
    wrong = range(first, first + n_errors)
    return add_finished_run(store, SPEC, RECIPE, [100], name, wrong=wrong)


def verdict_of(store: Store, *run_ids: int) -> str:
    return verdict(store, store.runs(run_ids))


def test_a_significant_difference_names_the_better_run_and_the_margin(store: Store) -> None:
    text = verdict_of(store, add(store, 40, name="worse"), add(store, 10, name="better"))
    assert text.startswith("Run 2 “better” is better than run 1 “worse” by 3.00 pp (95% CI +")
    assert "significant (p <" in text or "significant (p =" in text
    assert "not significant" not in text


def test_an_insignificant_difference_is_not_called_better(store: Store) -> None:
    text = verdict_of(store, add(store, 10), add(store, 12, first=5))
    assert text.startswith("Run 1") and "0.20 pp" in text
    assert "better" not in text and "not significant" in text


def test_of_several_runs_the_best_is_compared_with_the_next(store: Store) -> None:
    text = verdict_of(store, add(store, 40), add(store, 10), add(store, 20))
    assert text.startswith("Run 2") and "run 3" in text and "run 1" not in text


def test_equal_runs(store: Store) -> None:
    text = verdict_of(store, add(store, 10), add(store, 10, first=50))
    assert "equally accurate" in text and "99.00%" in text


def test_the_run_without_predictions_is_named_with_its_state(store: Store) -> None:
    finished = add(store, 10)
    waiting = store.add("waits", SPEC, RECIPE)
    assert "Run 2 has no test predictions: it is queued." in verdict_of(store, finished, waiting)
    store.request(waiting, Request.STOP)
    text = verdict_of(store, finished, waiting, add(store, 20))
    assert text.startswith("Run 1") and "Run 2 has no test predictions: it is stopped." in text


def test_without_predictions_validation_decides_but_nothing_is_significant(store: Store) -> None:
    for errors in (200, 100):
        add_finished_run(store, SPEC, RECIPE, [errors])
    text = verdict_of(store, 1, 2)
    assert text.startswith("Run 2") and "1.00 pp" in text and "significance unknown" in text
    assert "Run 1 has no" in text and "Run 2 has no" in text


def test_before_the_first_epoch_there_is_no_verdict(store: Store) -> None:
    ids = [store.add("waits", SPEC, RECIPE) for _ in range(2)]
    assert verdict_of(store, *ids).startswith("No verdict yet")


def test_damaged_predictions_are_named(store: Store) -> None:
    ids = [add(store, 10), add(store, 20), add(store, 30)]
    store.predictions_path(2).write_bytes(b"damaged")
    text = verdict_of(store, *ids)
    assert text.startswith("Run 1") and "Run 2 has no usable" in text and "damaged" in text


def test_different_protocols_are_not_compared_by_validation(store: Store) -> None:
    add_finished_run(store, SPEC, RECIPE, [100])
    run_id = store.add("other", SPEC, replace(RECIPE, split=Split.ARTICLE))
    assert store.claim()
    store.replace_epochs(run_id, [epoch(1, 50)])
    assert verdict_of(store, 1, run_id).startswith("No verdict yet")


def test_a_run_that_was_selected_on_these_images_is_said_to_be_optimistic(store: Store) -> None:
    article = replace(RECIPE, split=Split.ARTICLE)
    optimistic = add_finished_run(store, SPEC, article, [100], wrong=range(10))
    honest = add(store, 20)
    text = verdict_of(store, honest, optimistic)
    assert f"Run {optimistic}'s epoch was selected on these images" in text
    assert text.count("optimistic") == 1
