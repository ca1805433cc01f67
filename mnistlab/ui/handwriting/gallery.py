"""The stored drawings as small images, filtered and selected."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from mnistlab.handwriting import collection
from mnistlab.handwriting.collection import NO_NAME, StoredDrawing
from mnistlab.handwriting.scoring import DrawingPrediction, scores
from mnistlab.store.store import Store
from mnistlab.text import percent
from mnistlab.ui.common import html
from mnistlab.ui.handwriting import cached_predictions
from mnistlab.ui.handwriting.cached_predictions import Listing

PAGE_SIZE = 27
ALL_WRITERS, ALL_LABELS = "All writers", "All"


@dataclass(frozen=True)
class Filters:
    """Whose drawings, of which label (None: all), and whether only misclassified ones."""

    writer: str | None
    label: int | None
    misclassified: bool

    def match(self, drawing: StoredDrawing) -> bool:
        return self.writer in (None, drawing.writer) and self.label in (None, drawing.label)

    def count(self, counts: Mapping[str, Counter[int]]) -> int:
        """How many drawings match, misclassified or not; `counts` as in `collection.counts`."""
        writers = counts if self.writer is None else {self.writer} & counts.keys()
        labels = sum((counts[writer] for writer in writers), Counter[int]())
        return labels.total() if self.label is None else labels[self.label]


def choose(writers: Sequence[str]) -> Filters:
    """The controls that filter the drawings."""
    # The options are lists, so that a writer may be called "All writers".
    options: list[list[str]] = [[], *([name] for name in writers)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        writer = st.selectbox(
            "Writer",
            options,
            format_func=lambda name: name[0] or NO_NAME if name else ALL_WRITERS,
            key="filter_writer",
            width=230,
            persist_state="session",
        )
        label = st.selectbox(
            "Label",
            [ALL_LABELS, *map(str, range(10))],
            key="filter_label",
            width=120,
            persist_state="session",
        )
        misclassified = st.toggle(
            "Misclassified only", key="filter_misclassified", persist_state="session"
        )
    return Filters(
        writer[0] if writer else None,
        None if label == ALL_LABELS else int(label),
        misclassified,
    )


def show(
    store: Store,
    listing: Listing,
    predictions: Mapping[str, DrawingPrediction],
    filters: Filters,
) -> list[int]:
    """A page of drawings with their predictions, misclassified ones first.

    Returns the ids of the selected drawings. Drawings that the listing leaves out are read from the
    store, only those of the page.
    """
    matching = [drawing for drawing in listing.newest if filters.match(drawing)]
    misclassified = scores(matching, predictions).misclassified
    wrong_ids = {drawing.id for drawing in misclassified}
    others = [] if filters.misclassified else [d for d in matching if d.id not in wrong_ids]
    order = [*misclassified, *others]
    n_older = 0 if filters.misclassified else filters.count(listing.counts) - len(matching)
    if not order and n_older <= 0:
        text = "No misclassified drawings." if filters.misclassified else "No drawings match."
        st.html(html.empty(text))
        return []
    key, n_pages = f"page_{filters}", -(-(len(order) + n_older) // PAGE_SIZE)
    # Deleting the only drawing of the last page removes the page.
    if st.session_state.get(key, 1) > n_pages:
        st.session_state[key] = n_pages
    number = st.session_state.get(key, 1)
    first = (number - 1) * PAGE_SIZE
    visible = order[first : first + PAGE_SIZE]
    if n_older > 0 and len(visible) < PAGE_SIZE:
        visible += collection.listed(
            store,
            filters.writer,
            filters.label,
            limit=PAGE_SIZE - len(visible),
            offset=max(0, first - len(order)),
            before=min((drawing.id for drawing in listing.newest), default=None),
        )
    selected = _show_cards(store, visible, predictions, wrong_ids)
    if n_pages > 1:
        st.pagination(n_pages, key=key)
    return selected


def _show_cards(
    store: Store,
    drawings: Sequence[StoredDrawing],
    predictions: Mapping[str, DrawingPrediction],
    wrong_ids: set[int],
) -> list[int]:
    """A card with a checkbox for each drawing; the ids of the checked ones."""
    images = cached_predictions.inputs(store, [drawing.stroke_hash for drawing in drawings])
    selected = []
    with st.container(key="gallery"):
        for drawing in drawings:
            if drawing.stroke_hash not in images:  # another user has just deleted it
                continue
            with st.container(gap=None):
                title, note = describe(drawing, predictions.get(drawing.stroke_hash))
                image = images[drawing.stroke_hash]
                st.html(html.card(image, title, note, drawing.id in wrong_ids))
                if st.checkbox(f"#{drawing.id}", key=f"select{drawing.id}"):
                    selected.append(drawing.id)
    return selected


def describe(drawing: StoredDrawing, prediction: DrawingPrediction | None) -> tuple[str, str]:
    """A card's two lines: label and prediction; confidence and writer."""
    writer = drawing.writer or NO_NAME
    if prediction is None:
        return str(drawing.label), writer
    if prediction.digit is None:
        return f"{drawing.label}, unreadable", writer
    correct = prediction.digit == drawing.label
    title = f"{drawing.label}" if correct else f"{drawing.label} predicted as {prediction.digit}"
    return title, f"{percent(prediction.confidence, 0)} · {writer}"
