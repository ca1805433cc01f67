"""Runs as they train: where they stand, what can be done with them, their curves."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

import streamlit as st

from mnistlab.arch.presets import article_result
from mnistlab.charts import epochs as charts
from mnistlab.charts import results as run_charts
from mnistlab.data.options import Split
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.markup import Markup
from mnistlab.store import queue
from mnistlab.store.run import Request, Run, RunSummary, State
from mnistlab.store.store import Store
from mnistlab.text import duration, percent
from mnistlab.ui.common import html, page, plot
from mnistlab.worker.forecast import waiting_seconds
from mnistlab.worker.processes import ensure_workers, kill_worker, worker_count

POLL_SECONDS = 1.0
IDLE_SECONDS = 5.0
"""How often a page looks while something trains, and while nothing does."""
FAR = 100
"""Queued runs behind which nothing is forecast."""


def auto_refresh(lab: Home, run_ids: Sequence[int], draw: Callable[[Store], None]) -> None:
    """Draw now and again and keep the workers going; the whole page anew when something begins or
    ends, here or in another browser.
    """
    store = Store(lab.runs)
    try:
        before = queue.activity(store, run_ids)
    except LabError as error:
        page.show_error(error)
        return
    busy = before[:2] != (0, 0)

    @st.fragment(run_every=POLL_SECONDS if busy else IDLE_SECONDS)
    def look() -> None:
        page.show_action_error()
        try:
            ensure_workers(lab)
            draw(store)
            changed = queue.activity(store, run_ids) != before
        except LabError as error:
            page.show_error(error)
            return
        if changed:
            st.rerun()

    look()


def controls(lab: Home, run: RunSummary) -> None:
    """The buttons for what can be done with a run in its state."""
    store = Store(lab.runs)

    def button(label: str, icon: str, action: Callable[..., object], *values: object) -> None:
        key = f"{label}{run.id}"
        st.button(
            label,
            icon=f":material/{icon}:",
            on_click=page.run_action,
            args=(action, *values),
            key=key,
        )

    if run.state is State.RUNNING and not run.request:
        button("Pause", "pause", store.request, run.id, Request.PAUSE)
    if run.state is State.RUNNING and run.request is not Request.STOP:
        button("Stop", "stop", store.request, run.id, Request.STOP)
    if run.state is State.RUNNING and run.seconds_silent(time.time()) is not None:
        button("End its process", "cancel", kill_worker, lab, run.id)
    if run.state is State.QUEUED and not run.request:
        button("Cancel", "close", store.request, run.id, Request.STOP)
    if run.state.resumable and not run.deleted:
        button("Resume", "play_arrow", _resume, lab, run.id)
        if run.epochs_done and not run.request:
            button("End here", "stop", _end, lab, run.id)


def _resume(lab: Home, run_id: int) -> None:
    queue.resume(Store(lab.runs), run_id)
    ensure_workers(lab)


def _end(lab: Home, run_id: int) -> None:
    Store(lab.runs).request(run_id, Request.STOP)
    ensure_workers(lab)


def status(lab: Home, run: RunSummary) -> None:
    """A run's state in words, with its buttons and a bar for the epoch that it is in."""
    words = [f"{run.id} · {run.name}", run.owner, _doing(run)]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(html.status(run.state, words), width="stretch")
        controls(lab, run)
    st.html(_bar(lab, run))


def _doing(run: RunSummary) -> str:
    quiet = run.seconds_silent(time.time())
    if quiet is not None:
        return (
            f"not heard of for {duration(quiet)}: its process may hang, or the machine slept. End "
            "its process if it does not come back; the run can then be resumed."
        )
    asked = {Request.STOP: "stopping …", Request.PAUSE: "pausing …", Request.PREEMPT: "yielding …"}
    if run.state.active and run.request in asked:
        return asked[run.request]
    return "" if run.message == "Training" else run.message


def _bar(lab: Home, run: RunSummary) -> Markup:
    done, planned = run.epochs_done, run.recipe.epochs
    if run.state is State.QUEUED:
        return html.progress(_place(lab, run), "", None)
    if run.state is not State.RUNNING:
        trained = f"{duration(run.seconds)} of training" if done else ""
        return html.progress(f"{done} of {planned} epochs", trained, done / planned)
    progress = run.progress
    if progress is None or progress.epoch <= done:
        return html.progress(f"{done} of {planned} epochs", "", None)
    left = (progress.total - progress.done) / max(progress.images_per_second, 1e-9)
    words = (
        f"Epoch {progress.epoch} of {planned} · {progress.done:,} of {progress.total:,} digits · "
        f"{progress.images_per_second:,.0f} images/s"
    )
    rest = f"{duration(left)} left in this epoch"
    if run.seconds_left is not None:
        end = datetime.fromtimestamp(time.time() + run.seconds_left).strftime("%H:%M")
        rest += f" · {duration(run.seconds_left)} to the end, at {end}"
    return html.progress(words, rest, progress.done / progress.total)


def _place(lab: Home, run: RunSummary) -> str:
    """Which place in the queue a run has, what it waits for, and for about how long."""
    store = Store(lab.runs)
    ahead, running = store.queue(FAR), store.running()
    ids = [each.id for each in ahead]
    if run.id not in ids:
        return f"In the queue, behind more than {FAR} others"
    index = ids.index(run.id)
    if index < worker_count() - len(running):
        return "A training process is starting"
    behind = [f"run {each}" for each in (*(one.id for one in running), *ids[:index])]
    names = f", behind {', '.join(behind[:4])}{' …' if len(behind) > 4 else ''}" if behind else ""
    wait = waiting_seconds(running, ahead, worker_count(), queue.recent_runs(store))[index]
    begins = f"; begins in about {duration(wait)}" if wait is not None else ""
    return f"Place {index + 1} in the queue{names}{begins}"


def curves(run: Run, wide: bool) -> None:
    """A run's four charts; where there is room, two in a row."""
    planned = run.recipe.epochs
    above, below = (st.columns(2) if wide else [st.container(), st.container()]), st.columns(2)
    for place, name, figure in (
        (
            above[0],
            "accuracy",
            charts.accuracy(run.epochs, planned, run.best_epoch, article_result(run.spec)),
        ),
        (above[1], "loss", charts.loss(run.epochs, planned)),
        (below[0], "gap", charts.gap(run.epochs, planned)),
        (below[1], "rate", charts.learning_rate(run.recipe, run.epochs)),
    ):
        with place:
            plot.chart(figure, f"{name}{run.id}")


def figures(run: Run) -> None:
    """What it came to; with dashes where nothing is known yet, so that nothing jumps."""
    last = run.epochs[-1] if run.epochs else None
    kept = f"epoch {run.best_epoch or '–'}"
    best = (f"Best validation, {kept}", percent(run.best.accuracy) if run.best else "–")
    # Where nothing is chosen there is no best epoch to name.
    pairs = [
        ("Kept", kept) if run.recipe.split is Split.ALL else best,
        ("Last validation", percent(last.validation_accuracy) if last else "–"),
        ("Last train", percent(last.train_accuracy) if last else "–"),
        ("An epoch", f"{run.seconds / run.epochs_done:.1f} s" if last else "–"),
    ]
    if run.recipe.split is not Split.ARTICLE:
        pairs.append(("Test, read once", percent(run.test.accuracy) if run.test else "–"))
    st.html(html.metrics(pairs))
    if run.best_epoch:
        told = f"Best: {run.best}. " if run.best else ""
        told += run.recipe.split.selection
        st.html(html.caption(f"{told} Test: {run.test}." if run.test else told))


def one(lab: Home, run: Run, wide: bool = False) -> None:
    """Everything about one run's course."""
    status(lab, run)
    curves(run, wide)
    figures(run)
    total = f"{run.parameters:,} parameters · {run.recipe}"
    st.html(html.mono(str(run.spec)) + html.caption(total))


def several(lab: Home, runs: Sequence[Run]) -> None:
    """Several runs: where each stands, and their curves over each other."""
    for run in runs:
        status(lab, run)
    key = "-".join(str(run.id) for run in runs)
    plot.chart(run_charts.compared_accuracy(runs), f"accuracy{key}")
    plot.chart(run_charts.compared_loss(runs), f"loss{key}")
