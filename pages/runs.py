"""Runs: find them, sort them, choose some to open, to compare, to delete, to carry away."""

from dataclasses import replace
from datetime import datetime

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from mnistlab.charts import results as charts
from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.store.archive import import_run
from mnistlab.store.export import table_csv
from mnistlab.store.run import RunSummary, State
from mnistlab.store.store import Store
from mnistlab.store.table import (
    Query,
    Sort,
    empty_trash,
    move_to_trash,
    restore_from_trash,
    scatter_points,
    table,
)
from mnistlab.ui.common import html, page, plot
from mnistlab.ui.train import live, queue
from mnistlab.uploads import RUN_ARCHIVE, megabytes
from mnistlab.worker.processes import ensure_workers

SIZE = 15
ROW = 35  # pixels; the table shows a whole page and does not scroll in itself
EVERYTHING = 100_000
lab = home()
store = Store(lab.runs)
get = st.session_state
get.setdefault("chosen", [])


def cells(run: RunSummary) -> dict[str, object]:
    """A run as a row of the table; accuracies in per cent, so that they line up."""
    return {
        "#": run.id,
        "Name": run.name,
        "State": run.state.value,
        "Parameters": run.parameters,
        "Best": run.best and 100 * run.best.accuracy,
        "Last": run.last and 100 * run.last.accuracy,
        "Test": run.test and 100 * run.test.accuracy,
        "Epochs": f"{run.epochs_done}/{run.recipe.epochs}",
        "Seconds": round(run.seconds),
        "Seed": run.recipe.seed,
        "Who": run.owner,
        "Tags": " ".join(run.tags),
        "Split": run.recipe.split.value,
        "Network": str(run.spec),
        "Created": datetime.fromtimestamp(run.created).strftime("%Y-%m-%d %H:%M"),
    }


def put_into_bin(run_ids: list[int]) -> None:
    get["deleted"] = move_to_trash(store, run_ids)


def take_back(run_ids: list[int]) -> None:
    restore_from_trash(store, run_ids)
    get.pop("deleted", None)


def take_in(archives: list[UploadedFile]) -> None:
    """Import what was given; each file is taken whole or not at all, whatever the others are."""
    get["imports"] = get.get("imports", 0) + 1
    refused = []
    for archive in archives:
        try:
            import_run(store, archive.getvalue())
        except LabError as error:
            refused.append(f"{archive.name}: {error}")
    if refused:
        raise LabError(" ".join(refused))


@st.dialog("Delete for good?")
def ask_for_good() -> None:
    """Nothing brings them back after this one."""
    st.write("Every run in the bin, its epochs and its checkpoints are removed from the disk.")
    if st.button("Delete for good", type="primary"):
        page.run_action(empty_trash, store)
        get.pop("deleted", None)
        st.rerun()


@st.dialog("Delete these runs?")
def ask(names: list[str], run_ids: list[int]) -> None:
    """Deleting asks; and it only puts into the bin."""
    st.text(", ".join(names))
    st.write("They go into the bin, from which they can be taken back.")
    if st.button("Delete", type="primary"):
        page.run_action(put_into_bin, run_ids)
        st.rerun()


page.setup("Runs", "Runs")
plot.load()
try:
    ensure_workers(lab)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Find",
            placeholder="name, network, tag, person, note",
            key="find",
            bind="query-params",
            width=260,
        )
        states = st.multiselect("States", list(State), key="states", width=260)
        sort = st.selectbox(
            "Sort by",
            [*Sort],
            format_func=lambda sort: sort.name.capitalize(),
            key="sort",
            bind="query-params",
            width=150,
        )
        falling = st.toggle("High first", True, key="falling")
        deleted = st.toggle("Bin", key="bin")
    query = Query(words, tuple(states), sort, falling, deleted, 0, SIZE)
    place = f"table_{query}"
    pages = max(1, -(-table(store, replace(query, size=0)).total // SIZE))
    # The last page may have gone with its last run.
    if get.get(f"page_{place}", 1) > pages:
        get[f"page_{place}"] = pages
    number = get.get(f"page_{place}", 1)
    query = replace(query, page=number - 1)
    found = table(store, query)
    dots = scatter_points(store, query)
except LabError as error:
    page.show_error(error)
    st.stop()

if gone := get.get("deleted"):
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(html.caption(f"Deleted: {len(gone)} of the runs."), width="content")
        st.button("Undo", icon=":material/undo:", on_click=page.run_action, args=(take_back, gone))

if not found.rows:
    asked = words or states or deleted
    st.html(html.empty("No run is like that." if asked else "No runs yet. Train a network first."))
    chosen: list[RunSummary] = []
else:
    picked = st.dataframe(
        [cells(run) for run in found.rows],
        hide_index=True,
        height=ROW * (len(found.rows) + 1) + 3,
        placeholder="–",
        on_select="rerun",
        selection_mode="multi-row",
        # Other rows make another table, so that a mark never slips to a run that has just arrived;
        # what was chosen is chosen in it too.
        key=f"table_{'_'.join(str(run.id) for run in found.rows)}",
        selection_default={
            "selection": {
                "rows": [row for row, run in enumerate(found.rows) if run.id in get["chosen"]]
            }
        },
        column_config={
            "#": st.column_config.NumberColumn(width=45),
            "Name": st.column_config.TextColumn(width="medium"),
            "Parameters": st.column_config.NumberColumn(format="localized", width=90),
            "Network": st.column_config.TextColumn(width="large"),
            "Seconds": st.column_config.NumberColumn(format="localized", width=70),
            **{
                name: st.column_config.NumberColumn(format="%.2f %%", width=75, help=told)
                for name, told in {
                    "Best": "validation accuracy of the best epoch",
                    "Last": "validation accuracy of the last epoch",
                    "Test": "test images, read once at the end (strict split)",
                }.items()
            },
        },
    )
    chosen = [found.rows[row] for row in picked.selection.rows if row < len(found.rows)]
    get["chosen"] = [run.id for run in chosen]
    if pages > 1:
        st.pagination(pages, key=f"page_{place}")
    st.html(html.caption(f"Runs found: {found.total:,}. Choose rows at their left edge."))

ids = [run.id for run in chosen]
with st.container(horizontal=True, vertical_alignment="center"):
    for run in chosen[:1]:
        st.page_link(
            "pages/run.py",
            label=f"Open run {run.id}",
            icon=":material/open_in_full:",
            query_params={"run": str(run.id)},
        )
    if len(chosen) > 1:
        st.page_link(
            "pages/compare.py",
            label=f"Compare {len(chosen)} runs",
            icon=":material/compare_arrows:",
            query_params={"run": ",".join(map(str, ids))},
        )
    if chosen and not deleted:
        idle = [run for run in chosen if not run.state.active]
        if st.button(
            "Delete",
            icon=":material/delete:",
            disabled=not idle,
            help="A run that trains or waits must be stopped first.",
        ):
            ask([run.name for run in idle], [run.id for run in idle])
    if chosen and deleted:
        st.button(
            "Take back", icon=":material/undo:", on_click=page.run_action, args=(take_back, ids)
        )
    if deleted and found.rows and st.button("Empty the bin", icon=":material/delete_forever:"):
        ask_for_good()

with st.container(horizontal=True, vertical_alignment="bottom"):
    st.download_button(
        "Table as CSV",
        lambda: table_csv(table(store, replace(query, page=0, size=EVERYTHING)).rows),
        "runs.csv",
        "text/csv",
        icon=":material/download:",
        help="Every run that is found, on all pages.",
        on_click="ignore",
        disabled=not found.rows,
    )
with st.expander("Take in runs of another lab", icon=":material/upload:"):
    archives = st.file_uploader(
        "Runs as zip files, as a run's page gives them",
        type="zip",
        accept_multiple_files=True,
        max_upload_size=megabytes(RUN_ARCHIVE),
        key=f"archives{get.get('imports', 0)}",
    )
    if archives:
        st.button("Import", on_click=page.run_action, args=(take_in, archives), type="primary")

if dots:
    plot.chart(charts.scatter(dots), "scatter")

live.auto_refresh(lab, [run.id for run in found.rows], lambda store: queue.show(lab))
