"""The queue as a list that can be put into another order."""

import streamlit as st

from mnistlab.home import Home
from mnistlab.store import queue
from mnistlab.store.run import Request
from mnistlab.store.store import Store
from mnistlab.text import duration
from mnistlab.ui.common import html, page
from mnistlab.worker.forecast import waiting_seconds
from mnistlab.worker.processes import ensure_workers, worker_count

SHOWN = 8


def show(lab: Home) -> None:
    """The runs that wait, in their order; nothing if none does, or only for a process to start."""
    store = Store(lab.runs)
    first, running, count = store.queue(SHOWN), store.running(), queue.queued_count(store)
    if count <= max(0, worker_count() - len(running)):
        return
    waits = waiting_seconds(running, first, worker_count(), queue.recent_runs(store))
    st.subheader("Queue", anchor=False)
    for place, (run, wait) in enumerate(zip(first, waits, strict=True), 1):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            begins = f"in about {duration(wait)}" if wait is not None else "not known yet"
            words = [f"{run.id} · {run.name}", run.owner, f"begins {begins}"]
            st.html(html.status(str(place), words), width="stretch")
            for label, told, action, values in (
                ("Run now", NOW, _run_now, (lab, run.id)),
                ("Up", "One place nearer to its turn.", queue.move, (store, run.id, -1)),
                ("Down", "One place later.", queue.move, (store, run.id, 1)),
                ("Cancel", "Out of the queue.", store.request, (run.id, Request.STOP)),
            ):
                st.button(
                    label,
                    type="tertiary",
                    help=told,
                    on_click=page.run_action,
                    args=(action, *values),
                    key=f"{label} {run.id}",
                    disabled=(label == "Up" and place == 1)
                    or (label == "Down" and place == count)
                    or (label == "Cancel" and bool(run.request)),
                )
    if count > len(first):
        st.html(html.caption(f"… and {count - len(first)} more."))


NOW = "It goes first; a run that trains steps back behind it and goes on afterwards."


def _run_now(lab: Home, run_id: int) -> None:
    queue.run_next(Store(lab.runs), run_id, worker_count())
    ensure_workers(lab)
