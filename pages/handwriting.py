"""Handwriting: the drawings that were kept with their labels, and how checkpoints read them."""

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from mnistlab.errors import LabError
from mnistlab.handwriting import collection
from mnistlab.handwriting.drawings import from_json, to_json
from mnistlab.handwriting.scoring import DrawingPrediction, Scores, scores
from mnistlab.home import home
from mnistlab.markup import Markup
from mnistlab.stats.score import Score
from mnistlab.store.drawings import Row
from mnistlab.store.store import MAX_NAME, Store
from mnistlab.text import percent
from mnistlab.ui.common import checkpoints, html, page
from mnistlab.ui.common.checkpoints import CheckpointChoice
from mnistlab.ui.handwriting import cached_predictions, gallery
from mnistlab.uploads import HANDWRITING, megabytes

MOST = 4
PEOPLE_SHOWN = 100
lab = home()
store = Store(lab.runs)
get = st.session_state


def delete(ids: list[int]) -> None:
    get["removed"] = collection.delete(store, ids)


def bring_back(rows: list[Row]) -> None:
    collection.restore(store, rows)
    get.pop("removed", None)


def take_in(files: list[UploadedFile]) -> None:
    """Import what was given; each file is taken whole or not at all, whatever the others are."""
    get["imports"] = get.get("imports", 0) + 1
    refused, new, known = [], 0, 0
    for file in files:
        try:
            drawings = from_json(file.getvalue())
            added = collection.save_all(store, drawings)
            new, known = new + added, known + len(drawings) - added
        except LabError as error:
            refused.append(f"{file.name}: {error}")
    if new or known:
        here = f", {known:,} were here already" if known else ""
        get["taken_in"] = f"Drawings taken in: {new:,}{here}."
    if refused:
        raise LabError(" ".join(refused))


def facts(people: dict[str, Counter[int]]) -> Markup:
    """How many drawings there are, of how many people, and of which digit the fewest."""
    labels = sum(people.values(), Counter[int]())
    fewest = min(range(10), key=labels.__getitem__)
    return html.metrics(
        [
            ("drawings", f"{labels.total():,}"),
            ("people", f"{len(people):,}"),
            (f"of the rarest digit, {fewest}", f"{labels[fewest]:,}"),
        ]
    )


def cell(score: Score | None) -> str:
    """A score in a table; with a person's few digits the interval is wide, and says so."""
    if score is None:
        return "–"
    low, high = score.confidence_interval
    return (
        f"{percent(score.accuracy, 1)} · {score.errors:,} wrong · "
        f"{100 * low:.0f}–{percent(high, 0)}"
    )


def table(
    people: dict[str, Counter[int]], found: Sequence[tuple[CheckpointChoice, Scores]]
) -> Markup:
    """A line for each person and one for all; a column for each checkpoint."""
    shown = list(people.items())[:PEOPLE_SHOWN]
    lines = [
        (
            writer or gallery.NOBODY,
            f"{labels.total():,}",
            *(cell(one.by_writer.get(writer)) for _, one in found),
        )
        for writer, labels in shown
    ]
    count = sum(labels.total() for labels in people.values())
    lines.append(("All", f"{count:,}", *(cell(one.total) for _, one in found)))
    head = ("Who", "Drawings", *(f"{choice.name} ({choice.source})" for choice, _ in found))
    more = len(people) - len(shown)
    rest = f"… and {more:,} more people. " if more else ""
    return html.table(head, lines) + html.caption(
        f"{rest}Read rightly, misread, and the 95 % interval that so many drawings leave open."
    )


def compare() -> Mapping[str, DrawingPrediction]:
    """The chosen checkpoints side by side; what the first of them reads."""
    found = checkpoints.find(lab)
    for problem in found.errors:
        page.show_warning(problem)
    first = [*found.choices][:1]
    chosen = st.multiselect(
        "Who reads them",
        found.choices,
        first,
        format_func=lambda path: str(found.choices[path]),
        key="scored",
        max_selections=MOST,
        persist_state="session",
        help="Up to four checkpoints. What the first of them reads is shown with the drawings.",
    )
    choices = {path: found.choices[path] for path in chosen or first}
    known, problems = cached_predictions.predictions(store, kept, choices, st.empty())
    for problem in problems:
        page.show_error(problem)
    st.html(table(people, [(choices[path], scores(kept, read)) for path, read in known.items()]))
    return next(iter(known.values()), {})


def look_through(read: Mapping[str, DrawingPrediction]) -> None:
    """The drawings themselves; what is done with those that are chosen."""
    st.subheader("The drawings", anchor=False)
    wanted = gallery.choose([*people])
    ticked = gallery.show(store, kept, read, wanted)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Delete {len(ticked)}" if ticked else "Delete",
            key="delete",
            icon=":material/delete:",
            on_click=page.run_action,
            args=(delete, ticked),
            disabled=not ticked,
            help="Those whose box is ticked; it can be undone.",
        )
        st.download_button(
            "Export all" if wanted.writer is None else "Export this person's",
            lambda: to_json(collection.export(store, wanted.writer)).encode(),
            "handwriting.json",
            "application/json",
            key="export",
            icon=":material/download:",
            help="JSON: each drawing's label, writer and strokes. This page takes it in again.",
            on_click="ignore",
        )


page.setup("Handwriting", "Handwriting")
try:
    listing = cached_predictions.listing(store)
except LabError as error:
    page.show_error(error)
    st.stop()
people, kept = listing.people, listing.kept

# What comes and goes has a place of its own: what is below it would be made anew, and shut, else.
with st.container():
    if told := get.pop("taken_in", None):
        st.html(html.live_text(told))
    if rows := get.get("removed"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(html.live_text(f"Deleted: {len(rows)} of the drawings."), width="content")
            st.button(
                "Undo",
                icon=":material/undo:",
                on_click=page.run_action,
                args=(bring_back, rows),
            )
with st.container():
    if kept:
        st.html(facts(people))
        look_through(compare())
    else:
        st.html(
            html.empty(
                "No drawing is kept yet. Draw a digit and click its label: it is kept here, and "
                "every checkpoint can be held against it."
            )
        )
        st.page_link("pages/draw.py", label="Draw a digit", icon=":material/draw:")

with st.expander("Take in drawings", icon=":material/upload:"):
    files = st.file_uploader(
        "Drawings as JSON, plain or gzipped, as this page exports them",
        type=["json", "gz"],
        accept_multiple_files=True,
        max_upload_size=megabytes(HANDWRITING),
        key=f"files{get.get('imports', 0)}",
    )
    if files:
        st.button("Import", on_click=page.run_action, args=(take_in, files), type="primary")
if people:
    with st.expander("Rename a person", icon=":material/edit:"), st.form("rename", border=False):
        old = st.selectbox("Who", [*people], format_func=lambda name: name or gallery.NOBODY)
        new = st.text_input("New name", max_chars=MAX_NAME)
        if st.form_submit_button("Rename") and new.strip():
            page.run_action(collection.rename, store, old, new)
            st.rerun()
