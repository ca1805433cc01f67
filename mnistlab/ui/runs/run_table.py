"""The table of runs: its filters, its rows, its pages, and the rows that are selected."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import streamlit as st

from mnistlab.store.run import RunSummary, State
from mnistlab.store.store import Store
from mnistlab.store.table import Query, Sort, Table, table
from mnistlab.ui.common import html, run_picker

PAGE_SIZE = 15
ROW_HEIGHT = 35
"""Pixels; the table shows a whole page, so it needs no scroll bar of its own."""
MAX_ROWS = 100_000
BEST, LAST, TEST = "Val. (best)", "Val. (last)", "Test"
ACCURACIES = {
    BEST: "Validation accuracy of the best epoch",
    LAST: "Validation accuracy of the last epoch",
    TEST: "Accuracy on the test images, which are used once, after the run",
}
SORT_LABELS = {sort: sort.name.capitalize() for sort in Sort} | {Sort.BEST: BEST, Sort.LAST: LAST}


@dataclass(frozen=True)
class TablePage:
    """One page of the table, the query behind it, and the number of pages."""

    query: Query
    table: Table
    n_pages: int

    @property
    def page_key(self) -> str:
        """The key of the control that turns pages; another query starts at its own page 1."""
        return f"page_{replace(self.query, page=0)}"

    @property
    def is_filtered(self) -> bool:
        return bool(self.query.text or self.query.states or self.query.deleted)


def filters() -> Query:
    """The controls above the table, as a query for its first page."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            placeholder="name, network, tag, owner, note",
            key="search",
            bind="query-params",
            width=260,
        )
        states = st.multiselect("State", list(State), key="states", width=260)
        sort = st.selectbox(
            "Sort by",
            [*Sort],
            format_func=SORT_LABELS.__getitem__,
            key="sort",
            bind="query-params",
            width=150,
        )
        descending = st.toggle("Descending", True, key="descending")
        deleted = st.toggle("Trash", key="trash")
    return Query(text, tuple(states), sort, descending, deleted, 0, PAGE_SIZE)


def load_page(store: Store, query: Query) -> TablePage:
    """The page that the reader has turned to. Raises StoreError if the store cannot be read."""
    total = table(store, replace(query, size=0)).total
    page = TablePage(query, Table([], total), max(1, -(-total // PAGE_SIZE)))
    state = st.session_state
    # The last page disappears with its last run.
    number = min(state.get(page.page_key, 1), page.n_pages)
    if page.page_key in state:
        state[page.page_key] = number
    query = replace(query, page=number - 1)
    return replace(page, query=query, table=table(store, query))


def all_rows(store: Store, query: Query) -> list[RunSummary]:
    """The runs on all pages of a query."""
    return table(store, replace(query, page=0, size=MAX_ROWS)).rows


def show(page: TablePage) -> list[RunSummary]:
    """Show one page; the runs that are selected on it."""
    rows, state = page.table.rows, st.session_state
    if not rows:
        st.html(html.empty(NO_MATCH if page.is_filtered else run_picker.NO_RUNS))
        return []
    selected_ids = state.get("selected_ids", [])
    event = st.dataframe(
        [_cells(run) for run in rows],
        hide_index=True,
        height=ROW_HEIGHT * (len(rows) + 1) + 3,
        placeholder="–",
        on_select="rerun",
        selection_mode="multi-row",
        # Streamlit selects by position. Other rows make another table, so that a new run does not
        # shift the selection; the runs that were selected are selected in the new table too.
        key=f"table_{'_'.join(str(run.id) for run in rows)}",
        selection_default={
            "selection": {"rows": [n for n, run in enumerate(rows) if run.id in selected_ids]}
        },
        column_config=_columns(),
    )
    selected = [rows[row] for row in event.selection.rows if row < len(rows)]
    state["selected_ids"] = [run.id for run in selected]
    if page.n_pages > 1:
        st.pagination(page.n_pages, key=page.page_key)
    total = page.table.total
    st.html(html.caption(f"{total:,} run{'s' * (total != 1)}. Select rows at the left."))
    return selected


NO_MATCH = "No runs match. Clear the filters."


def _cells(run: RunSummary) -> dict[str, object]:
    """A run as a row of the table; accuracies in percent, so that they line up."""
    return {
        "#": run.id,
        "Name": run.name,
        "State": run.state.value,
        "Parameters": run.parameters,
        BEST: run.best and 100 * run.best.accuracy,
        LAST: run.last and 100 * run.last.accuracy,
        TEST: run.test and 100 * run.test.accuracy,
        "Epochs": f"{run.epochs_done}/{run.recipe.epochs}",
        "Seconds": round(run.seconds),
        "Seed": run.recipe.seed,
        "Owner": run.owner,
        "Tags": " ".join(run.tags),
        "Protocol": run.recipe.split.label,
        "Network": str(run.spec),
        "Created": datetime.fromtimestamp(run.created).strftime("%Y-%m-%d %H:%M"),
    }


def _columns() -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "#": number(width=45),
        "Name": text(width="medium"),
        "Parameters": number(format="localized", width=90),
        "Network": text(width="large"),
        "Seconds": number(format="localized", width=70, help="Training time"),
        **{
            name: number(format="%.2f%%", width=90, help=meaning)
            for name, meaning in ACCURACIES.items()
        },
    }
