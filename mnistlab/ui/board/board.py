"""The board of a class: for a projector, and kept up to date while it is looked at."""

from dataclasses import dataclass, replace
from functools import lru_cache

import streamlit as st

from mnistlab.actor import OPERATOR
from mnistlab.charts.class_board import class_board
from mnistlab.classroom.qr import image_qr
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.markup import Markup, fill, join
from mnistlab.store.classroom import people
from mnistlab.store.classroom.people import Class
from mnistlab.store.classroom.standings import Result, Standing, newest_results, standings
from mnistlab.store.store import FileState, Store
from mnistlab.text import percent, quantity
from mnistlab.ui.board import standings_table
from mnistlab.ui.classroom.addresses import join_address
from mnistlab.ui.classroom.session_task import parameter_limit
from mnistlab.ui.common import html, page, plot
from mnistlab.ui.common.audience import AUDIENCE, session_id
from mnistlab.ui.train import queue
from mnistlab.worker.processes import ensure_workers

SECONDS = 2.0
"""Between two looks at the standings."""
N_NEW = 3
EMPTY = "No results yet. Start a network on the Train page: its best epoch appears here."

CAPTION = (
    "On the Pareto front nobody is more accurate with fewer parameters. 1+2: two more at the same "
    "place. A point, or a name in the table, opens the run."
)


@dataclass(frozen=True)
class Contents:
    """What the board shows, the same for everybody."""

    current: Class
    n_students: int
    ranked: list[Standing]
    newest: list[Result]


def show(home: Home) -> None:
    """The board, drawn again at regular intervals; for the teacher with the queue below it."""
    store = Store.of(home)
    interval = AUDIENCE.stretched(SECONDS, session_id())

    @page.fragment(run_every=interval)
    def refresh() -> None:
        AUDIENCE.stretched(interval, session_id())  # still here
        page.show_action_error()
        try:
            ensure_workers(home)
            _draw(home, store)
            if store.actor.is_teacher:
                queue.show(home)
        except LabError as error:
            page.show_error(error)

    refresh()


def _draw(home: Home, store: Store) -> None:
    contents = _contents(replace(home, actor=OPERATOR), store.file_state())
    if contents is None:
        return
    ranked = contents.ranked
    if contents.current.rules.hides_names:
        ranked = [replace(each, name="") for each in ranked]
    st.html(_head(contents))
    if not ranked:
        st.html(html.empty(EMPTY))
        return
    with st.container(key="board"):
        chart, table = st.columns([3, 2], gap="medium")
        with chart:
            run_id = plot.chart(class_board(ranked, parameter_limit()), "board_chart")
        with table:
            run_id = standings_table.show(ranked, store.actor.person) or run_id
        st.html(html.caption(CAPTION))
    if run_id:
        st.switch_page("pages/run.py", query_params={"run": str(run_id)})


# Everybody's page asks again and again; the answer only changes with the store.
@lru_cache(maxsize=8)
def _contents(home: Home, state: FileState) -> Contents | None:
    store = Store(home.runs)
    current = people.the_class(store)
    if current is None:
        return None
    n_students = sum(not each.is_teacher for each in people.people(store))
    return Contents(current, n_students, standings(store), newest_results(store, N_NEW))


def _head(contents: Contents) -> Markup:
    """Where to join, whether the class is paused, and what is new, which screen readers announce.

    Before the first result the address is what the class looks at, and large. Afterwards there is
    always a line for each result, so that nothing moves.
    """
    current = contents.current
    news = (
        fill("<li>{} {}</li>", "A network" if current.rules.hides_names else each.name, _text(each))
        for each in contents.newest
    )
    return fill(
        '<div class="lab-board-head{}"><div class="lab-board-join"><img alt="" src="{}">'
        "<p><span>Join at</span> <b>{}</b><span>{} joined</span>{}"
        '</p></div><ul role="status" aria-label="Newest results">{}</ul></div>',
        "" if contents.ranked else " lab-board-start",
        image_qr(join_address()),
        join_address(),
        quantity(contents.n_students, "student"),
        Markup('<em class="lab-board-paused">Paused</em>') if current.rules.is_paused else "",
        join(news),
    )


def _text(result: Result) -> str:
    return f"reached {percent(result.best.accuracy)} with {result.parameters:,} parameters"
