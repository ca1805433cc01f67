"""The form: print it, take in the photo of a filled one, leave digits out, and save the others."""

from collections import Counter
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.photo.decode import FILE_TYPES
from mnistlab.drawing.strokes import digit_from_strokes
from mnistlab.handwriting import collection
from mnistlab.handwriting.drawings import Strokes, validate
from mnistlab.handwriting.form.layout import Paper
from mnistlab.markup import Markup, fill
from mnistlab.pen.raster import GrayImage
from mnistlab.store.store import Store
from mnistlab.text import MAX_NAME, quantity
from mnistlab.ui.common import html, page
from mnistlab.ui.common.svg import show_svg
from mnistlab.ui.downloads.buttons import Download, download_buttons
from mnistlab.uploads import PICTURE, megabytes

FORM, ERROR, LEFT_OUT, COUNT = "form", "form_error", "form_left_out", "form_count"
"""Keys in the session: the boxes of a photographed form and the field for the writer's number; what
was wrong with a photo; the numbers of the boxes that are left out; the photos so far.
"""
EMPTY, UNREADABLE = "empty", "unreadable"


@dataclass(frozen=True, eq=False)
class ShownBox:
    """A box of the form: the label of its digit, its strokes, none if `state` says why, and the
    network's input (28, 28).
    """

    label: int
    state: str
    strokes: Strokes
    pixels: GrayImage | None


def is_used() -> bool:
    """Whether a form was photographed in this session: often more follow."""
    return COUNT in st.session_state or FORM in st.session_state


def show(store: Store) -> None:
    """Everything about the form; the digits of the last photo, if there is one."""
    st.markdown(
        "Print the form, fill it in with a dark pen, and photograph it: a sheet has a hundred "
        "labeled digits of one writer."
    )
    download_buttons(
        *(
            Download(
                f"Form, {paper} (PDF)",
                partial(_pdf, paper),
                f"handwriting-form-{paper.lower()}.pdf",
                key=f"form_{paper.lower()}",
            )
            for paper in Paper
        )
    )
    state = st.session_state
    st.file_uploader(
        "Photo of a filled form",
        FILE_TYPES,
        key=_key("file"),
        max_upload_size=megabytes(PICTURE),
        on_change=_set_photo,
        help="The whole sheet with its four corner marks, at any angle, sharp and in even light.",
    )
    if error := state.get(ERROR):
        page.show_error(error)
    if state.get(FORM):
        _show_digits(store)


def _pdf(paper: Paper) -> bytes:
    from mnistlab.handwriting.form.printed import pdf

    return pdf(paper)


def _key(name: str) -> str:
    """The key of a widget that starts anew with each form."""
    return f"form_{name}{st.session_state.get(COUNT, 0)}"


def _set_photo() -> None:
    """Read the photo once, not on every run of the page."""
    # Importing scipy takes a quarter of a second, which the page does not need otherwise.
    from mnistlab.handwriting.form.form_photo import read_form

    state = st.session_state
    file = state.get(_key("file"))
    state[FORM], state[ERROR], state[LEFT_OUT] = None, None, []
    if file is None:
        return
    try:
        form = read_form(file.getvalue())
    except DigitError as error:
        state[ERROR] = str(error)
        return
    # Plain values: a session outlives a reload of the code, but its classes do not.
    boxes = [(each.label, str(each.state), each.strokes) for each in form.boxes]
    state[FORM] = [(*each, _pixels(each[2])) for each in boxes], form.number_field


def _pixels(strokes: Strokes) -> GrayImage | None:
    digit = digit_from_strokes(strokes)
    return digit.pixels if digit else None


def _show_digits(store: Store) -> None:
    """The digits of the photo with what is needed to save them."""
    state = st.session_state
    rows, number_field = state[FORM]
    boxes = [ShownBox(*row) for row in rows]
    kept = [
        box
        for place, box in enumerate(boxes)
        if box.pixels is not None and place not in state[LEFT_OUT]
    ]
    st.html(html.live_text(describe(boxes, len(kept))))
    with st.container(key="form_digits"):
        show_svg(cards(boxes, state[LEFT_OUT]), "form_digits_picture", _toggle)
    with st.container(key="form_writer"):
        writer = st.text_input(
            "Writer",
            key=_key("writer"),
            max_chars=MAX_NAME,
            placeholder="optional",
            width=230,
            help="Saved with the digits, to score each writer separately.",
        )
        picture = np.repeat(number_field[..., None], 3, 2)
        st.html(html.photo(picture, "The number that is written on the form"))
    with st.container(horizontal=True):
        st.button(
            f"Save {quantity(len(kept), 'drawing')}",
            key="form_save",
            type="primary",
            icon=":material/save:",
            on_click=page.run_action,
            args=(_save, store, writer, kept),
            disabled=not kept,
        )
        st.button("Discard", key="form_discard", icon=":material/delete:", on_click=_next_form)


def describe(boxes: list[ShownBox], n_kept: int) -> str:
    """How many digits there are, and why others are missing."""
    n_read = sum(box.pixels is not None for box in boxes)
    states = Counter(box.state for box in boxes if box.pixels is None)
    missing = [f"{states[state]} {state}" for state in (EMPTY, UNREADABLE) if states[state]]
    text = f"Found {quantity(n_read, 'digit')} in {len(boxes)} boxes"
    text += f" ({', '.join(missing)})." if missing else "."
    text += f" {n_read - n_kept} left out by you." if n_read > n_kept else ""
    return f"{text} Click a digit to leave it out."


def cards(boxes: list[ShownBox], left_out: list[int]) -> Markup:
    """The digits in the order of the form, as buttons that are pressed if the digit is kept."""
    pieces = []
    for place, box in enumerate(boxes):
        if box.pixels is None:
            pieces.append(_gap(box))
            continue
        is_kept = place not in left_out
        pieces.append(
            html.card(
                box.pixels,
                str(box.label),
                "",
                part=str(place),
                chosen=is_kept,
                name=f"Row {place // 10 + 1}, label {box.label}",
            )
        )
    return html.cards(pieces)


def _gap(box: ShownBox) -> Markup:
    """A box without a digit."""
    return fill(
        '<figure class="lab-card lab-gap" title="{}"><b>{}</b></figure>', box.state, box.label
    )


def _toggle(name: str) -> None:
    """Leave a digit out, or keep it again."""
    left_out, place = st.session_state[LEFT_OUT], int(name)
    kept = [each for each in left_out if each != place]
    st.session_state[LEFT_OUT] = kept if place in left_out else [*left_out, place]


def _save(store: Store, writer: str, kept: list[ShownBox]) -> None:
    """Save all the digits or none."""
    drawings = [validate(box.label, writer, box.strokes) for box in kept]
    n_new = collection.save_all(store, drawings)
    by = f" by {drawings[0].writer}" if drawings[0].writer else ""
    st.session_state["import_text"] = f"Saved {quantity(n_new, 'drawing')}{by}."
    _next_form()


def _next_form() -> None:
    """Remove the photo, and empty the uploader by a new key."""
    state = st.session_state
    state[COUNT] = state.get(COUNT, 0) + 1
    state[FORM], state[ERROR], state[LEFT_OUT] = None, None, []
