"""Runs while they train: their state, the buttons for it, their curves and figures."""

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
from mnistlab.store.classroom import permission
from mnistlab.store.run import Request, Run, RunSummary, State
from mnistlab.store.store import Store
from mnistlab.store.worker_slots import seconds_waiting
from mnistlab.text import duration, percent
from mnistlab.training.diagnosis import describe_failure
from mnistlab.training.epoch import Phase
from mnistlab.ui.common import html, page, plot
from mnistlab.ui.common.audience import AUDIENCE, session_id
from mnistlab.ui.common.page import Arguments
from mnistlab.ui.train.queue import position_text
from mnistlab.worker.processes import ensure_workers, kill_worker, worker_count

STARTING_SECONDS, ACTIVE_SECONDS, IDLE_SECONDS = 0.25, 1.0, 5.0
"""Time between two refreshes of a page: until a run's first step, while a run trains or waits, and
while none does."""
START_LIMIT = 15.0
"""Seconds after which a start takes its time, for instance for a download."""


def auto_refresh(home: Home, runs: Sequence[RunSummary], draw: Callable[[Store], None]) -> None:
    """Draw at regular intervals, and restart workers that have died.

    The whole page reruns as soon as a run starts or ends, even if another browser caused it. `runs`
    are what the page shows already: one that has ended since they were read reruns it, too.
    """
    store = Store.of(home)
    states = {run.id: run.state for run in runs}
    run_ids = sorted(states)
    try:
        before = (*queue.activity(store), *(states[run_id] for run_id in run_ids))
        is_starting = any_starts(store, run_ids)
    except LabError as error:
        page.show_error(error)
        return
    interval = IDLE_SECONDS if before[:2] == (0, 0) else ACTIVE_SECONDS
    interval = AUDIENCE.stretched(STARTING_SECONDS if is_starting else interval, session_id())

    @page.fragment(run_every=interval)
    def refresh() -> None:
        AUDIENCE.stretched(interval, session_id())  # still here
        page.show_action_error()
        warn_if_it_waits(store)
        try:
            ensure_workers(home)
            draw(store)
            changed = queue.activity(store, run_ids) != before
            if is_starting:  # else only a new run can start, which the activity tells
                changed |= not any_starts(store, run_ids)
        except LabError as error:
            page.show_error(error)
            return
        if changed:
            st.rerun()

    refresh()


def any_starts(store: Store, run_ids: Sequence[int]) -> bool:
    """Whether one of the runs has a worker, or is about to, but has not trained its first step."""
    running = store.running()
    n_free = worker_count() - len(running)
    started = [*running, *(store.queue(n_free) if n_free > 0 else ())]
    return any(
        run.id in run_ids
        and run.progress is None
        and not run.epochs_done
        and store.now() - (run.started or run.created) < START_LIMIT
        for run in started
    )


def controls(home: Home, run: RunSummary) -> None:
    """The buttons that a run's state allows, for those who may change the run."""
    store = Store.of(home)
    if permission.refusal(store, [run.id]):
        return

    def button(
        label: str,
        icon: str,
        action: Callable[Arguments, None],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> None:
        st.button(
            label,
            icon=f":material/{icon}:",
            on_click=page.run_action,
            args=(action, *args),
            kwargs=kwargs,
            key=f"{label}{run.id}",
        )

    if run.state is State.RUNNING and not run.request:
        button("Pause", "pause", store.request, run.id, Request.PAUSE)
    if run.state is State.RUNNING and run.request is not Request.STOP:
        button("Stop", "stop", store.request, run.id, Request.STOP)
    if run.state is State.RUNNING and seconds_silent(store, run) is not None:
        button("Kill process", "cancel", kill_worker, home, run.id)
    if run.state is State.QUEUED and not run.request:
        button("Cancel", "close", store.request, run.id, Request.STOP)
    if run.state.resumable and not run.deleted:
        button("Resume", "play_arrow", _resume, home, run.id)
        if run.epochs_done and not run.request:
            button("Finish now", "stop", _finish, home, run.id)


def _resume(home: Home, run_id: int) -> None:
    queue.resume(Store.of(home), run_id)
    ensure_workers(home)


def _finish(home: Home, run_id: int) -> None:
    Store.of(home).request(run_id, Request.STOP)
    ensure_workers(home)


def status(home: Home, run: RunSummary, has_controls: bool = True) -> None:
    """A run's state, message and buttons, with a bar for its progress."""
    words = [f"{run.id} · {run.name}", run.owner, status_text(Store.of(home), run)]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(html.status(run.state, words), width="stretch")
        if has_controls:
            controls(home, run)
    st.html(_progress_bar(home, run))


PENDING = {
    Request.STOP: "stopping…",
    Request.PAUSE: "pausing…",
    Request.PREEMPT: "returning to queue…",
}


def seconds_silent(store: Store, run: RunSummary) -> float | None:
    """`RunSummary.seconds_silent`; None while the store is locked: its process is not to blame."""
    if seconds_waiting(store) is not None:
        return None
    return run.seconds_silent(store.now())


def status_text(store: Store, run: RunSummary) -> str:
    """What a run is doing, or why it ended."""
    silent = seconds_silent(store, run)
    if silent is not None:
        return (
            f"No heartbeat for {duration(silent)}. If it does not recover, kill the process and "
            "resume the run."
        )
    if run.state.active and run.request in PENDING:
        # What the process does until it stops; a training step takes a moment only.
        step = "" if run.message in ("", Phase.TRAIN) else f" {run.message}."
        return PENDING[run.request] + step
    # What a process is doing stands at the bar: here its length would move the buttons.
    return "" if run.state is State.RUNNING else run.message


def _progress_bar(home: Home, run: RunSummary) -> Markup:
    done, planned = run.epochs_done, run.recipe.epochs
    if run.state is State.QUEUED:
        return html.progress(position_text(home, run), "", None)
    if run.state is not State.RUNNING:
        trained = f"{duration(run.seconds)} of training" if done else ""
        return html.progress(f"{done} of {planned} epochs", trained, done / planned)
    progress = run.progress
    if progress is None or progress.epoch <= done:
        doing = "" if run.message == Phase.TRAIN else run.message
        return html.progress(f"{done} of {planned} epochs", doing, None)
    epoch_seconds = (progress.total - progress.done) / max(progress.images_per_second, 1e-9)
    position = (
        f"Epoch {progress.epoch} of {planned} · {progress.done:,} of {progress.total:,} images · "
        f"{progress.images_per_second:,.0f} images/s"
    )
    if progress.phase != Phase.TRAIN:
        position = (
            f"Epoch {progress.epoch} of {planned} · {progress.phase}, "
            f"{progress.done:,} of {progress.total:,} images"
        )
        return html.progress(position, "", progress.done / progress.total)
    remaining = f"{duration(epoch_seconds)} left in this epoch"
    if run.seconds_left is not None:
        end = datetime.fromtimestamp(time.time() + run.seconds_left).strftime("%H:%M")
        remaining += f" · {duration(run.seconds_left)} in total, until {end}"
    return html.progress(position, remaining, progress.done / progress.total)


def warn_if_it_waits(store: Store) -> None:
    """Say that another program has locked the store and nothing trains meanwhile."""
    # A place that is always there, as in `warn_if_it_fails`.
    with st.container():
        waited = seconds_waiting(store)
        if waited is not None:
            page.show_warning(
                f"Another program has locked the store in {store.folder} for {duration(waited)}. "
                "Training waits for it and goes on by itself."
            )


def warn_if_it_fails(run: Run) -> None:
    """Say that a run does not learn, and what to change."""
    # A place that is always there: an element that comes or goes would replace all that follow, and
    # a chart would lose the reader's zoom.
    with st.container():
        if problem := describe_failure(run.epochs, run.spec, run.recipe):
            page.show_warning(problem)


def curves(run: Run, wide: bool) -> None:
    """A run's four charts; two in a row if there is room."""
    planned = run.recipe.epochs
    upper = st.columns(2) if wide else [st.container(), st.container()]
    lower = st.columns(2)
    article = article_result(run.spec)
    for place, name, figure in (
        (upper[0], "accuracy", charts.accuracy(run.epochs, planned, run.best_epoch, article)),
        (upper[1], "loss", charts.loss(run.epochs, planned)),
        (lower[0], "gap", charts.gap(run.epochs, planned)),
        (lower[1], "rate", charts.learning_rate(run.recipe, run.epochs)),
    ):
        with place:
            plot.chart(figure, f"{name}{run.id}")


def show_metrics(run: Run) -> None:
    """A run's figures; a dash stands for one that is not known yet, so that nothing moves."""
    last = run.epochs[-1] if run.epochs else None
    saved = str(run.best_epoch or "–")
    best = (f"Validation (best epoch: {saved})", percent(run.best.accuracy) if run.best else "–")
    pairs = [
        # All data selects no epoch, so there is no best one to name.
        ("Saved epoch", saved) if run.recipe.split is Split.ALL else best,
        ("Validation (last epoch)", percent(last.validation_accuracy) if last else "–"),
        ("Train (last epoch)", percent(last.train_accuracy) if last else "–"),
        ("Time per epoch", f"{run.seconds / run.epochs_done:.1f} s" if last else "–"),
    ]
    if run.recipe.split is not Split.ARTICLE:
        pairs.append(("Test accuracy", percent(run.test.accuracy) if run.test else "–"))
    st.html(html.metrics(pairs))
    if run.best_epoch:
        sentences = [
            f"Validation, best epoch: {run.best}." if run.best else "",
            f"Test: {run.test}." if run.test else "",
            run.recipe.split.explain(run.recipe.available_images)
            if run.state.active
            else run.recipe.split.selection,
        ]
        st.html(html.caption(" ".join(filter(None, sentences))))


def show_run(home: Home, run: Run, wide: bool = False) -> None:
    """One run's state, curves, figures, network and recipe."""
    status(home, run)
    warn_if_it_fails(run)
    curves(run, wide)
    show_metrics(run)
    settings = f"{run.parameters:,} parameters · {run.recipe}"
    st.html(html.mono(str(run.spec)) + html.caption(settings))


def show_runs(home: Home, runs: Sequence[Run]) -> None:
    """One run in full, or the states of several and their curves in shared charts."""
    if len(runs) == 1:
        show_run(home, runs[0])
        return
    for run in runs:
        status(home, run)
        warn_if_it_fails(run)
    if runs:
        key = "-".join(str(run.id) for run in runs)
        plot.chart(run_charts.compared_accuracy(runs), f"accuracy{key}")
        plot.chart(run_charts.compared_loss(runs), f"loss{key}")
