"""What a drawing really is: one click on its label keeps it for the class's test set."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

import streamlit as st

from mnistlab.drawing.strokes import Stroke
from mnistlab.handwriting import collection
from mnistlab.handwriting.collection import SaveResult, StoredDrawing
from mnistlab.handwriting.drawings import HandwritingError, stroke_hash, validate
from mnistlab.home import home
from mnistlab.store.store import MAX_NAME, Store
from mnistlab.ui.common import html, page

MOST_UNDONE = 100
"""Clicks of a session that can be taken back, the last ones."""


def show(strokes: Sequence[Stroke], guess: int | None = None) -> None:
    """Ten buttons for the drawing on the page, the one that was read standing out; whose hand; and
    what the last click has kept, with a way back.
    """
    page.show_action_error()
    store = Store(home().runs)
    with st.container(key="keep"):
        st.markdown("**What is it really?**")
        with st.container(key="labels"):
            for label in range(10):
                st.button(
                    str(label),
                    key=f"label{label}",
                    type="primary" if label == guess else "secondary",
                    on_click=page.run_action,
                    args=(_keep, store, label, strokes),
                    disabled=not len(strokes),
                    width="stretch",
                )
        last = _last(strokes)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(html.live_text(_told(strokes, last)), width="stretch")
            st.button(
                "Take back",
                key="unkeep",
                icon=":material/undo:",
                type="tertiary",
                help="As if the last label had not been clicked; the drawing stays on the page.",
                on_click=page.run_action,
                args=(_undo, store),
                disabled=not last,
            )
        st.text_input(
            "Whose hand",
            key="handwriting",
            persist_state="session",
            max_chars=MAX_NAME,
            placeholder="a name, so that scores can be told apart",
            help="Kept with the drawing, on the lab's own machine.",
        )


def _last(strokes: Sequence[Stroke]) -> SaveResult | None:
    """The last keeping, as long as no other drawing has been begun."""
    keepings = st.session_state.get("keepings")
    # They are kept as plain values: a session outlives a reload of the code, and its classes don't.
    last = _keeping(*keepings[-1]) if keepings else None
    return (
        last
        if last and (not len(strokes) or last.drawing.stroke_hash == stroke_hash(strokes))
        else None
    )


def _keeping(kept: Sequence[Any], before: Sequence[Any] | None) -> SaveResult:
    return SaveResult(StoredDrawing(*kept), StoredDrawing(*before) if before else None)


def _told(strokes: Sequence[Stroke], last: SaveResult | None) -> str:
    if last:
        whose = f", by {last.drawing.writer}" if last.drawing.writer else ""
        return f"Kept as {last.drawing.label}{whose}."
    return "One click keeps it." if len(strokes) else "Draw a digit first."


def _keep(store: Store, label: int, strokes: Sequence[Stroke]) -> None:
    get = st.session_state
    try:
        drawn = validate(label, get.get("handwriting"), strokes)
    except HandwritingError as error:
        raise HandwritingError(f"This drawing cannot be kept: {error}. Draw it anew.") from None
    keepings = [*get.get("keepings", []), astuple(collection.save(store, drawn))]
    get["keepings"] = keepings[-MOST_UNDONE:]


def _undo(store: Store) -> None:
    get = st.session_state
    collection.undo(store, _keeping(*get["keepings"][-1]))
    get["keepings"] = get["keepings"][:-1]
