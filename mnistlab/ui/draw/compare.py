"""Predictions for the same drawing: by several checkpoints, and by one run across its epochs."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from mnistlab.charts.probability_by_epoch import probability_by_epoch
from mnistlab.drawing.digit import PreparedDigit
from mnistlab.drawing.prediction import Prediction
from mnistlab.errors import LabError
from mnistlab.text import percent
from mnistlab.ui.common import checkpoints, html, page, plot
from mnistlab.ui.common.checkpoints import CheckpointChoice, CheckpointList
from mnistlab.ui.common.stable_select import select_many
from mnistlab.ui.draw.prediction import body

if TYPE_CHECKING:
    from mnistlab.drawing.classifier import Classifier

COMPARED = "compared"
"""Where the session keeps the paths of the compared checkpoints."""
MAX_CHECKPOINTS = 6
MAX_EPOCHS = 60
"""A longer run shows this many, evenly spaced, with the first and the last."""


def compare_checkpoints(
    available: CheckpointList, digit: PreparedDigit | None, tta: bool, true_label: int | None
) -> None:
    """Up to six checkpoints and their predictions."""
    choices = available.choices
    selected = select_many(
        "Checkpoints", available.labels, COMPARED, [*choices][:3], most=MAX_CHECKPOINTS
    )
    if not selected:
        st.html(html.empty("Select checkpoints."))
        return
    if digit is None:
        st.html(html.empty("A digit is needed first: draw one, or take it from a photo."))
        return
    for first in range(0, len(selected), 3):
        for key, column in zip(selected[first : first + 3], st.columns(3), strict=False):
            with column, st.container(border=True):
                choice = choices[key]
                st.html(html.labeled(choice.name, choice.source))
                try:
                    prediction = checkpoints.classifier(choice).predict(digit, tta)
                except LabError as error:
                    page.show_error(error)
                    continue
                st.html(body(prediction, true_label))


def across_epochs(
    choice: CheckpointChoice, digit: PreparedDigit, tta: bool, true_label: int | None
) -> None:
    """The run's prediction after each epoch, which shows when it learned this drawing."""
    paths = choice.epochs
    if not paths:
        st.html(
            html.empty(
                "This checkpoint has no saved epochs. Select a run of a small network: runs "
                "save every epoch of those."
            )
        )
        return
    if len(paths) > MAX_EPOCHS:
        paths = [paths[round(n * (len(paths) - 1) / (MAX_EPOCHS - 1))] for n in range(MAX_EPOCHS)]
    with st.spinner("Predicting with every epoch's checkpoint…"):
        classifiers = _load_epochs(choice, paths)
        predictions = {n: one.predict(digit, tta) for n, one in classifiers.items()}
    if not predictions:
        return
    epochs = list(predictions)
    probabilities = [each.probabilities for each in predictions.values()]
    plot.chart(probability_by_epoch(epochs, probabilities), "probability_by_epoch")
    st.html(html.caption(_summary(predictions, true_label)))
    epoch = epochs[0]
    if len(epochs) > 1:
        epoch = st.select_slider("Epoch", epochs, epochs[-1], key=f"epoch{choice.path}")
    accuracy = percent(classifiers[epoch].record.saved_epoch.validation_accuracy)
    st.html(body(predictions[epoch], true_label))
    st.html(html.caption(f"Epoch {epoch}: validation accuracy {accuracy}."))


def _load_epochs(choice: CheckpointChoice, paths: list[Path]) -> "dict[int, Classifier]":
    """The checkpoints by epoch; a warning counts the unreadable ones."""
    classifiers, n_damaged = {}, 0
    for path in paths:
        try:
            classifiers[int(path.stem)] = checkpoints.epoch_classifier(choice, path)
        except LabError:
            n_damaged += 1
    if n_damaged:
        page.show_warning(
            f"Skipped {n_damaged} unreadable epoch checkpoint{'s' * (n_damaged > 1)}."
        )
    return classifiers


def _summary(predictions: Mapping[int, Prediction], true_label: int | None) -> str:
    """Since which epoch the prediction has been the last epoch's."""
    last = [*predictions.values()][-1].digit
    others = [epoch for epoch, each in predictions.items() if each.digit != last]
    since = f"in every shown epoch after {max(others)}" if others else "in every shown epoch"
    label = "" if true_label is None else f" True label: {true_label}."
    return f"Predicted digit: {last} {since} ({len(predictions)} shown).{label}"
