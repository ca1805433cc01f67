"""The table of runs: its filters, its rows, its pages, and the rows that are selected."""

from dataclasses import dataclass, replace

import streamlit as st

from mnistlab.store.run import RunSummary, State
from mnistlab.store.store import Store
from mnistlab.store.table import Query, Sort, Table, table
from mnistlab.text import quantity
from mnistlab.ui.common import html, run_picker
from mnistlab.ui.runs import table_element
from mnistlab.ui.runs.table_element import BEST, LAST

PAGE_SIZE = 15
MAX_ROWS = 100_000
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
    def has_filters(self) -> bool:
        return bool(self.query.text or self.query.states)

    @property
    def is_filtered(self) -> bool:
        return self.has_filters or self.query.deleted


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
    if state.get(page.page_key, number) != number:
        state[page.page_key] = number
    query = replace(query, page=number - 1)
    return replace(page, query=query, table=table(store, query))


def all_rows(store: Store, query: Query) -> list[RunSummary]:
    """The runs on all pages of a query."""
    return table(store, replace(query, page=0, size=MAX_ROWS)).rows


def show(page: TablePage) -> list[RunSummary]:
    """Show one page; the runs that are selected on it."""
    rows, state = page.table.rows, st.session_state
    if page.table.unreadable and not rows:
        return []
    if not rows:
        if page.query.deleted and not page.has_filters:
            st.html(html.empty("The trash is empty."))
        elif page.is_filtered:
            st.html(html.empty(NO_MATCH))
        else:
            run_picker.show_no_runs()
        return []
    # Other rows make another table; what was selected stays selected there.
    state["selected_ids"] = table_element.show(rows, state.get("selected_ids", []))
    selected = [run for run in rows if run.id in state["selected_ids"]]
    if page.n_pages > 1:
        st.pagination(page.n_pages, key=page.page_key)
    count = quantity(page.table.total, "run")
    st.html(html.caption(f"{count}. Click a name to open the run; select rows to compare."))
    return selected


NO_MATCH = "No runs match. Clear the filters."
