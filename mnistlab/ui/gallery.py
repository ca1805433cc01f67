"""The kept drawings as small pictures, to be looked through and chosen from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from mnistlab.runs.store import Store
from mnistlab.sketch.collection import Kept
from mnistlab.sketch.scoring import Answer, scores
from mnistlab.training.score import percent
from mnistlab.ui import collected, parts

SIZE = 27
NOBODY = "(no name)"


@dataclass(frozen=True)
class Wanted:
    """Whose drawings, of which label, and whether only the misread ones; None stands for all."""

    writer: str | None
    label: int | None
    misread: bool


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
    store: Store, kept: Sequence[Kept], read: Mapping[str, Answer], wanted: Wanted
) -> list[int]:
    """A page of the drawings with what was read in them, the misread ones first; the ids of those
    whose box is ticked.
    """
    listed = [
        one
        for one in kept
        if wanted.writer in (None, one.writer) and wanted.label in (None, one.label)
    ]
    misread = scores(listed, read).misread
    marked = {one.id for one in misread}
    rest = [] if wanted.misread else [one for one in listed if one.id not in marked]
    order = [*misread, *rest]
    if not order:
        st.html(parts.empty("None."))
        return []
    key, pages = f"page_{wanted}", -(-len(order) // SIZE)
    # The last page may have gone with its last drawing.
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = pages
    number = st.session_state.get(key, 1)
    shown = order[(number - 1) * SIZE : number * SIZE]
    images = collected.pictures(store, [one.mark for one in shown])
    ticked = []
    with st.container(key="gallery"):
        for one in shown:
            if one.mark not in images:  # another visitor has just deleted it
                continue
            with st.container(gap=None):
                title, note = told(one, read.get(one.mark))
                st.html(parts.card(images[one.mark], title, note, one.id in marked))
                if st.checkbox(f"#{one.id}", key=f"tick{one.id}"):
                    ticked.append(one.id)
    if pages > 1:
        st.pagination(pages, key=key)
    return ticked


def told(one: Kept, read: Answer | None) -> tuple[str, str]:
    """The two lines under a drawing: what it is and was read as; how sure, and whose it is."""
    whose = one.writer or NOBODY
    if read is None:
        return str(one.label), whose
    if read.digit is None:
        return f"{one.label}, not read", whose
    right = read.digit == one.label
    title = f"{one.label}" if right else f"{one.label} read as {read.digit}"
    return title, f"{percent(read.sure, 0)} sure · {whose}"
