"""What only the teacher sees below the board: people, rules, the queue, exports."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from mnistlab.classroom.rules import BOUNDS, Rules
from mnistlab.home import Home
from mnistlab.report.classroom import class_report
from mnistlab.report.document import Report
from mnistlab.report.html import html as report_html
from mnistlab.report.markdown import markdown
from mnistlab.store import queue
from mnistlab.store.classroom import people
from mnistlab.store.classroom.control import clear_queue, continue_class, pause_class
from mnistlab.store.classroom.people import LESSON_SECONDS, Class
from mnistlab.store.classroom.standings import standings
from mnistlab.store.exchange.export import standings_csv, table_csv
from mnistlab.store.store import Store
from mnistlab.store.table import Query, Sort, table
from mnistlab.ui.board import manage_people
from mnistlab.ui.classroom.lesson.task_panel import manage_task
from mnistlab.ui.common import html, page
from mnistlab.ui.downloads.buttons import Download, download_buttons
from mnistlab.ui.runs.run_table import MAX_ROWS

LIMITS = {
    "max_queued": ("Queued runs per person", "Runs that may wait at a time."),
    "max_epochs": ("Epochs per run", "A longer run is refused."),
    "max_minutes": ("Training minutes per person", "Counted since the lesson began."),
}
SWITCHES = {
    "types_names": ("Typed nicknames", "Off: the app draws a name of two words."),
    "hides_names": (
        "Hide names",
        "Students see their own alone, on every page. You see all, except on the board.",
    ),
}
RESET = (
    "For the next lesson: everybody's training minutes and turns in the queue count from 0. A "
    f"class opened {LESSON_SECONDS / 3600:.0f} hours after its lesson began does so by itself."
)


def show(home: Home, current: Class) -> None:
    """The controls of the teacher. What they call refuses everybody else."""
    store = Store.of(home)
    st.header("Manage the class", anchor=False)
    _queue_buttons(home, store, current)
    page.show_tabs(
        {
            "People": partial(manage_people.show, home),
            "Task": partial(manage_task, home),
            "Rules": partial(_rules, store, current.rules),
            "Export": partial(_exports, store, current.title),
        }
    )


def _queue_buttons(home: Home, store: Store, current: Class) -> None:
    with st.container(horizontal=True):
        if current.rules.is_paused:
            st.button(
                "Continue",
                icon=":material/play_arrow:",
                type="primary",
                on_click=page.run_action,
                args=(continue_class, store),
            )
        else:
            st.button(
                "Pause all",
                icon=":material/pause:",
                on_click=page.run_action,
                args=(pause_class, store),
                help="Students' runs wait; those that train go on from their last epoch later.",
            )
        if st.button("Clear queue", icon=":material/playlist_remove:"):
            _confirm_clearing(store)


@st.dialog("Clear the queue?")
def _confirm_clearing(store: Store) -> None:
    st.write(f"This cancels {queue.queued_count(store)} queued runs. Running ones continue.")
    if st.button("Cancel queued runs", type="primary"):
        page.run_action(clear_queue, store)
        st.rerun()


def _rules(store: Store, rules: Rules) -> None:
    with st.form("rules"):
        with st.container(horizontal=True):
            for name, (label, description) in LIMITS.items():
                least, most = BOUNDS[name]
                st.number_input(
                    label, least, most, getattr(rules, name), key=f"rule_{name}", help=description
                )
        for name, (label, description) in SWITCHES.items():
            st.checkbox(label, getattr(rules, name), key=f"rule_{name}", help=description)
        st.form_submit_button(
            "Save rules", type="primary", on_click=page.run_action, args=(_save_rules, store)
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Reset minutes",
            icon=":material/restart_alt:",
            on_click=page.run_action,
            args=(people.begin_lesson, store),
            key="reset_minutes",
        )
        st.html(html.caption(RESET))


def _save_rules(store: Store) -> None:
    """Save what the form has; what another page changed meanwhile stays."""
    current = people.the_class(store)
    if current:
        values = {name: st.session_state[f"rule_{name}"] for name in (*LIMITS, *SWITCHES)}
        people.set_rules(store, Rules(**{**vars(current.rules), **values}))


def _exports(store: Store, title: str) -> None:
    def report(write: Callable[[Report], str]) -> str:
        return write(class_report(title, standings(store)))

    def runs() -> str:
        return table_csv(table(store, Query(sort=Sort.OWNER, size=MAX_ROWS)).rows)

    download_buttons(
        *(
            Download(label, build, file_name, key=file_name, icon=f":material/{icon}:")
            for label, build, file_name, icon in (
                (
                    "Standings (CSV)",
                    lambda: standings_csv(standings(store)),
                    "standings.csv",
                    "download",
                ),
                ("All runs (CSV)", runs, "class-runs.csv", "download"),
                ("Report (HTML)", partial(report, report_html), "class.html", "description"),
                ("Report (Markdown)", partial(report, markdown), "class.md", "description"),
            )
        )
    )
    st.caption("Your exports have the names, even if they are hidden.")
