"""Runs compared: their settings, their results, and the test images on which two disagree."""

from collections.abc import Sequence

import streamlit as st

from mnistlab.charts import results as charts
from mnistlab.errors import LabError
from mnistlab.experiments.differences import differences, source_names
from mnistlab.experiments.verdict import run_predictions, verdict
from mnistlab.home import Home
from mnistlab.stats.inference import significance
from mnistlab.stats.predictions import disagreement
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.text import duration, percent
from mnistlab.ui.common import html, plot
from mnistlab.ui.experiments.progress import show_processors
from mnistlab.ui.run import test_images

CURVES = (
    "On the validation images after each epoch. Click “train” in the legend to add a run's "
    "training accuracy. The loss is the mean cross-entropy."
)


def labels(runs: Sequence[Run]) -> list[str]:
    """Each run's number and name."""
    return [f"{run.id} · {run.name}" for run in runs]


def show_verdict(store: Store, runs: Sequence[Run]) -> None:
    """Which run is the most accurate, in one sentence."""
    st.html(html.verdict(verdict(store, runs)))


def show_curves(runs: Sequence[Run]) -> None:
    """Validation accuracy and loss of all runs, side by side."""
    key = "-".join(str(run.id) for run in runs)
    left, right = st.columns([3, 2])
    with left:
        plot.chart(charts.compared_accuracy(runs), f"accuracy{key}")
    with right:
        plot.chart(charts.compared_loss(runs), f"loss{key}")
    st.html(html.caption(CURVES))


def show_differences(store: Store, runs: Sequence[Run]) -> None:
    """The settings in which at least two of the runs differ."""
    st.header("Differences", anchor=False)
    found = differences(runs, source_names(store, runs))
    if rows := [(each.setting, *each.values) for each in found]:
        st.html(html.rows(rows, ["", *labels(runs)]))
    else:
        st.html(html.caption("Same network and recipe."))
    show_processors(store, runs)


def show_results(runs: Sequence[Run]) -> None:
    """What each run has reached, a column for each."""
    st.header("Results", anchor=False)
    results = [_results(run) for run in runs]
    rows = [(name, *(result[name] for result in results)) for name in results[0]]
    st.html(html.rows(rows, ["", *labels(runs)]))


def _results(run: Run) -> dict[str, str]:
    return {
        "state": run.state.value,
        "parameters": f"{run.parameters:,}",
        "validation (best epoch)": f"{run.best}, epoch {run.best_epoch}" if run.best else "–",
        "validation (last epoch)": percent(run.last.accuracy) if run.last else "–",
        "test": str(run.test or "–"),
        "epochs": f"{run.epochs_done} in {duration(run.seconds)}",
    }


def show_disagreements(home: Home, first: Run, second: Run) -> None:
    """The test images that only one of two runs classifies correctly, with McNemar's test."""
    try:
        predictions = [run_predictions(Store.of(home), run) for run in (first, second)]
        result = disagreement(*predictions)
    except LabError as error:
        st.html(html.empty(str(error)))
        return
    n_first, n_second = len(result.only_first_correct), len(result.only_second_correct)
    st.html(
        html.caption(
            f"Only run {first.id} correct: {n_first:,}; only run {second.id}: {n_second:,}. "
            f"McNemar's test: {significance(result.p_value)}. Other seeds may differ."
        )
    )
    for correct, wrong, wrong_predictions, indices in (
        (first, second, predictions[1], result.only_first_correct),
        (second, first, predictions[0], result.only_second_correct),
    ):
        st.markdown(
            f"**Only run {correct.id} is correct** :small[(run {wrong.id}'s prediction below)]"
        )
        key = f"only{correct.id}"
        test_images.show(home, wrong, wrong_predictions, indices, "No such images.", key)
