"""The board of a class: for a projector, and kept up to date while it is looked at."""

from collections.abc import Sequence
from dataclasses import replace
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
from mnistlab.text import percent, percent_range
from mnistlab.ui.classroom.addresses import join_address
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
    current, ranked, newest = _contents(replace(home, actor=OPERATOR), store.file_state())
    if current is None:
        return
    if current.rules.hides_names:
        ranked = [replace(each, name="") for each in ranked]
    st.html(_head(current, newest))
    if not ranked:
        st.html(html.empty(EMPTY))
        return
    with st.container(key="board"):
        chart, table = st.columns([3, 2], gap="medium")
        with chart:
            run_id = plot.chart(class_board(ranked), "board_chart")
            st.html(html.caption(CAPTION))
        with table:
            st.html(_table(ranked, store.actor.person))
    if run_id:
        st.switch_page("pages/run.py", query_params={"run": str(run_id)})


# Everybody's page asks again and again; the answer only changes with the store.
@lru_cache(maxsize=8)
def _contents(home: Home, state: FileState) -> tuple[Class | None, list[Standing], list[Result]]:
    """What the board shows, the same for everybody."""
    store = Store(home.runs)
    return people.the_class(store), standings(store), newest_results(store, N_NEW)


def _head(current: Class, newest: Sequence[Result]) -> Markup:
    """Where to join, whether the class is paused, and what is new, which screen readers announce.

    There is always a line for each, so that nothing moves.
    """
    news = (
        fill("<li>{} {}</li>", "A network" if current.rules.hides_names else each.name, _text(each))
        for each in newest
    )
    return fill(
        '<div class="lab-board-head"><div class="lab-board-join"><img alt="" src="{}">'
        "<span>Join at</span><b>{}</b>{}"
        '</div><ul role="status" aria-label="Newest results">{}</ul></div>',
        image_qr(join_address()),
        join_address(),
        Markup('<em class="lab-board-paused">Paused</em>') if current.rules.is_paused else "",
        join(news),
    )


def _text(result: Result) -> str:
    return f"reached {percent(result.best.accuracy)} with {result.parameters:,} parameters"


def _table(ranked: Sequence[Standing], viewer: int | None) -> Markup:
    """The standings; the viewer's own line is marked."""
    lines = join(
        fill(
            '<tr{own}><td>{rank}</td><td class="lab-left">'
            '<a href="run?run={run}">{name}</a></td>'
            "<td>{accuracy}<small>{interval}</small></td><td>{parameters:,}</td></tr>",
            own=Markup(' class="lab-reach"') if each.person == viewer else "",
            rank=each.rank,
            run=each.run_id,
            name=_name(each, viewer),
            accuracy=percent(each.best.accuracy),
            interval=percent_range(*each.best.confidence_interval),
            parameters=each.parameters,
        )
        for each in ranked
    )
    return fill(
        '<div class="lab-board-table" tabindex="0" role="region" aria-label="Standings">'
        '<table class="lab-table lab-flat"><tr><th>Rank</th><th class="lab-left">Name</th>'
        "<th>Accuracy <small>95% CI</small></th><th>Parameters</th></tr>{}</table></div>",
        lines,
    )


def _name(standing: Standing, viewer: int | None) -> str:
    you = "you" if standing.person == viewer else ""
    if not standing.name:
        return you.capitalize() or f"Run {standing.run_id}"
    return f"{standing.name} ({you})" if you else standing.name
