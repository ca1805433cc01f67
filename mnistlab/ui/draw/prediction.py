"""What a checkpoint answers to a drawing: the digit, the ten bars, and how sure it is."""

import streamlit as st

from mnistlab.drawing.prediction import Prediction, Verdict
from mnistlab.markup import Markup
from mnistlab.text import percent
from mnistlab.ui.common import html

TRUST = """
**How sure** is calibrated: the scores are divided by a temperature that was fitted on validation
digits, so that of the answers given with 90 % about nine in ten are right. Below 80 % both
candidates are named: 1 to 2 in 100 drawings, about half of them misread. For drawings it is a
little too sure of itself, as they differ from MNIST's digits.

**Not a digit** is what lies farther from training digits than all but 0.5 % of the validation
digits, by what each layer's maps see. So about one MNIST digit in 200 is given up, and 2 in 100 of
people's drawings; of scribbles and of pairs of digits some 84 in 100 are noticed, of triangles 8.

Without a fitted temperature an answer says *not calibrated*: a run's, until it has ended. Under the
split *all* the digits that it is fitted on were trained on, so it is a little too sure.

The figures are the shipped *sketch*'s, by `python benchmarks/nonsense.py` and
`benchmarks/strokes.py`.
"""


def words(prediction: Prediction | None) -> tuple[str, str]:
    """What stands in large, and what in small beside it."""
    if prediction is None:
        return "?", "Nothing is drawn yet."
    first, second = prediction.order[:2]
    loose = "" if prediction.calibrated else ", not calibrated"
    match prediction.verdict:
        case Verdict.NOT_A_DIGIT:
            return "?", f"This doesn't look like a digit. If it is one: {first}."
        case Verdict.UNCERTAIN:
            generators = (percent(prediction.probabilities[digit], 0) for digit in (first, second))
            one, two = generators
            return str(first), f"Not sure: {first} ({one}) or {second} ({two}){loose}"
    # Nothing is certain, however many nines there are.
    confidence = (
        percent(prediction.confidence, 1) if prediction.confidence < 0.999 else "Over 99.9%"
    )
    return str(first), f"{confidence} sure{loose}"


def body(prediction: Prediction | None, true_label: int | None = None) -> Markup:
    """The answer and its ten bars, as HTML; `truth` is the digit that it is, if that is known."""
    large, small = words(prediction)
    if prediction is not None and true_label is not None:
        small += (
            f" · it is a {true_label}: {'right' if prediction.digit == true_label else 'misread'}"
        )
    probabilities = prediction.probabilities if prediction else None
    return html.answer(large, small) + html.bars(probabilities)


def explain() -> None:
    """How the two words are to be taken."""
    with st.popover("How far to trust this", icon=":material/help:"):
        st.markdown(TRUST)
