"""Where a drawing comes from: the canvas, a photo, or MNIST's test digits."""

import random
from dataclasses import dataclass

import streamlit as st

from mnistlab.data.dataset import MNIST as MNIST_DATASET
from mnistlab.data.download import DataError
from mnistlab.data.idx import read_images, read_labels
from mnistlab.drawing.digit import DigitError
from mnistlab.home import home
from mnistlab.ui.common import html, page
from mnistlab.ui.draw import canvas, paste
from mnistlab.ui.draw.canvas import Drawing
from mnistlab.uploads import PICTURE, megabytes

DRAW, PHOTO, MNIST = "Draw", "Photo", "MNIST"
SOURCES = {DRAW: ":material/draw:", PHOTO: ":material/photo_camera:", MNIST: ":material/casino:"}
TEST_DIGITS = MNIST_DATASET.n_test


@dataclass(frozen=True)
class Shown:
    """A drawing, what it truly is if that is known, and whether it is the visitor's own."""

    drawing: Drawing
    truth: int | None = None
    drawn: bool = False


NOTHING = Shown(Drawing([], None))


def show(entered: bool) -> Shown:
    """Let the visitor choose a way in, and show it; `entered` as in `canvas.show`."""
    get = st.session_state
    source = st.segmented_control(
        "Where from",
        SOURCES,
        default=DRAW,
        required=True,
        format_func=lambda name: f"{SOURCES[name]} {name}",
        key="source",
        label_visibility="collapsed",
        persist_state="session",
    )
    # A canvas that was away while something else was shown has forgotten its strokes too.
    back = get.get("source_before") != source
    get["source_before"] = source
    if source == DRAW:
        return Shown(canvas.show(entered or back), drawn=True)
    return _photo() if source == PHOTO else _test_digit()


def _photo() -> Shown:
    get = st.session_state
    st.file_uploader(
        "A photo of one digit",
        ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"],
        key=f"photo_file{get.get('photos', 0)}",
        max_upload_size=megabytes(PICTURE),
        on_change=_take_file,
        help="Dark on light or light on dark; cut it so that the digit is alone.",
    )
    if pasted := paste.show("photo_paste"):
        _take(pasted)
    ink = get.get("photo_ink")
    if refused := get.get("photo_refused"):
        page.show_error(refused)
    elif ink is None:
        st.html(html.empty("Choose a picture of a digit, or paste one."))
    if ink is None and not refused:
        return NOTHING
    st.button("Remove", icon=":material/delete:", on_click=_forget_photo)
    return NOTHING if ink is None else Shown(Drawing([], ink))


def _take_file() -> None:
    get = st.session_state
    file = get[f"photo_file{get.get('photos', 0)}"]
    if file is None:
        _take(None)
    else:
        _take(file.getvalue())


def _take(content: bytes | None) -> None:
    """Find the ink once: every control of the page runs its script again."""
    # scipy takes a quarter of a second to import, for which nobody who draws shall wait.
    from mnistlab.drawing.photo.ink import ink_from_photo

    get = st.session_state
    get["photo_ink"] = get["photo_refused"] = None
    try:
        get["photo_ink"] = ink_from_photo(content) if content else None
    except DigitError as error:
        get["photo_refused"] = str(error)


def _forget_photo() -> None:
    """Empty the controls too: a new key is a new one."""
    st.session_state["photos"] = st.session_state.get("photos", 0) + 1
    _take(None)


def _test_digit() -> Shown:
    get = st.session_state
    if "test_digit" not in get:
        _another()
    number = get["test_digit"]
    folder = home().data
    try:
        image = read_images(folder, "test", [number])[0]
        label = int(read_labels(folder, "test", [number])[0])
    except DataError:
        st.html(
            html.empty(
                "MNIST is not on this machine yet. It is fetched by the first training, or by "
                "python -m mnistlab data."
            )
        )
        return NOTHING
    st.html(html.card(image, f"Test digit {number}: a {label}", "one of MNIST's 10,000"))
    st.button("Another one", icon=":material/casino:", on_click=page.run_action, args=(_another,))
    return Shown(Drawing([], image), label)


def _another() -> None:
    st.session_state["test_digit"] = random.randrange(TEST_DIGITS)
