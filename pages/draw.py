"""Draw: draw or photograph a digit, or take one from MNIST; see its prediction and explanations."""

import streamlit as st

from mnistlab.drawing.digit import DigitError
from mnistlab.errors import LabError
from mnistlab.home import default_home
from mnistlab.ui.common import checkpoints, html, page
from mnistlab.ui.draw import (
    canvas,
    compare,
    drawing_input,
    explain,
    prediction,
    preprocessing,
    save_label,
)

ATTRIBUTION, MAPS, NEAREST = "Attribution", "Feature maps", "Nearest training images"
COMPARE, EPOCHS = "Compare checkpoints", "Across epochs"
EXPLANATIONS = {
    ATTRIBUTION: "Which pixels support and oppose each digit.",
    MAPS: "The output of each layer, and the receptive field of one of its units.",
    NEAREST: "The training images whose features are most similar.",
    COMPARE: "Predictions of several checkpoints.",
    EPOCHS: "The selected run's prediction after each epoch.",
}

new_page = page.setup("Draw", "Draw a digit")
available = checkpoints.find(default_home())
for error_text in available.errors:
    page.show_warning(error_text)
if not available.choices:
    st.html(html.empty("No readable checkpoint. Train a network first."))
    st.page_link("pages/train.py", label="Train a network", icon=":material/play_arrow:")
    st.stop()

# Fixed widths that wrap: a canvas in a narrower column could not be drawn on.
with st.container(horizontal=True, gap="medium"):
    canvas_column = st.container(width=canvas.SIDE + 10)
    prediction_column = st.container(width=420)
    preprocessing_column = st.container(width=230)

with canvas_column:
    source = drawing_input.show(new_page)
drawing = source.drawing
with prediction_column:
    key = st.selectbox(
        "Checkpoint",
        available.choices,
        format_func=lambda key: str(available.choices[key]),
        key="checkpoint",
        persist_state="session",
        help="First the one trained for drawings, then the most accurate. “Optimistic”: the epoch "
        "was selected on the test images that measure its accuracy.",
    )
    prediction_place = st.empty()
    label_place = st.container()
    prediction.explain_confidence()
choice = available.choices[key]

with preprocessing_column:
    st.markdown("**Preprocessing**")
    steps_place = st.container()
    options, tta = preprocessing.choose(bool(drawing.strokes))
digit = result = None
try:
    digit = drawing.digit(options)
    # Loaded before there is a drawing, so that the first stroke does not wait for it.
    classifier = checkpoints.classifier(choice)
    result = classifier.predict(digit, tta) if digit else None
    prediction_place.html(prediction.body(result, source.true_label))
    # After the prediction, which should not wait for these images.
    with steps_place:
        preprocessing.show(drawing, digit, options, tta)
except DigitError as error:
    with prediction_place:
        page.show_error(error)
except LabError as error:
    with prediction_place:
        page.show_error(f"{error} Choose another checkpoint above.")

if source.from_canvas:
    with label_place:
        save_label.show(drawing.strokes, result.digit if result else None)
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
if explanation and digit is None:
    st.html(html.empty("Draw a digit or upload a photo first."))
elif explanation and digit is not None and result is not None:
    try:
        if explanation == ATTRIBUTION:
            explain.show_attribution(choice, digit, result)
        elif explanation == MAPS:
            explain.show_feature_maps(choice, digit)
        elif explanation == NEAREST:
            explain.show_nearest(choice, digit)
        elif explanation == COMPARE:
            compare.compare_checkpoints(available.choices, digit, tta, source.true_label)
        elif explanation == EPOCHS:
            compare.across_epochs(choice, digit, tta, source.true_label)
    except LabError as error:
        page.show_error(error)
