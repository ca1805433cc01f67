"""Where a drawing comes from: the canvas, a photo, the camera, or MNIST's test set."""

import random
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from mnistlab.data.dataset import MNIST as MNIST_DATASET
from mnistlab.data.download import DataError
from mnistlab.data.idx import read_images, read_labels
from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.photo.decode import FILE_TYPES
from mnistlab.drawing.segmentation import Segment
from mnistlab.drawing.strokes import Stroke
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import get_mnist, html, page
from mnistlab.ui.draw import canvas, chosen_digit, paste
from mnistlab.ui.draw.canvas import Drawing
from mnistlab.uploads import PICTURE, megabytes

DRAW, PHOTO, CAMERA, MNIST = "Draw", "Photo", "Camera", "MNIST"
SOURCES = [DRAW, PHOTO, CAMERA, MNIST]

DIGITS_OF_PHOTO = "digits_of_photo"
"""Where the session keeps a photo. A value of another shape needs another key: a session outlives a
reload of the code."""


@dataclass(frozen=True, eq=False)
class DrawingInput:
    """A drawing, its correct label if it is known, and what to save of it.

    `photo`: the picture (H, W, 3). `found`: the digits in it, one or several; empty without a
    photo. `lines`: the center lines of each of them. `place`: where the picture is shown, or the
    boxes over the canvas.
    `is_drawn`: whether it is on the canvas.
    `can_be_saved`: whether the drawing is one of the user's own. `clear`: what an empty start takes
    on the server; the canvas clears itself.
    """

    drawing: Drawing
    true_label: int | None = None
    photo: NDArray[np.uint8] | None = None
    found: Sequence[Drawing] = ()
    lines: Sequence[Sequence[Stroke]] = ()
    place: DeltaGenerator | None = None
    is_drawn: bool = False
    can_be_saved: bool = False
    clear: Callable[[], None] | None = None

    def digits(self) -> list[Drawing]:
        """The digits of the drawing, at least one. Raises DigitError on too many points."""
        return [*self.found] or self.drawing.digits()

    def strokes_of(self, number: int, digit: Drawing) -> Sequence[Stroke]:
        """What to save of a digit and its number; empty if there is nothing."""
        return digit.strokes or (self.lines[number] if self.lines else ())


EMPTY = DrawingInput(Drawing([], None))


def show(new_page: bool) -> DrawingInput:
    """The control for the source, and the source; `new_page` as in `canvas.show`."""
    state = st.session_state
    source = st.segmented_control(
        "Source",
        SOURCES,
        default=DRAW,
        required=True,
        key="source",
        label_visibility="collapsed",
        persist_state="session",
    )
    # A canvas also loses its strokes while another source is shown.
    source_changed = state.get("previous_source") != source
    state["previous_source"] = source
    if source_changed:
        chosen_digit.forget()
    if source == DRAW:
        had_strokes = bool(state.get("strokes"))
        with st.container(key="drawn"):
            drawing = canvas.show(new_page or source_changed, offer_number=True)
            # Before the next element, at which a newer run may interrupt this one.
            if not drawing.strokes:
                chosen_digit.forget()
                # Not for the first drawing, for which the address may have set it.
                if had_strokes:
                    state[chosen_digit.IS_ONE] = False
            place = st.empty()
        return DrawingInput(drawing, place=place, is_drawn=True, can_be_saved=True)
    if source == MNIST:
        return _test_image()
    if source_changed and state.get("photo_source", source) != source:
        _remove_photo()
    state["photo_source"] = source
    return _photo() if source == PHOTO else _camera()


def _photo() -> DrawingInput:
    st.file_uploader(
        "Photo of a digit or a number",
        FILE_TYPES,
        key=f"photo_file{_photo_count()}",
        max_upload_size=megabytes(PICTURE),
        on_change=_set_photo_from,
        args=("photo_file",),
        help="Dark on light or light on dark: a digit, or several with gaps between them.",
    )
    if content := paste.show("photo_paste"):
        _set_photo(content)
    return _found_in_photo("Choose or paste a photo of a digit or a number.", "Remove")


def _camera() -> DrawingInput:
    state = st.session_state
    # The photo, once taken, is shown instead, with what was found in it.
    if not (state.get("photo_error") or state.get(DIGITS_OF_PHOTO)):
        st.camera_input(
            "A digit or a number",
            resolution="720p",
            key=f"photo_camera{_photo_count()}",
            on_change=_set_photo_from,
            args=("photo_camera",),
            help="Browsers offer the camera only at `localhost` and at addresses with `https`. "
            "Without it, choose *Photo*: a phone offers its camera there.",
        )
    return _found_in_photo("Take a photo of a digit or a number.", "Take another")


def _found_in_photo(empty: str, remove: str) -> DrawingInput:
    """What was found in the session's photo; without one `empty`. `remove` labels the button that
    forgets it.
    """
    state = st.session_state
    if error := state.get("photo_error"):
        page.show_error(error)
        st.button(remove, icon=":material/delete:", on_click=_remove_photo)
        return EMPTY
    if not state.get(DIGITS_OF_PHOTO):
        st.html(html.empty(empty))
        return EMPTY
    pixels, framed, is_truncated, found = state[DIGITS_OF_PHOTO]
    place = st.empty()
    if len(found) == 1:
        place.html(html.photo(framed, "The photo, with a frame around the digit that was found"))
    if is_truncated:
        page.show_warning("The end of this JPEG is missing. Shown: what there is.")
    st.button(remove, icon=":material/delete:", on_click=_remove_photo)
    digits = [
        Drawing([], ink, segment=Segment(*segment) if segment else None)
        for ink, segment, _ in found
    ]
    return DrawingInput(
        digits[0],
        photo=pixels,
        found=digits,
        lines=[lines for _, _, lines in found],
        place=place,
        can_be_saved=True,
        clear=_remove_photo,
    )


def show_photo(source: DrawingInput) -> None:
    """Show a photo of several digits without boxes, if there are no predictions for them."""
    if source.place is not None and source.photo is not None and len(source.found) > 1:
        source.place.html(html.photo(source.photo, "The photo"))


def _photo_count() -> int:
    """Numbers the keys of the widgets that hold a photo: a new key empties them."""
    count: int = st.session_state.get("photo_count", 0)
    return count


def _set_photo_from(key: str) -> None:
    """Take the file of the widget with this key, before its number."""
    file = st.session_state[f"{key}{_photo_count()}"]
    if file is not None and file.size > PICTURE:  # only a forged one
        st.session_state["photo_error"] = f"The photo is larger than {megabytes(PICTURE)} MB."
    else:
        _set_photo(None if file is None else file.getvalue())


def _set_photo(content: bytes | None) -> None:
    """Find the ink once, not on every rerun of the page."""
    # Importing scipy takes a quarter of a second, which drawing does not need.
    from mnistlab.drawing.multidigit.photo_digits import read_digits
    from mnistlab.drawing.photo.center_lines import center_lines

    state = st.session_state
    state[DIGITS_OF_PHOTO] = state["photo_error"] = None
    chosen_digit.forget()
    if content is None:
        return
    try:
        read = read_digits(content)
    except DigitError as error:
        state["photo_error"] = str(error)
        return
    photo = read.photo
    # Plain values: a session outlives a reload of the code, but its classes do not.
    found: list[tuple[object, ...]] = [
        (each.ink, astuple(each.segment), center_lines(each.ink)) for each in read.digits
    ]
    found = found or [(photo.ink, None, center_lines(photo.ink))]
    state[DIGITS_OF_PHOTO] = photo.pixels, photo.framed(), photo.is_truncated, found


def _remove_photo() -> None:
    """Remove the photo, and empty the widget that holds it."""
    st.session_state["photo_count"] = _photo_count() + 1
    _set_photo(None)


def _test_image() -> DrawingInput:
    state = st.session_state
    if "test_image" not in state:
        _random_image()
    number = state["test_image"]
    folder = session_home().data
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
