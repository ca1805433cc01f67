"""Draw: a digit on a canvas, what it is read as, and what the network saw of it."""

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.sketch.digit import DigitError
from mnistlab.training.score import percent
from mnistlab.ui import canvas, checkpoints, page, parts, path

entered = page.begin("Draw", "Draw a digit")
found = checkpoints.find(home())
for problem in found.errors:
    st.warning(problem, icon=":material/warning:")
if not found.choices:
    st.html(parts.empty("No checkpoint can be read. Train a network; its best epoch then answers."))
    st.stop()

# Fixed widths that wrap: a canvas that is squeezed cannot be drawn on.
with st.container(horizontal=True, gap="medium"):
    canvas_column = st.container(width=canvas.SIDE + 10)
    answer_column = st.container(width=390)
    path_column = st.container(width=230)

with canvas_column:
    st.markdown("**Your drawing**, as large as you like")
    drawing = canvas.show(entered)
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
    answer = st.empty()

with path_column:
    st.markdown("**What the network gets**")
    strip = st.container()
    steps = path.choose(bool(drawing.strokes))
try:
    digit = drawing.digit(steps)
    with strip:
        path.show(drawing, digit, steps)
    # Loaded before the first stroke too, so that the first stroke need not wait for it.
    reader = checkpoints.reader(found.choices[chosen])
    if digit is None:
        answer.html(parts.answer(None, "Nothing is drawn yet.") + parts.bars(None))
    else:
        reading = reader.read(digit)
        sure = percent(reading.probabilities[reading.digit], 1)
        answer.html(parts.answer(reading.digit, f"{sure} sure") + parts.bars(reading.probabilities))
except DigitError as error:
    answer.error(str(error), icon=":material/error:")
except LabError as error:
    answer.error(f"{error} Choose another checkpoint above.", icon=":material/error:")
