"""How much more accurate checkpoints are on the drawings that they are confident of."""

from collections.abc import Sequence

import streamlit as st

from mnistlab.charts.results import accuracy_by_coverage
from mnistlab.drawing.prediction import CONFIDENT_FROM
from mnistlab.handwriting.scoring import Scores
from mnistlab.text import percent
from mnistlab.ui.common import html, plot
from mnistlab.ui.common.checkpoints import CheckpointChoice

MAX_RISK = 0.005
"""Of the predictions that are answered, in the sentence below the curves."""


def show(columns: Sequence[tuple[CheckpointChoice, Scores]]) -> None:
    """The curve of each checkpoint, and where it is right often enough."""
    curves = [(choice.name, scores.coverage) for choice, scores in columns if scores.coverage]
    if not curves:
        return
    with st.expander("Coverage and accuracy", icon=":material/show_chart:"):
        plot.chart(accuracy_by_coverage(curves), "handwriting_coverage")
        sentences = (
            f"{name}: {percent(1 - MAX_RISK, 1)} are correct at "
            f"{percent(curve.coverage_at(MAX_RISK), 1)} coverage."
            for name, curve in curves
        )
        about = f"Draw calls a prediction uncertain below {percent(CONFIDENT_FROM, 0)} confidence."
        st.html(html.caption(" ".join((about, *sentences))))
