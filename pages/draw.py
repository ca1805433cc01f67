"""Draw: a digit drawn, photographed or taken from MNIST; what it is read as, and why."""

import streamlit as st

from mnistlab.drawing.digit import DigitError
from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.ui.common import checkpoints, html, page, plot
from mnistlab.ui.draw import (
    canvas,
    compare,
    drawing_input,
    explain,
    prediction,
    preprocessing,
    save_label,
)

LOOKS = {
    "Evidence": "Which pixels speak for and against each digit.",
    "Feature maps": "What each layer makes of the drawing, and what one of its units sees.",
    "Nearest digits": "The training digits that the network finds most like it.",
    "Other checkpoints": "Several checkpoints side by side.",
    "Its epochs": "When the chosen run learned to read this drawing.",
}

entered = page.setup("Draw", "Draw a digit")
found = checkpoints.find(home())
for problem in found.errors:
    st.warning(problem, icon=":material/warning:")
if not found.choices:
    st.html(html.empty("No checkpoint can be read. Train a network; its best epoch then answers."))
    st.stop()

# Fixed widths that wrap: a canvas that is squeezed cannot be drawn on.
with st.container(horizontal=True, gap="medium"):
    canvas_column = st.container(width=canvas.SIDE + 10)
    answer_column = st.container(width=390)
    path_column = st.container(width=230)

with canvas_column:
    shown = drawing_input.show(entered)
drawing = shown.drawing
with answer_column:
    chosen = st.selectbox(
        "Who answers",
        found.choices,
        format_func=lambda key: str(found.choices[key]),
        key="reader",
        persist_state="session",
        help="The one that was trained for drawings is first, then the most accurate. Optimistic: "
        "its epoch was chosen on the very images that the figure is read from.",
    )
    place = st.empty()
    label = st.container()
    prediction.explain()
choice = found.choices[chosen]

with path_column:
    st.markdown("**What the network gets**")
    strip = st.container()
    steps, several = preprocessing.choose(bool(drawing.strokes))
digit = reading = None
try:
    digit = drawing.digit(steps)
    # Loaded before the first stroke too, so that the first stroke need not wait for it.
    reader = checkpoints.classifier(choice)
    reading = reader.predict(digit, several) if digit else None
    place.html(prediction.body(reading, shown.truth))
    # After the answer, which nothing shall keep waiting.
    with strip:
        preprocessing.show(drawing, digit, steps, several)
except DigitError as error:
    place.error(str(error), icon=":material/error:")
except LabError as error:
    place.error(f"{error} Choose another checkpoint above.", icon=":material/error:")

if shown.drawn:
    with label:
        save_label.show(drawing.strokes, reading.digit if reading else None)
        st.page_link(
            "pages/handwriting.py", label="All that were kept, scored", icon=":material/grading:"
        )

look = st.segmented_control(
    "Look inside", list(LOOKS), key="look", persist_state="session", label_visibility="collapsed"
)
if look:
    st.html(html.caption(LOOKS[look]))
if look and digit is None:
    st.html(html.empty("There is no digit to look at yet: draw one, or take a picture."))
elif look and digit is not None and reading is not None:
    try:
        match look:
            case "Evidence":
                explain.show_attribution(choice, digit, reading)
            case "Feature maps":
                explain.show_feature_maps(choice, digit)
            case "Nearest digits":
                explain.show_nearest(choice, digit)
            case "Other checkpoints":
                compare.compare_checkpoints(found.choices, digit, several, shown.truth)
            case "Its epochs":
                plot.load()
                compare.across_epochs(choice, digit, several, shown.truth)
    except LabError as error:
        st.error(str(error), icon=":material/error:")
