"""Other checkpoints' answers to the same drawing: side by side, and along a run's epochs."""

from collections.abc import Mapping

import streamlit as st

from mnistlab.charts.probability_by_epoch import probability_by_epoch
from mnistlab.drawing.digit import PreparedDigit
from mnistlab.errors import LabError
from mnistlab.text import percent
from mnistlab.ui.common import checkpoints, html, page, plot
from mnistlab.ui.common.checkpoints import CheckpointChoice
from mnistlab.ui.draw.prediction import body

MOST = 6
EPOCHS = 60
"""Of a longer run, evenly spread, the first and the last among them."""


def compare_checkpoints(
    choices: Mapping[str, CheckpointChoice], digit: PreparedDigit, tta: bool, true_label: int | None
) -> None:
    """Up to six checkpoints and what each of them reads."""
    get = st.session_state
    get["rivals"] = [key for key in get.get("rivals", list(choices)[:3]) if key in choices]
    chosen = st.multiselect(
        "Checkpoints",
        choices,
        format_func=lambda key: str(choices[key]),
        key="rivals",
        max_selections=MOST,
        persist_state="session",
    )
    if not chosen:
        st.html(html.empty("Choose the checkpoints that shall answer."))
        return
    for first in range(0, len(chosen), 3):
        for key, column in zip(chosen[first : first + 3], st.columns(3), strict=False):
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
    """What the run's networks read after each epoch: when it learned this drawing."""
    paths = choice.epochs
    if not paths:
        st.html(
            html.empty(
                "No epochs were kept of this checkpoint. Choose a run of a small network above: "
                "every epoch's weights are kept where it trains."
            )
        )
        return
    if len(paths) > EPOCHS:
        paths = [paths[round(n * (len(paths) - 1) / (EPOCHS - 1))] for n in range(EPOCHS)]
    classifiers, damaged = {}, 0
    with st.spinner("Reading it with every epoch's network …"):
        for path in paths:
            try:
                classifiers[int(path.stem)] = checkpoints.epoch_classifier(choice, path)
            except LabError:
                damaged += 1
        predictions = [classifier.predict(digit, tta) for classifier in classifiers.values()]
    if damaged:
        page.show_warning(f"Epochs that cannot be read and are left out: {damaged}.")
    if not classifiers:
        return
    numbers = list(classifiers)
    plot.chart(probability_by_epoch(numbers, [r.probabilities for r in predictions]), "course")
    last = predictions[-1].digit
    wrong = [n for n, r in zip(numbers, predictions, strict=True) if r.digit != last]
    since = f"in every one after epoch {max(wrong)}" if wrong else "in every one"
    told = f"Of the {len(numbers)} epochs shown it reads {last} {since}"
    st.html(html.caption(told + ("." if true_label is None else f"; it is a {true_label}.")))
    if len(numbers) > 1:
        number = st.select_slider("Epoch", numbers, numbers[-1], key=f"epoch{choice.path}")
    else:
        number = numbers[0]
    accuracy = percent(classifiers[number].record.saved_epoch.validation_accuracy)
    st.html(body(predictions[numbers.index(number)], true_label))
    st.html(html.caption(f"Epoch {number}: {accuracy} of the validation digits."))
