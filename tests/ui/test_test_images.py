"""The test images of one cell of the confusion matrix, and of a run without a checkpoint."""

from pathlib import Path

import pytest

from mnistlab.arch.spec import parse
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.store import Store
from mnistlab.ui.run import test_images
from tests.store.example_runs import add_finished_run, predictions_with_errors
from tests.ui.app_test import body, run, settled


@pytest.fixture(autouse=True)
def finished_run(lab: Path) -> int:
    store = Store(lab / "runs")
    return add_finished_run(store, parse("4-gap"), Recipe(epochs=1), [100], wrong=[3, 13, 4])


def test_errors_come_most_confident_first_and_correct_ones_least_confident_first() -> None:
    predictions = predictions_with_errors([3, 13, 4], 50)
    confidence = predictions.confidence
    confidence[[13, 23, 43]] = 0.99, 0.2, 0.5
    assert predictions.in_cell(3, 4).tolist() == [13, 3]
    assert predictions.in_cell(3, 3).tolist() == [23, 43, 33]
    assert not len(predictions.in_cell(1, 2))
    assert test_images.title(predictions, 13) == "3 predicted as 4"


def test_a_cell_is_shown_with_its_count_until_all_are_shown() -> None:
    at = run("pages/run.py", run="1", tab="Errors")
    at.session_state["cell1"] = (3, 4)
    settled(at)
    assert "3 predicted as 4: 2 images" in [each.value for each in at.header]
    next(each for each in at.button if each.label == "Show all errors").click().run()
    assert not any("predicted as" in each.value for each in at.header)


def test_without_mnist_the_figures_are_there_and_the_images_are_explained() -> None:
    text = body(run("pages/run.py", run="1", tab="Errors"))
    assert "3 errors" in text and "MNIST" in text
