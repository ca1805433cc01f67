"""The kept drawings as small pictures, to be looked through and chosen from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from mnistlab.handwriting.collection import StoredDrawing
from mnistlab.handwriting.scoring import DrawingPrediction, scores
from mnistlab.store.store import Store
from mnistlab.text import percent
from mnistlab.ui.common import html
from mnistlab.ui.handwriting import cached_predictions

SIZE = 27
NOBODY = "(no name)"


@dataclass(frozen=True)
class Wanted:
    """Whose drawings, of which label, and whether only the misread ones; None stands for all."""

    writer: str | None
    label: int | None
    misclassified: bool


def choose(people: Sequence[str]) -> Wanted:
    """The controls that say which drawings are shown."""
    # As lists, so that somebody may be called Everybody.
    everybody: list[list[str]] = [[], *([name] for name in people)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        whose = st.selectbox(
            "Whose",
            everybody,
            format_func=lambda name: name[0] or NOBODY if name else "Everybody",
            key="whose",
            width=230,
            persist_state="session",
        )
        which = st.selectbox(
            "Which digit",
            ["All", *map(str, range(10))],
            key="which",
            width=120,
            persist_state="session",
        )
        wrong = st.toggle("Only the misread ones", key="only_misread", persist_state="session")
    return Wanted(whose[0] if whose else None, None if which == "All" else int(which), wrong)


def show(
    store: Store,
    kept: Sequence[StoredDrawing],
    read: Mapping[str, DrawingPrediction],
    wanted: Wanted,
) -> list[int]:
    """A page of the drawings with what was read in them, the misread ones first; the ids of those
    whose box is ticked.
    """
    listed = [
        one
        for one in kept
        if wanted.writer in (None, one.writer) and wanted.label in (None, one.label)
    ]
    misread = scores(listed, read).misclassified
    marked = {one.id for one in misread}
    rest = [] if wanted.misclassified else [one for one in listed if one.id not in marked]
    order = [*misread, *rest]
    if not order:
        st.html(html.empty("None."))
        return []
    key, pages = f"page_{wanted}", -(-len(order) // SIZE)
    # The last page may have gone with its last drawing.
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = pages
    number = st.session_state.get(key, 1)
    shown = order[(number - 1) * SIZE : number * SIZE]
    images = cached_predictions.pictures(store, [one.stroke_hash for one in shown])
    ticked = []
    with st.container(key="gallery"):
        for one in shown:
            if one.stroke_hash not in images:  # another visitor has just deleted it
                continue
            with st.container(gap=None):
                title, note = told(one, read.get(one.stroke_hash))
                st.html(html.card(images[one.stroke_hash], title, note, one.id in marked))
                if st.checkbox(f"#{one.id}", key=f"tick{one.id}"):
                    ticked.append(one.id)
    if pages > 1:
        st.pagination(pages, key=key)
    return ticked


def told(one: StoredDrawing, read: DrawingPrediction | None) -> tuple[str, str]:
    """The two lines under a drawing: what it is and was read as; how sure, and whose it is."""
    whose = one.writer or NOBODY
    if read is None:
        return str(one.label), whose
    if read.digit is None:
        return f"{one.label}, not read", whose
    right = read.digit == one.label
    title = f"{one.label}" if right else f"{one.label} read as {read.digit}"
    return title, f"{percent(read.confidence, 0)} sure · {whose}"
