"""Handwriting test set: the labeled drawings, and the accuracy of checkpoints on them."""

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from mnistlab.errors import LabError
from mnistlab.handwriting import collection
from mnistlab.handwriting.drawings import from_json, to_json
from mnistlab.handwriting.scoring import DrawingPrediction, Scores, scores
from mnistlab.markup import Markup
from mnistlab.stats.score import Score
from mnistlab.store.drawings import Row
from mnistlab.store.store import Store
from mnistlab.text import MAX_NAME, percent
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import checkpoints, html, page
from mnistlab.ui.common.checkpoints import CheckpointChoice
from mnistlab.ui.common.stable_select import select_many
from mnistlab.ui.downloads.buttons import Download, download_buttons
from mnistlab.ui.handwriting import cached_predictions, coverage, form, gallery
from mnistlab.uploads import HANDWRITING, megabytes

MAX_CHECKPOINTS = 4
MAX_WRITERS = 100
home = session_home()
store = Store.of(home)
state = st.session_state


def delete(ids: list[int]) -> None:
    state["deleted"] = collection.delete(store, ids)


def undo_delete(rows: list[Row]) -> None:
    collection.restore(store, rows)
    state.pop("deleted", None)


def import_files(files: list[UploadedFile]) -> None:
    """Import each file as a whole or not at all, independently of the others."""
    state["import_count"] = state.get("import_count", 0) + 1
    errors, n_new, n_duplicates = [], 0, 0
    for file in files:
        try:
            drawings = from_json(file.getvalue())
            n_added = collection.save_all(store, drawings)
            n_new, n_duplicates = n_new + n_added, n_duplicates + len(drawings) - n_added
        except LabError as error:
            errors.append(f"{file.name}: {error}")
    if n_new or n_duplicates:
        skipped = f", skipped {n_duplicates:,} duplicates" if n_duplicates else ""
        state["import_text"] = f"Imported {n_new:,} drawings{skipped}."
    if errors:
        raise LabError(" ".join(errors))


def metrics(counts: dict[str, Counter[int]]) -> Markup:
    """The numbers of drawings and writers, and the label with the fewest drawings."""
    labels = sum(counts.values(), Counter[int]())
    fewest = min(range(10), key=labels.__getitem__)
    return html.metrics(
        [
            ("Drawings", f"{labels.total():,}"),
            ("Writers", f"{len(counts):,}"),
            (f"Fewest: digit {fewest}", f"{labels[fewest]:,}"),
        ]
    )


def cell(score: Score | None) -> str:
    """A score in the table."""
    if score is None:
        return "–"
    low, high = score.confidence_interval
    errors = f"{score.errors:,} error" + "s" * (score.errors != 1)
    return f"{percent(score.accuracy, 1)} ({errors}; {100 * low:.0f}–{percent(high, 0)})"


def table(
    counts: dict[str, Counter[int]], columns: Sequence[tuple[CheckpointChoice, Scores]]
) -> Markup:
    """A row for each writer and one for all; a column for each checkpoint."""
    first_writers = list(counts.items())[:MAX_WRITERS]
    rows = [
        (
            writer or collection.NO_NAME,
            f"{labels.total():,}",
            *(cell(result.by_writer.get(writer)) for _, result in columns),
        )
        for writer, labels in first_writers
    ]
    n_drawings = sum(labels.total() for labels in counts.values())
    rows.append(("All", f"{n_drawings:,}", *(cell(result.total) for _, result in columns)))
    head = ("Writer", "Drawings", *(f"{choice.name} ({choice.source})" for choice, _ in columns))
    n_more = len(counts) - len(first_writers)
    more = f"… and {n_more:,} more writers. " if n_more else ""
    return html.table(head, rows) + html.caption(f"{more}Accuracy, errors and 95% CI.")


def compare() -> Mapping[str, DrawingPrediction]:
    """The scores of the selected checkpoints; the predictions of the first of them."""
    available = checkpoints.find(home)
    for text in available.errors:
        page.show_warning(text)
    default = [*available.choices][:1]
    selected = select_many(
        "Checkpoints",
        available.labels,
        "scored_checkpoints",
        default,
        most=MAX_CHECKPOINTS,
        help="Up to four. The drawings below show the predictions of the first.",
    )
    choices = {path: available.choices[path] for path in selected or default}
    results, errors = cached_predictions.predictions(store, listing, choices, st.empty())
    for text in errors:
        page.show_error(text)
    columns = [(choices[path], scores(listing.newest, each)) for path, each in results.items()]
    st.html(table(counts, columns))
    coverage.show(columns)
    return next(iter(results.values()), {})


def browse(predictions: Mapping[str, DrawingPrediction]) -> None:
    """The drawings with their filters, and what can be done with the selected ones."""
    st.header("Drawings", anchor=False)
    filters = gallery.choose([*counts])
    selected = gallery.show(store, listing, predictions, filters)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Delete {len(selected)}" if selected else "Delete",
            key="delete",
            icon=":material/delete:",
            on_click=page.run_action,
            args=(delete, selected),
            disabled=not selected,
            help="Deletes the selected drawings; can be undone.",
        )
        download_buttons(
            Download(
                "Export all" if filters.writer is None else "Export this writer",
                lambda: to_json(collection.export(store, filters.writer)).encode(),
                "handwriting.json",
                key="export",
                help="Label, writer and strokes of each drawing as JSON, which this page can "
                "import.",
            )
        )


page.setup("Handwriting", "Handwriting test set")
try:
    listing = cached_predictions.listing(store)
except LabError as error:
    page.show_error(error)
    st.stop()
counts = listing.counts

# Containers keep the positions of the elements below, which Streamlit would otherwise recreate, and
# so close, when a message appears or disappears.
with st.container():
    if text := state.pop("import_text", None):
        st.html(html.live_text(text))
    if rows := state.get("deleted"):
        with st.container(horizontal=True, vertical_alignment="center"):
            count = f"{len(rows)} drawing" + "s" * (len(rows) > 1)
            st.html(html.live_text(f"Deleted {count}."), width="content")
            st.button(
                "Undo",
                icon=":material/undo:",
                on_click=page.run_action,
                args=(undo_delete, rows),
            )
with st.container():
    if counts:
        st.html(metrics(counts))
        try:
            browse(compare())
        except LabError as error:
            page.show_error(error)
    else:
        st.html(
            html.empty(
                "No drawings saved yet. Draw a digit and click its label to save it, or fill in "
                "the form below; then compare checkpoints on your drawings."
            )
        )
        st.page_link("pages/draw.py", label="Draw a digit", icon=":material/draw:")

with st.expander("Form", icon=":material/grid_on:", expanded=form.is_used() or not counts):
    form.show(store)
with st.expander("Import drawings", icon=":material/upload:"):
    files = st.file_uploader(
        "JSON files exported by this page (.json, .json.gz)",
        type=["json", "gz"],
        accept_multiple_files=True,
        max_upload_size=megabytes(HANDWRITING),
        key=f"files{state.get('import_count', 0)}",
    )
    if files:
        st.button("Import", on_click=page.run_action, args=(import_files, files), type="primary")
if counts:
    with st.expander("Rename writer", icon=":material/edit:"), st.form("rename", border=False):
        old = st.selectbox("Writer", [*counts], format_func=lambda name: name or collection.NO_NAME)
        new = st.text_input("New name", max_chars=MAX_NAME)
        if st.form_submit_button("Rename") and new.strip():
            page.run_action(collection.rename, store, old, new)
            st.rerun()
