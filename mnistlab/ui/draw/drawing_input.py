"""Where a drawing comes from: the canvas, a photo, or MNIST's test set."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from mnistlab.data.dataset import MNIST as MNIST_DATASET
from mnistlab.data.download import DataError
from mnistlab.data.idx import read_images, read_labels
from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.strokes import Stroke
from mnistlab.home import default_home
from mnistlab.ui.common import get_mnist, html, page
from mnistlab.ui.draw import canvas, paste
from mnistlab.ui.draw.canvas import Drawing
from mnistlab.uploads import PICTURE, megabytes

DRAW, PHOTO, MNIST = "Draw", "Photo", "MNIST"
FILE_TYPES = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif"]
"""HEIC, too, which is refused with what to do instead."""
SOURCES = {DRAW: ":material/draw:", PHOTO: ":material/photo_camera:", MNIST: ":material/casino:"}


@dataclass(frozen=True, eq=False)
class DrawingInput:
    """A drawing, its correct label if it is known, and what to save of it.

    `strokes`: the drawing's, or the center lines of a photo's ink; empty if there is nothing to
    save. `can_be_saved`: whether such a drawing is one of the user's own. `clear`: what an empty
    start takes on the server; the canvas clears itself.
    """

    drawing: Drawing
    true_label: int | None = None
    strokes: Sequence[Stroke] = ()
    can_be_saved: bool = False
    clear: Callable[[], None] | None = None


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
        drawing = canvas.show(new_page or source_changed)
        return DrawingInput(drawing, strokes=drawing.strokes, can_be_saved=True)
    return _photo() if source == PHOTO else _test_image()


def _photo() -> DrawingInput:
    state = st.session_state
    st.file_uploader(
        "Photo of one digit",
        FILE_TYPES,
        key=f"photo_file{state.get('photo_count', 0)}",
        max_upload_size=megabytes(PICTURE),
        on_change=_set_photo_from_file,
        help="Dark on light or light on dark. Crop it to a single digit.",
    )
    if content := paste.show("photo_paste"):
        _set_photo(content)
    if error := state.get("photo_error"):
        page.show_error(error)
        st.button("Remove", icon=":material/delete:", on_click=_remove_photo)
        return EMPTY
    if not state.get("photo"):
        st.html(html.empty("Choose or paste a photo of a digit."))
        return EMPTY
    ink, framed, is_truncated, lines = state["photo"]
    st.html(html.photo(framed, "The photo, with a frame around the digit that was found"))
    if is_truncated:
        page.show_warning("The end of this JPEG is missing. Shown: what there is.")
    st.button("Remove", icon=":material/delete:", on_click=_remove_photo)
    return DrawingInput(Drawing([], ink), strokes=lines, can_be_saved=True, clear=_remove_photo)


def _set_photo_from_file() -> None:
    state = st.session_state
    file = state[f"photo_file{state.get('photo_count', 0)}"]
    _set_photo(None if file is None else file.getvalue())


def _set_photo(content: bytes | None) -> None:
    """Find the ink once, not on every rerun of the page."""
    # Importing scipy takes a quarter of a second, which drawing does not need.
    from mnistlab.drawing.photo.center_lines import center_lines
    from mnistlab.drawing.photo.photo import read_photo

    state = st.session_state
    state["photo"] = state["photo_error"] = None
    if content is None:
        return
    try:
        photo = read_photo(content)
    except DigitError as error:
        state["photo_error"] = str(error)
        return
    # Plain values: a session outlives a reload of the code, but its classes do not.
    state["photo"] = photo.ink, photo.framed(), photo.is_truncated, center_lines(photo.ink)


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
