"""Runs with made-up epochs, for tests of pages, tables and reports."""

from collections.abc import Sequence

import numpy as np

from mnistlab.arch.spec import Spec
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.predictions import Predictions, save_predictions
from mnistlab.stats.score import Score
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.training.epoch import Epoch


def epoch(number: int, errors: int, train: float = 0.99, rate: float = 0.001) -> Epoch:
    return Epoch(number, 1 - train, train, errors / 5000, errors, 10_000, rate, 2.0, 5000.0)


def add_finished_run(
    store: Store,
    spec: Spec,
    recipe: Recipe,
    errors: Sequence[int],
    name: str = "finished",
    test: Score | None = None,
    wrong: Sequence[int] = (),
    train: float = 0.99,
) -> int:
    """A finished run with so many errors per epoch; `wrong` are misclassified test images."""
    run_id = store.add(name, spec, recipe)
    # Runs that wait before this one are paused.
    while (claimed := store.claim()) and claimed.id != run_id:
        store.finish(claimed.id, State.PAUSED, "")
    store.replace_epochs(run_id, [epoch(n, e, train) for n, e in enumerate(errors, 1)])
    if wrong:
        save_predictions(store.predictions_path(run_id), predictions_with_errors(wrong))
    store.finish(run_id, State.DONE, "", test)
    return run_id


def predictions_with_errors(wrong: Sequence[int], count: int = 1000) -> Predictions:
    labels = (np.arange(count) % 10).astype(np.uint8)
    predicted = labels.copy()
    predicted[list(wrong)] = (labels[list(wrong)] + 1) % 10
    return Predictions(labels, predicted, np.full(count, 0.9, np.float32))
