"""Draw: draw or photograph a digit or a number, or take a digit from MNIST; see its prediction and
explanations.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.strokes import Stroke
from mnistlab.errors import LabError
from mnistlab.ui.common import checkpoints, html, page
from mnistlab.ui.draw import (
    checkpoint,
    chosen_digit,
    compare,
    drawing_input,
    explain,
    number,
    prediction,
    preprocessing,
    save_label,
)
from mnistlab.ui.draw.live import element as live

MAPS, NEAREST = "Feature maps", "Nearest training images"
COMPARE, EPOCHS = "Compare checkpoints", "Across epochs"
EXPLANATIONS = {
    MAPS: "The output of each layer, and the receptive field of one of its units.",
    NEAREST: "The training images whose features are most similar.",
    COMPARE: "Predictions of several checkpoints.",
    EPOCHS: "The selected run's prediction after each epoch.",
}

new_page = page.setup("Draw", "Draw a digit")
available, comparison_linked = checkpoint.available()
if not available.choices:
    st.html(html.empty("No readable checkpoint. Train a network first."))
    st.page_link("pages/train.py", label="Train a network", icon=":material/play_arrow:")
    st.stop()
if comparison_linked:
    st.session_state["explanation"] = COMPARE

# style.css says what is beside what: a canvas in a narrower column could not be drawn on.
with st.container(key="draw_row"):
    canvas_column = st.container(key="draw_canvas")
    answer_column = st.container(key="draw_answer")
    label_column = st.container(key="draw_labels")
    steps_column = st.container(key="draw_steps")

with canvas_column:
    source = drawing_input.show(new_page)
drawing = source.drawing
with answer_column:
    choice = checkpoint.choose(available)
    # The answer while the pen is down covers the server's, as style.css says.
    with st.container(key="answers"):
        prediction_place, live_place = st.empty(), st.container()
    number_place, one_digit_place = st.container(), st.container()
    why = st.toggle(
        "Why?",
        key="why",
        bind="query-params",
        help="Attribution: which pixels support and oppose a digit.",
    )
    why_place = st.container()
    with st.container(horizontal=True):
        prediction.explain_confidence()
        checkpoint.take_home(choice)

with steps_column:
    st.markdown("**Preprocessing**")
    steps_place = st.container()
    options, tta = preprocessing.choose(bool(drawing.strokes))
digit = result = classifier = None
is_one = True
strokes: Sequence[Stroke] = ()
place_in_number = None


@contextmanager
def errors_shown() -> Iterator[None]:
    """Shows an error in the place of the prediction."""
    try:
        yield
    except LabError as error:
        drawing_input.show_photo(source)
        hint = "" if isinstance(error, DigitError) else " Choose another checkpoint above."
        with prediction_place:
            page.show_error(f"{error}{hint}")


with errors_shown():
    # One digit, or each of several in reading order, if it has any ink.
    with one_digit_place:
        found = number.one_or_several(source)
    pairs = [(each, each.digit(options)) for each in found]
    numbered = [(place, each, digit) for place, (each, digit) in enumerate(pairs) if digit]
    # What there is to save and to explain does not depend on the checkpoint.
    chosen = chosen_digit.place([each.segment for _, each, _ in numbered])
    if numbered:
        place, drawing, digit = numbered[chosen]
        strokes = source.strokes_of(place, drawing)
        place_in_number = number.place_in_number([each.segment for _, each, _ in numbered])
    # Loaded before there is a drawing, so that the first stroke does not wait for it.
    loaded = checkpoints.classifier(choice)
    results = loaded.predict_all([digit for _, _, digit in numbered], tta)
    result = results[chosen] if results else None
    is_one = len(numbered) < 2
    if not is_one:
        digits, segments = zip(*((d, one.segment) for _, one, d in numbered), strict=True)
        with number_place:
            number.show(digits, results, segments)
        number.show_boxes(source, segments, results)
    else:
        n_digits = number.n_taken_for_one(source)
        prediction_place.html(prediction.body(result, source.true_label, n_digits))
    classifier = loaded
with live_place:
    followed = classifier if source.is_drawn else None
    live.show(source.drawing, followed, tta, preprocessing.is_default(), is_one)
with errors_shown():
    # After the prediction, which should not wait for these images.
    with why_place:
        if why and digit is not None and result is not None:
            explain.show_attribution(choice, digit, result)
        elif why and classifier:
            st.html(html.empty("A digit is needed first: draw one, or take it from a photo."))
    with steps_place:
        if classifier:
            preprocessing.show(drawing, digit, options, tta)

if source.can_be_saved:
    with label_column:
        save_label.show(strokes, source.clear, place_in_number)
        st.page_link(
            "pages/handwriting.py", label="Handwriting test set", icon=":material/grading:"
        )

explanation = st.segmented_control(
    "Explanation",
    list(EXPLANATIONS),
    key="explanation",
    persist_state="session",
    label_visibility="collapsed",
)
if explanation:
    st.html(html.caption(EXPLANATIONS[explanation]))
if explanation == COMPARE:
    compare.compare_checkpoints(available, digit, tta, source.true_label)
elif explanation and digit is None:
    st.html(html.empty("A digit is needed first: draw one, or take it from a photo."))
elif explanation and digit is not None:
    try:
        if explanation == MAPS:
            explain.show_feature_maps(choice, digit)
        elif explanation == NEAREST:
            explain.show_nearest(choice, digit)
        elif explanation == EPOCHS:
            compare.across_epochs(choice, digit, tta, source.true_label)
    except LabError as error:
        page.show_error(error)
