"""A checkpoint's prediction for a drawing: the digit, ten probabilities, and its confidence."""

import streamlit as st

from mnistlab.drawing.prediction import CONFIDENT_FROM, Prediction, Verdict
from mnistlab.markup import Markup
from mnistlab.text import percent, probability
from mnistlab.ui.common import html


def about_confidence() -> str:
    """How to take a confidence, in Markdown; the thresholds are those that the code applies."""
    return f"""
- **Temperature scaling**: logits are divided by a temperature, such that 90% confidence means
  about 90% accuracy on validation images, half of them drawn again with this page's pen.
- **Uncertain**: below {CONFIDENT_FROM:.0%} the two likeliest digits are shown. At and above it,
  99.5–99.9% of drawn digits are correct, and 91% of them are there.
- **Not a digit**: a detector on the network's own feature maps has learned from digits and from
  made-up drawings (the out-of-distribution score). It rejects 0.7% of drawn digits, 95% of
  scribbles, every triangle, 97% of pairs of digits and 83% of letters and symbols. Those that
  resemble digits pass: most a, d and question marks.
- **Among the ten digits**: the network knows no letters. It divides 100% among ten digits whatever
  is drawn.
- **Uncalibrated**: no temperature is fitted until a run ends. With the *All data* protocol it is
  fitted on training images, which leaves the network slightly overconfident.

Measured for the pretrained *Sketch* (`benchmarks/nonsense.py`, `benchmarks/strokes.py`).
"""


def describe(prediction: Prediction | None, n_digits: int = 1) -> tuple[str, str]:
    """The large text (a digit or "?"), and the line next to it.

    `n_digits` is how many digits the drawing is segmented into, which is classified as one.
    """
    if prediction is None:
        return "?", "Nothing to classify yet."
    first, second = prediction.order[:2]
    uncalibrated = "" if prediction.calibrated else ", uncalibrated"
    match prediction.verdict:
        case Verdict.NOT_A_DIGIT if n_digits > 1:
            return "?", f"This looks like {n_digits} digits, not one."
        case Verdict.NOT_A_DIGIT:
            return "?", f"This doesn't look like a digit. Closest: {first}."
        case Verdict.UNCERTAIN:
            candidates = " or ".join(
                f"{digit} ({percent(prediction.probabilities[digit], 0)})"
                for digit in (first, second)
            )
            return str(first), f"Uncertain: {candidates}{uncalibrated}"
    return str(
        first
    ), f"{probability(prediction.confidence)} confidence among the ten digits{uncalibrated}"


def body(prediction: Prediction | None, true_label: int | None = None, n_digits: int = 1) -> Markup:
    """The prediction and its ten bars; `true_label` is the correct digit, if it is known."""
    large, small = describe(prediction, n_digits)
    if prediction is not None and true_label is not None:
        verdict = "correct" if prediction.digit == true_label else "misclassified"
        small += f" · True label: {true_label} ({verdict})"
    probabilities = prediction.probabilities if prediction else None
    # Probabilities of ten digits mean nothing for an input that is none of them.
    muted = prediction is not None and prediction.verdict is Verdict.NOT_A_DIGIT
    return html.answer(large, small) + html.bars(probabilities, muted)


def explain_confidence() -> None:
    """A popover about temperature scaling and the OOD score."""
    with st.popover("About confidence", icon=":material/help:"):
        st.markdown(about_confidence())
