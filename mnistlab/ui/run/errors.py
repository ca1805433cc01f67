"""A run's errors: its confusion matrix, its reliability diagram and the misclassified images."""

import streamlit as st

from mnistlab.charts import results as charts
from mnistlab.errors import LabError
from mnistlab.experiments.verdict import run_predictions
from mnistlab.home import Home
from mnistlab.stats.predictions import Predictions, calibration_bins, calibration_error
from mnistlab.stats.selective import risk_coverage
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.text import percent, quantity
from mnistlab.ui.common import html, plot
from mnistlab.ui.run import run_details, test_images

MAX_RISK = 0.001
"""Of the predictions that are answered, in the caption of their curve."""
CONFUSION = (
    "Off the diagonal: errors, the redder the more. Click a cell to see its images below; on the "
    "diagonal, the least confident first."
)


def show(home: Home, run: Run) -> None:
    """Confusion matrix, reliability diagram, each digit's accuracy, the misclassified images."""
    try:
        predictions = run_predictions(Store.of(home), run)
    except LabError as error:
        st.html(html.empty(str(error)))
        return
    key = f"cell{run.id}"
    st.html(html.caption(f"The saved checkpoint on MNIST's test images: {predictions.score}."))
    left, right = st.columns(2)
    with left:
        if cell := plot.chart(charts.confusion(predictions.confusion()), f"confusion{run.id}"):
            st.session_state[key] = (int(cell[0]), int(cell[1]))
        st.html(html.caption(CONFUSION))
    with right:
        plot.chart(charts.calibration(calibration_bins(predictions)), f"calibration{run.id}")
        st.html(
            html.caption(
                f"Expected calibration error: {percent(calibration_error(predictions))}. Below the "
                "diagonal: overconfident. Bars: 95% CI."
            )
        )
    _show_coverage(run, predictions)
    st.html(run_details.accuracies(predictions))
    if cell := st.session_state.get(key):
        _show_cell(home, run, predictions, *cell)
    else:
        st.header("Misclassified, most confident first", anchor=False)
        indices = predictions.errors_by_confidence()
        test_images.show(home, run, predictions, indices, "No misclassified images.", "errors")


def _show_cell(home: Home, run: Run, predictions: Predictions, label: int, digit: int) -> None:
    """The images of one cell of the confusion matrix, and a button that shows all errors again."""
    indices = predictions.in_cell(label, digit)
    with st.container(horizontal=True, vertical_alignment="center"):
        text = f"{label} predicted as {digit}: {quantity(len(indices), 'image')}"
        st.header(text, anchor=False, width="content")
        st.button(
            "Show all errors",
            icon=":material/close:",
            on_click=lambda: st.session_state.pop(f"cell{run.id}", None),
        )
    test_images.show(home, run, predictions, indices, "No such images.", "errors")


def _show_coverage(run: Run, predictions: Predictions) -> None:
    """How much more accurate the predictions are that the network is confident of."""
    curve = risk_coverage(predictions.confidence, predictions.is_wrong)
    plot.chart(charts.accuracy_by_coverage([("this network", curve)]), f"coverage{run.id}")
    st.html(
        html.caption(
            f"Answering only when confident enough: {percent(1 - MAX_RISK, 1)} are correct at "
            f"{percent(curve.coverage_at(MAX_RISK), 1)} coverage."
        )
    )
