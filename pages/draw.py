"""Draw: a digit on a canvas, as the network sees it, and what it reads."""

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
    get["canvas"] = get.get("canvas", 0) + 1
    get["drawing"] = get["kept_drawing"] = None


if page.begin("Draw", "Draw a digit"):
    # A canvas forgets its strokes with its page; what it held is given back to a new one, once,
    # because feeding a canvas its own drawing would make it start over at every stroke.
    get["canvas"] = get.get("canvas", 0) + 1
    get["kept_drawing"] = get.get("drawing")

available = checkpoints.choices(home())
if not available:
    st.html(parts.empty("No checkpoint is here. Train a network first; its best epoch reads then."))
    st.stop()

canvas_column, seen_column, answer_column = st.columns([4, 3, 5], gap="large")
with canvas_column:
    canvas = st_canvas(
        stroke_width=22,
        stroke_color="#1c2330",
        background_color="#ffffff",
        width=SIDE,
        height=SIDE,
        initial_drawing=get.get("kept_drawing"),
        return_image_data=True,
        key=f"canvas{get['canvas']}",
        label="Drawing area",
    )
    st.button("Clear", icon=":material/delete:", on_click=clear)
get["drawing"] = canvas.json_data or get.get("kept_drawing")

chosen = answer_column.selectbox(
    "Who answers", available, format_func=str, help="The most accurate checkpoint is first."
)
digit = None if canvas.image_data is None else digit_from_ink(ink_from_canvas(canvas.image_data))
reading = None
if digit is not None:
    try:
        reading = checkpoints.reader(chosen).read(digit)
    except LabError as error:
        st.error(str(error), icon=":material/error:")

with seen_column:
    st.markdown("**What the network sees**")
    if digit is None:
        st.html(parts.empty("Draw a digit in the white square, as large as you like."))
    else:
        st.html(parts.pixels(digit.pixels, "The drawing, 28 by 28 pixels"))
        st.html(
            parts.note(
                "Cropped, fitted into 20×20, its centre of mass moved to the middle of 28×28: "
                "as MNIST's own digits were made."
            )
        )
with answer_column:
    if reading is None:
        st.html(parts.answer(None, "Nothing drawn yet."))
        st.html(parts.bars(None))
    else:
        share = reading.probabilities[reading.digit]
        st.html(parts.answer(reading.digit, f"{percent(share, 1)} sure"))
        st.html(parts.bars(reading.probabilities))
