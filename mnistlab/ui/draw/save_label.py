"""Label a drawing: one click saves it to the handwriting test set."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import streamlit as st

from mnistlab.drawing.strokes import Stroke
from mnistlab.handwriting import collection
from mnistlab.handwriting.collection import SaveResult, StoredDrawing
from mnistlab.handwriting.drawings import HandwritingError, stroke_hash, validate
from mnistlab.store.database.errors import StoreError
from mnistlab.store.store import Store
from mnistlab.text import MAX_NAME
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import html, page
from mnistlab.ui.draw.canvas_buttons import NEXT

MAX_UNDO = 100
"""Saves per session that can be undone, the last ones."""


@dataclass(frozen=True)
class PlaceInNumber:
    """Which digit of how many (the first is 1) is labeled.

    `choose_next`: choose the next one; None after the last.
    """

    number: int
    count: int
    choose_next: Callable[[], None] | None


def show(
    strokes: Sequence[Stroke],
    clear: Callable[[], None] | None = None,
    place: PlaceInNumber | None = None,
) -> None:
    """Ten label buttons, the saved one highlighted; the last save, with Undo and Next; the writer.

    Next goes to the next digit of a number. After the last one it clears the canvas in the browser,
    or calls `clear`.
    """
    page.show_action_error()
    store = Store.of(session_home())
    last = _last_save(strokes)
    saved_label = last.drawing.label if last and len(strokes) else None
    with st.container(key="save_label"):
        which = f" of digit {place.number} of {place.count}" if place else ""
        st.markdown(f"**Correct label{which}**")
        with st.container(key="labels"):
            for label in range(10):
                st.button(
                    str(label),
                    key=f"label{label}",
                    type="primary" if label == saved_label else "secondary",
                    on_click=page.run_action,
                    args=(_save, store, label, strokes),
                    disabled=not len(strokes),
                    width="stretch",
                )
        st.html(html.live_text(_describe(store, strokes, last)))
        with st.container(horizontal=True):
            _next_button(clear, place, disabled=saved_label is None)
            st.button(
                "Undo save",
                key="undo_save",
                icon=":material/undo:",
                type="tertiary",
                help="Undo the last save. The drawing stays on the page.",
                on_click=page.run_action,
                args=(_undo, store),
                disabled=not last,
            )
        st.text_input(
            "Writer",
            key="writer",
            persist_state="session",
            max_chars=MAX_NAME,
            placeholder="optional",
            help="Saved with the drawing in mnistlab's own store, to score each writer separately.",
        )


def _next_button(
    clear: Callable[[], None] | None, place: PlaceInNumber | None, disabled: bool
) -> None:
    key, text, action = "next_photo" if clear else NEXT, "Clear it for the next digit.", clear
    if place and place.choose_next:
        key, text, action = "next_digit", "Go to the next digit.", place.choose_next
    st.button(
        "Next",
        key=key,
        icon=":material/arrow_forward:",
        help=text,
        on_click=action,
        disabled=disabled,
    )


def _last_save(strokes: Sequence[Stroke]) -> SaveResult | None:
    """The last save, until another drawing is started; clearing that one does not bring it back."""
    state = st.session_state
    saves = state.get("saves")
    # Stored as plain tuples: a session outlives a reload of the code, but its classes do not.
    last = _save_result(*saves[-1]) if saves else None
    if last and len(strokes):
        state["save_is_current"] = last.drawing.stroke_hash == stroke_hash(strokes)
    return last if state.get("save_is_current") else None


def _save_result(drawing: Sequence[Any], previous: Sequence[Any] | None) -> SaveResult:
    return SaveResult(StoredDrawing(*drawing), StoredDrawing(*previous) if previous else None)


def _describe(store: Store, strokes: Sequence[Stroke], last: SaveResult | None) -> str:
    if last is None:
        return "Click to save." if len(strokes) else "Draw a digit first."
    writer = last.drawing.writer
    saved = f"Saved as {last.drawing.label}"
    try:
        count = collection.counts(store, writer).get(writer, Counter[int]()).total()
    except StoreError:
        return f"{saved}."
    return f"{saved} · {count:,} in total" + (f" by {writer}" if writer else "")


def _save(store: Store, label: int, strokes: Sequence[Stroke]) -> None:
    state = st.session_state
    try:
        drawing = validate(label, state.get("writer"), strokes)
    except HandwritingError as error:
        raise HandwritingError(f"Could not save this drawing: {error}. Draw it again.") from None
    saves = [*state.get("saves", []), astuple(collection.save(store, drawing))]
    state["saves"] = saves[-MAX_UNDO:]


def _undo(store: Store) -> None:
    state = st.session_state
    collection.undo(store, _save_result(*state["saves"][-1]))
    state["saves"] = state["saves"][:-1]
