"""Which of several runs is the most accurate, by how much, and whether that is significant."""

from collections.abc import Sequence

from mnistlab.data.options import Split
from mnistlab.errors import CheckpointError
from mnistlab.stats.difference import AccuracyDifference, paired_images
from mnistlab.stats.predictions import Predictions, disagreement, load_predictions
from mnistlab.store.run import Run, RunSummary, State
from mnistlab.store.store import Store
from mnistlab.text import percent, percentage_points, percentage_points_range


def run_predictions(store: Store, run: RunSummary) -> Predictions:
    """A run's test predictions. Raises CheckpointError, which names the run and the reason."""
    path = store.predictions_path(run.id)
    if path.is_file():
        try:
            return load_predictions(path)
        except CheckpointError as error:
            raise CheckpointError(f"Run {run.id} has no usable test predictions: {error}") from None
    reason = "the file is missing" if run.state is State.DONE else f"it is {run.state}"
    raise CheckpointError(f"Run {run.id} has no test predictions: {reason}.")


def verdict(store: Store, runs: Sequence[Run]) -> str:
    """The best run against the next one, in one sentence, and which runs could not be compared.

    By the predictions of the test images, with McNemar's test; if fewer than two runs have them, by
    the best validation accuracies.
    """
    predictions, problems = {}, []
    for run in runs:
        try:
            predictions[run.id] = run_predictions(store, run)
        except CheckpointError as error:
            problems.append(str(error))
    with_predictions = [run for run in runs if run.id in predictions]
    if len(with_predictions) < 2:
        return " ".join([_by_validation(runs), *problems])
    ranked = sorted(with_predictions, key=lambda run: predictions[run.id].score.errors)
    first, second = ranked[:2]
    try:
        difference = image_difference(predictions[second.id], predictions[first.id])
    except CheckpointError as error:
        return " ".join([f"No comparison on test images: {error}", *problems])
    sentence = _by_test_images(first, second, difference, predictions[first.id])
    return " ".join([sentence, *_optimistic(first, second), *problems])


def image_difference(before: Predictions, after: Predictions) -> AccuracyDifference:
    """after − before on the same images, with McNemar's p-value.

    Raises CheckpointError if the images differ.
    """
    result = disagreement(before, after)
    only_before, only_after = len(result.only_first_correct), len(result.only_second_correct)
    return paired_images(only_before, only_after, len(before.labels), result.p_value)


def _by_test_images(
    first: Run, second: Run, difference: AccuracyDifference, predictions: Predictions
) -> str:
    if not difference.difference:
        accuracy = percent(predictions.score.accuracy)
        return f"{_equal(first, second)} on the test images: {accuracy}."
    interval = difference.confidence_interval
    bounds = f" (95% CI {percentage_points_range(*interval)})" if interval else ""
    relation = "better than" if difference.significant else "ahead of"
    return (
        f"Run {_name(first)} is {relation} run {_name(second)} by "
        f"{_margin(difference.difference)}{bounds} on the test images; McNemar's test: "
        f"{difference.significance}."
    )


def _optimistic(*runs: Run) -> list[str]:
    """A sentence for each run whose epoch was selected on the test images."""
    return [
        f"Run {run.id}'s epoch was selected on these images, so its accuracy is optimistic."
        for run in runs
        if run.recipe.split is Split.ARTICLE
    ]


def _by_validation(runs: Sequence[Run]) -> str:
    scored = [(run.best, run) for run in runs if run.best]
    if len(scored) < 2 or len({(run.recipe.split, best.count) for best, run in scored}) > 1:
        return "No verdict yet: two runs with test predictions are needed."
    (best, first), (next_best, second) = sorted(scored, key=lambda pair: pair[0].errors)[:2]
    if best == next_best:
        return f"{_equal(first, second)} in validation so far: {percent(best.accuracy)}."
    margin = _margin(best.accuracy - next_best.accuracy)
    return (
        f"Run {_name(first)} is ahead of run {_name(second)} by {margin} in validation accuracy so "
        "far; significance unknown."
    )


def _equal(first: Run, second: Run) -> str:
    return f"Run {_name(first)} and run {_name(second)} are equally accurate"


def _margin(difference: float) -> str:
    return percentage_points(difference).lstrip("+")


def _name(run: Run) -> str:
    return f"{run.id} “{run.name}”"
