"""The queue: the position of each run, and the buttons that change it."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from mnistlab.cluster.overview import concurrency
from mnistlab.home import Home
from mnistlab.store import queue
from mnistlab.store.classroom import permission
from mnistlab.store.run import Request, RunSummary
from mnistlab.store.store import Store
from mnistlab.text import duration
from mnistlab.ui.common import html, page
from mnistlab.ui.train import cluster_panel, watched
from mnistlab.worker.forecast import waiting_seconds
from mnistlab.worker.processes import ensure_workers
from mnistlab.worker.source_search import teacher_spec

SHOWN = 8
FORECAST = 100
"""Queued runs that a position and a start time are computed for."""
NAMED = 4
"""Runs that are named in front of a queued one."""


def show(home: Home) -> None:
    """The cluster, if there is one; the queued runs, if one waits for longer than a start."""
    cluster_panel.show(home)
    store = Store.of(home)
    queued, running, count = store.queue(SHOWN), store.running(), queue.queued_count(store)
    if count <= max(0, concurrency(home) - len(running)):
        return
    waits = _waits(home, running, queued)
    st.header("Queue", anchor=False)
    for position, (run, wait) in enumerate(zip(queued, waits, strict=True), 1):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            start = f"starts in about {duration(wait)}" if wait is not None else ""
            if queue.is_held_back(store, run.id):
                start = "waits: the class is paused"
            words = [f"{run.id} · {run.name}", run.owner, start]
            st.html(html.status(str(position), words), width="stretch")
            _buttons(home, store, run, position, count)
    if count > len(queued):
        st.html(html.caption(f"… and {count - len(queued)} more."))
    started = st.session_state.get(watched.STARTED, [])
    mine = [run.id for run in store.queue() if run.id in started] if len(started) > 1 else []
    if len(mine) > 1:
        st.button(
            "Cancel all of mine",
            icon=":material/close:",
            help="Remove the runs that you have started on this page from the queue.",
            on_click=page.run_action,
            args=(queue.cancel, store, mine),
            key="cancel_mine",
        )


def _waits(
    home: Home, running: Sequence[RunSummary], queued: Sequence[RunSummary]
) -> list[float | None]:
    """The estimated seconds until each queued run starts."""
    recent = queue.recent_runs(Store.of(home))
    return waiting_seconds(running, queued, concurrency(home), recent, partial(teacher_spec, home))


def _buttons(home: Home, store: Store, run: RunSummary, position: int, count: int) -> None:
    if permission.refusal(store, [run.id]):
        return
    for label, description, action, values, disabled in (
        ("Run next", RUN_NEXT, _run_next, (home, run.id), False),
        ("Up", "Move up.", queue.move, (store, run.id, -1), position == 1),
        ("Down", "Move down.", queue.move, (store, run.id, 1), position == count),
        ("Cancel", "Remove from queue.", store.request, (run.id, Request.STOP), bool(run.request)),
    ):
        st.button(
            label,
            type="tertiary",
            help=description,
            on_click=page.run_action,
            args=(action, *values),
            key=f"{label} {run.id}",
            disabled=disabled,
        )


RUN_NEXT = "Run next: pauses the current run, then resumes it."


def _run_next(home: Home, run_id: int) -> None:
    queue.run_next(Store.of(home), run_id, concurrency(home))
    ensure_workers(home)


def position_text(home: Home, run: RunSummary) -> str:
    """A queued run's position, the runs before it, and about how long it waits."""
    store = Store.of(home)
    queued, running = store.queue(FORECAST), store.running()
    ids = [each.id for each in queued]
    if run.id not in ids:
        return f"In the queue, after more than {FORECAST} others"
    if queue.is_held_back(store, run.id):
        return "In the queue; waits: the class is paused"
    index = ids.index(run.id)
    if index < concurrency(home) - len(running):
        return "Starting worker…"
    before = [f"run {run_id}" for run_id in (*(each.id for each in running), *ids[:index])]
    names = ", ".join(before[:NAMED]) + "…" * (len(before) > NAMED)
    after = f", after {names}" if before else ""
    wait = _waits(home, running, queued)[index]
    start = f"; starts in about {duration(wait)}" if wait is not None else ""
    return f"Position {index + 1} in queue{after}{start}"
