"""Draw: a digit on a canvas, what it is read as, and what the network saw of it."""

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.sketch.digit import digit_from_ink, ink_from_canvas
from mnistlab.training.score import percent
from mnistlab.ui import checkpoints, page, parts

SIDE = 280
get = st.session_state


def clear() -> None:
    """Put a new canvas in the old one's place."""
    get["canvas"] += 1
    get["drawing"] = get["restored"] = get["ink"] = None


if page.begin("Draw", "Draw a digit"):
    # A canvas forgets its strokes with its page; what it held is given to a new one, once, because
    # a canvas that is fed its own drawing starts over at every stroke.
    get["canvas"] = get.get("canvas", 0) + 1
    get["restored"] = get.get("drawing")

found = checkpoints.find(home())
for problem in found.errors:
    st.warning(problem, icon=":material/warning:")
if not found.choices:
    st.html(parts.empty("No checkpoint can be read. Train a network; its best epoch then answers."))
    st.stop()

# Fixed widths that wrap: a canvas that is squeezed cannot be drawn on.
with st.container(horizontal=True, gap="medium"):
    canvas_column = st.container(width=SIDE + 10)
    answer_column = st.container(width=420)
    seen_column = st.container(width=200)

with canvas_column:
    st.markdown("**Your drawing**, as large as you like")
    # The canvas' own tools hover above it.
    st.space("small")
    canvas = st_canvas(
        stroke_width=22,
        stroke_color="#000000",
        background_color="#ffffff",
        width=SIDE,
        height=SIDE,
        initial_drawing=get["restored"],
        return_image_data=True,
        key=f"canvas{get['canvas']}",
    )
    st.button("Clear", icon=":material/delete:", on_click=clear)
get["drawing"] = canvas.json_data or get["restored"]
# A restored canvas says nothing until its next stroke.
if canvas.image_data is not None:
    get["ink"] = ink_from_canvas(canvas.image_data)

with answer_column:
    chosen = st.selectbox(
        "Who answers",
        found.choices,
        format_func=lambda path: str(found.choices[path]),
        key="reader",
        persist_state="session",
        help="The most accurate checkpoint is first. Optimistic: its epoch was chosen on the very "
        "images that the figure is read from.",
    )
    answer = st.empty()
with seen_column:
    st.markdown("**What the network sees**")
    seen = st.empty()

digit = None if get.get("ink") is None else digit_from_ink(get["ink"])
if digit is None:
    answer.html(parts.answer(None, "Nothing is drawn yet.") + parts.bars(None))
    seen.html(parts.empty("Draw a digit in the white square."))
else:
    seen.html(
        parts.pixels(digit.pixels, "The drawing, 28 by 28 pixels")
        + parts.note(
            "Cropped, fitted into 20×20, its centre of mass moved to the middle of 28×28: as "
            "MNIST's own digits were made."
        )
    )
try:
    # Loaded before the first stroke too, so that the first stroke need not wait for it.
    reader = checkpoints.reader(found.choices[chosen])
    if digit is not None:
        reading = reader.read(digit)
        sure = percent(reading.probabilities[reading.digit], 1)
        answer.html(parts.answer(reading.digit, f"{sure} sure") + parts.bars(reading.probabilities))
except LabError as error:
    answer.error(f"{error} Choose another checkpoint above.", icon=":material/error:")
