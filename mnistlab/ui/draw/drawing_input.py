"""Where a drawing comes from: the canvas, a photo, or MNIST's test set."""

import random
from dataclasses import dataclass

import streamlit as st

from mnistlab.data.dataset import MNIST as MNIST_DATASET
from mnistlab.data.download import DataError
from mnistlab.data.idx import read_images, read_labels
from mnistlab.drawing.digit import DigitError
from mnistlab.home import default_home
from mnistlab.ui.common import get_mnist, html, page
from mnistlab.ui.draw import canvas, paste
from mnistlab.ui.draw.canvas import Drawing
from mnistlab.uploads import PICTURE, megabytes

DRAW, PHOTO, MNIST = "Draw", "Photo", "MNIST"
SOURCES = {DRAW: ":material/draw:", PHOTO: ":material/photo_camera:", MNIST: ":material/casino:"}


@dataclass(frozen=True)
class DrawingInput:
    """A drawing, its correct label if it is known, and whether it was drawn on the canvas."""

    drawing: Drawing
    true_label: int | None = None
    from_canvas: bool = False


EMPTY = DrawingInput(Drawing([], None))


def show(new_page: bool) -> DrawingInput:
    """The control for the source, and the source; `new_page` as in `canvas.show`."""
    state = st.session_state
    source = st.segmented_control(
        "Source",
        SOURCES,
        default=DRAW,
        required=True,
        format_func=lambda name: f"{SOURCES[name]} {name}",
        key="source",
        label_visibility="collapsed",
        persist_state="session",
    )
    # A canvas also loses its strokes while another source is shown.
    source_changed = state.get("previous_source") != source
    state["previous_source"] = source
    if source == DRAW:
        return DrawingInput(canvas.show(new_page or source_changed), from_canvas=True)
    return _photo() if source == PHOTO else _test_image()


def _photo() -> DrawingInput:
    state = st.session_state
    st.file_uploader(
        "Photo of one digit",
        ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"],
        key=f"photo_file{state.get('photo_count', 0)}",
        max_upload_size=megabytes(PICTURE),
        on_change=_set_photo_from_file,
        help="Dark on light or light on dark. Crop it to a single digit.",
    )
    if content := paste.show("photo_paste"):
        _set_photo(content)
    ink = state.get("photo_ink")
    if error := state.get("photo_error"):
        page.show_error(error)
    elif ink is None:
        st.html(html.empty("Choose or paste a photo of a digit."))
        return EMPTY
    st.button("Remove", icon=":material/delete:", on_click=_remove_photo)
    return EMPTY if ink is None else DrawingInput(Drawing([], ink))


def _set_photo_from_file() -> None:
    state = st.session_state
    file = state[f"photo_file{state.get('photo_count', 0)}"]
    _set_photo(None if file is None else file.getvalue())


def _set_photo(content: bytes | None) -> None:
    """Find the ink once, not on every rerun of the page."""
    # Importing scipy takes a quarter of a second, which drawing does not need.
    from mnistlab.drawing.photo.ink import ink_from_photo

    state = st.session_state
    state["photo_ink"] = state["photo_error"] = None
    try:
        state["photo_ink"] = ink_from_photo(content) if content else None
    except DigitError as error:
        state["photo_error"] = str(error)


def _remove_photo() -> None:
    """Remove the photo, and empty the uploader by a new key."""
    st.session_state["photo_count"] = st.session_state.get("photo_count", 0) + 1
    _set_photo(None)


def _test_image() -> DrawingInput:
    state = st.session_state
    if "test_image" not in state:
        _random_image()
    number = state["test_image"]
    folder = default_home().data
    try:
        image = read_images(folder, "test", [number])[0]
        label = int(read_labels(folder, "test", [number])[0])
    except DataError as error:
        get_mnist.show("test-image", damage=get_mnist.damage(folder, error))
        return EMPTY
    st.html(html.card(image, f"Test image {number:,}: {label}", "MNIST test set"))
    st.button(
        "Random image",
        icon=":material/casino:",
        on_click=page.run_action,
        args=(_random_image,),
    )
    return DrawingInput(Drawing([], image), label)


def _random_image() -> None:
    st.session_state["test_image"] = random.randrange(MNIST_DATASET.n_test)
