"""Which epoch's checkpoint is saved, and whether a run ends before its planned epochs."""

from collections.abc import Sequence

from mnistlab.data.options import Split
from mnistlab.recipe.recipe import Recipe
from mnistlab.text import percent
from mnistlab.training.epoch import Epoch, best


def selected_epoch(recipe: Recipe, epochs: Sequence[Epoch]) -> Epoch | None:
    """The epoch whose checkpoint is saved: the best, or the last where nothing is selected.

    `store.database.derived` says the same in SQL.
    """
    if recipe.split is Split.ALL:
        return epochs[-1] if epochs else None
    return best(epochs)


def early_stop_reason(recipe: Recipe, epochs: Sequence[Epoch]) -> str | None:
    """Why a run ends before its planned epochs, as a sentence; None if it goes on."""
    top = best(epochs)
    if top is None or len(epochs) >= recipe.epochs:
        return None
    if recipe.target_accuracy is not None and top.validation_accuracy >= recipe.target_accuracy:
        return (
            f"Reached the target accuracy of {percent(recipe.target_accuracy)} in epoch "
            f"{top.number}."
        )
    if recipe.patience is not None and len(epochs) - top.number >= recipe.patience:
        return f"Stopped early: no epoch was better than epoch {top.number}."
    return None
