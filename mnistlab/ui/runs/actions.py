"""What the runs page does with runs: open, compare, delete, restore, export, import."""

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from mnistlab.errors import LabError
from mnistlab.markup import plain_markdown
from mnistlab.store.classroom import permission
from mnistlab.store.exchange.archive import DuplicateRunError, import_run
from mnistlab.store.exchange.export import table_csv
from mnistlab.store.run import RunSummary
from mnistlab.store.store import Store
from mnistlab.store.trash import empty_trash, move_to_trash, restore_from_trash
from mnistlab.ui.common import html, page
from mnistlab.ui.downloads.buttons import Download, download_buttons
from mnistlab.ui.runs.run_table import TablePage, all_rows
from mnistlab.uploads import RUN_ARCHIVE, megabytes

DELETED_IDS = "deleted_ids"
"""Where the session keeps the runs that Undo brings back."""

MAX_NAMED = 3
"""Unreadable runs whose reason is given."""

IMPORT_NOTICE = "import_notice"


def undo_delete(store: Store) -> None:
    """Say what was just deleted, with a button that restores it."""
    run_ids = st.session_state.get(DELETED_IDS)
    if not run_ids:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        moved = f"Moved {len(run_ids)} run{'s' * (len(run_ids) > 1)} to trash."
        st.html(html.caption(moved), width="content")
        st.button(
            "Undo",
            icon=":material/undo:",
            on_click=page.run_action,
            args=(_restore, store, run_ids),
        )


def for_selected(store: Store, selected: Sequence[RunSummary], shown: TablePage) -> None:
    """The links and buttons for the selected runs, and for the trash as a whole."""
    in_trash = shown.query.deleted
    with st.container(horizontal=True, vertical_alignment="center"):
        _links(selected)
        if selected and not in_trash:
            idle = [run for run in selected if not run.state.active]
            problem = permission.refusal(store, [run.id for run in idle])
            if st.button(
                "Move to trash",
                icon=":material/delete:",
                disabled=not idle or bool(problem),
                help=plain_markdown(problem) if problem else None if idle else "Stop it first.",
            ):
                _confirm_delete(store, idle)
        if selected and in_trash:
            problem = permission.refusal(store, [run.id for run in selected])
            st.button(
                "Restore",
                icon=":material/undo:",
                disabled=bool(problem),
                help=plain_markdown(problem) if problem else None,
                on_click=page.run_action,
                args=(_restore, store, [run.id for run in selected]),
            )
        if (
            in_trash
            and (shown.table.rows or shown.table.unreadable)
            and st.button("Empty trash", icon=":material/delete_forever:")
        ):
            _confirm_empty_trash(store)


def show_unreadable(store: Store, shown: TablePage) -> None:
    """Name the runs of this page of the table that cannot be read, with a button to remove them."""
    unreadable = shown.table.unreadable
    for run in unreadable[:MAX_NAMED]:
        page.show_warning(str(run))
    if len(unreadable) > MAX_NAMED:
        rest = ", ".join(str(run.id) for run in unreadable[MAX_NAMED:])
        page.show_warning(f"Nor can these be read: {rest}.")
    ids = [run.id for run in unreadable]
    if unreadable and not shown.query.deleted and not permission.refusal(store, ids):
        st.button(
            "Trash unreadable runs",
            icon=":material/delete:",
            on_click=page.run_action,
            args=(_delete, store, ids),
        )


def _links(selected: Sequence[RunSummary]) -> None:
    ids = [str(run.id) for run in selected]
    if ids:
        st.page_link(
            "pages/run.py",
            label=f"Open run {ids[0]}",
            icon=":material/open_in_full:",
            query_params={"run": ids[0]},
        )
    if len(ids) > 1:
        st.page_link(
            "pages/compare.py",
            label=f"Compare {len(ids)} runs",
            icon=":material/compare_arrows:",
            query_params={"run": ",".join(ids)},
        )


@st.dialog("Move to trash?")
def _confirm_delete(store: Store, runs: Sequence[RunSummary]) -> None:
    st.text(", ".join(run.name for run in runs))
    st.write("Restore from the trash at any time.")
    if st.button("Move to trash", type="primary", key="confirm_trash"):
        page.run_action(_delete, store, [run.id for run in runs])
        st.rerun()


@st.dialog("Delete permanently?")
def _confirm_empty_trash(store: Store) -> None:
    st.write("This removes every run in the trash, its epochs and its checkpoints from the disk.")
    if st.button("Delete permanently", type="primary"):
        page.run_action(empty_trash, store)
        st.session_state.pop(DELETED_IDS, None)
        st.rerun()


def _delete(store: Store, run_ids: Sequence[int]) -> None:
    st.session_state[DELETED_IDS] = move_to_trash(store, run_ids)


def _restore(store: Store, run_ids: Sequence[int]) -> None:
    restore_from_trash(store, run_ids)
    st.session_state.pop(DELETED_IDS, None)


def export_table(store: Store, shown: TablePage) -> None:
    """A button that downloads the table with all of its pages."""
    download_buttons(
        Download(
            "Download table (CSV)",
            lambda: table_csv(all_rows(store, shown.query)),
            "runs.csv",
            key="table-csv",
            help="The matching runs on all pages.",
            disabled=not shown.table.rows,
        )
    )


def import_archives(store: Store) -> None:
    """A folded-up part of the page that imports runs."""
    with st.expander("Import runs", icon=":material/upload:"):
        archives = st.file_uploader(
            "Run archives (.zip)",
            type="zip",
            accept_multiple_files=True,
            max_upload_size=megabytes(RUN_ARCHIVE),
            # Another key is another, empty control: the files of the last import are gone from it.
            key=f"archives{st.session_state.get('n_imports', 0)}",
        )
        if archives:
            st.button(
                "Import", on_click=page.run_action, args=(_import, store, archives), type="primary"
            )


def _import(store: Store, archives: Sequence[UploadedFile]) -> None:
    """Import each file whole or not at all, even if another one fails."""
    st.session_state["n_imports"] = st.session_state.get("n_imports", 0) + 1
    imported, notices, errors = [], [], []
    for archive in archives:
        try:
            imported.append(import_run(store, archive.getvalue()))
        except DuplicateRunError as error:
            notices.append(f"{archive.name}: {error}")
        except LabError as error:
            errors.append(f"{archive.name}: {error}")
    if imported:
        numbers = ", ".join(map(str, imported))
        notices.insert(0, f"Imported as run{'s' * (len(imported) > 1)} {numbers}.")
    st.session_state[IMPORT_NOTICE] = " ".join(notices)
    if errors:
        raise LabError(" ".join(errors))


def show_import_notice() -> None:
    """Say once what the last import did."""
    if notice := st.session_state.pop(IMPORT_NOTICE, ""):
        st.html(html.live_text(notice))
