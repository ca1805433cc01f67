"""The queue as a list that can be put into another order."""

import streamlit as st

from mnistlab.home import Home
from mnistlab.runs.forecast import duration, speed, waiting_seconds
from mnistlab.runs.jobs import tend, workers
from mnistlab.runs.state import Request
from mnistlab.runs.store import Store
from mnistlab.runs.table import newest
from mnistlab.ui import page, parts

SHOWN = 8


def show(lab: Home) -> None:
    """What trains, what waits, and in which order; nothing if nothing waits."""
    store = Store(lab.runs)
    queue, running = store.queue(), store.running()
    if not queue:
        return
    waits = waiting_seconds(running, queue, workers(), speed(newest(store, 50)))
    st.subheader("Queue", anchor=False)
    for place, (run, wait) in enumerate(zip(queue[:SHOWN], waits, strict=False), 1):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            begins = f"in about {duration(wait)}" if wait is not None else "not known yet"
            st.html(
                parts.status(str(place), [f"{run.id} · {run.name}", run.who, f"begins {begins}"]),
                width="stretch",
            )
            for label, action, values in (
                ("Run now", _run_now, (lab, run.id)),
                ("Up", store.move, (run.id, -1)),
                ("Down", store.move, (run.id, 1)),
                ("Cancel", store.request, (run.id, Request.STOP)),
            ):
                st.button(
                    label,
                    type="tertiary",
                    help=HELP[label],
                    on_click=page.attempt,
                    args=(action, *values),
                    key=f"{label} {run.id}",
                    disabled=(label == "Up" and place == 1)
                    or (label == "Down" and place == len(queue)),
                )
    if len(queue) > SHOWN:
        st.html(parts.note(f"… and {len(queue) - SHOWN} more."))


HELP = {
    "Run now": "It goes first; a run that trains steps back behind it and goes on afterwards.",
    "Up": "One place nearer to its turn.",
    "Down": "One place later.",
    "Cancel": "Out of the queue.",
}


def _run_now(lab: Home, run_id: int) -> None:
    Store(lab.runs).run_now(run_id, workers())
    tend(lab)
