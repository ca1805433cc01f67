"""Other checkpoints' answers to the same drawing: side by side, and along a run's epochs."""

from collections.abc import Mapping

import streamlit as st

from mnistlab.charts.course import course
from mnistlab.errors import LabError
from mnistlab.sketch.digit import Digit
from mnistlab.training.score import percent
from mnistlab.ui import answer, checkpoints, parts, plot
from mnistlab.ui.checkpoints import Choice

MOST = 6
EPOCHS = 60
"""Of a longer run, evenly spread, the first and the last among them."""


def side_by_side(
    choices: Mapping[str, Choice], digit: Digit, several: bool, truth: int | None
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
        st.html(parts.empty("Choose the checkpoints that shall answer."))
        return
    for first in range(0, len(chosen), 3):
        for key, column in zip(chosen[first : first + 3], st.columns(3), strict=False):
            with column, st.container(border=True):
                choice = choices[key]
                st.html(parts.labelled(choice.name, choice.source))
                try:
                    reading = checkpoints.reader(choice).read(digit, several)
                except LabError as error:
                    st.error(str(error), icon=":material/error:")
                    continue
                st.html(answer.body(reading, truth))


def epochs(choice: Choice, digit: Digit, several: bool, truth: int | None) -> None:
    """What the run's networks read after each epoch: when it learnt this drawing."""
    paths = choice.epochs
    if not paths:
        st.html(
            parts.empty(
                "No epochs were kept of this checkpoint. Choose a run of a small network above: "
                "every epoch's weights are kept where it trains."
            )
        )
        return
    if len(paths) > EPOCHS:
        paths = [paths[round(n * (len(paths) - 1) / (EPOCHS - 1))] for n in range(EPOCHS)]
    readers, damaged = {}, 0
    with st.spinner("Reading it with every epoch's network …"):
        for path in paths:
            try:
                readers[int(path.stem)] = checkpoints.epoch_reader(choice, path)
            except LabError:
                damaged += 1
        readings = [reader.read(digit, several) for reader in readers.values()]
    if damaged:
        st.warning(f"Epochs that cannot be read and are left out: {damaged}.")
    if not readers:
        return
    numbers = list(readers)
    plot.chart(course(numbers, [r.probabilities for r in readings]), "course")
    last = readings[-1].digit
    wrong = [n for n, r in zip(numbers, readings, strict=True) if r.digit != last]
    since = f"in every one after epoch {max(wrong)}" if wrong else "in every one"
    told = f"Of the {len(numbers)} epochs shown it reads {last} {since}"
    st.html(parts.note(told + ("." if truth is None else f"; it is a {truth}.")))
    if len(numbers) > 1:
        number = st.select_slider("Epoch", numbers, numbers[-1], key=f"epoch{choice.path}")
    else:
        number = numbers[0]
    accuracy = percent(readers[number].record.kept.validation_accuracy)
    st.html(answer.body(readings[numbers.index(number)], truth))
    st.html(parts.note(f"Epoch {number}: {accuracy} of the validation digits."))
