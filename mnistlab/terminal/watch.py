"""Watching one or several runs in a terminal until they end."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from mnistlab.cluster.overview import why_nothing_trains
from mnistlab.data.options import Split
from mnistlab.experiments.search.search import Search, search_runs
from mnistlab.experiments.search.trials import advance, resume_trials
from mnistlab.experiments.seeds import pause_runs
from mnistlab.home import Home, default_home
from mnistlab.stats.score import Score
from mnistlab.store.database.errors import Cause, StoreError
from mnistlab.store.run import Request, Run, State
from mnistlab.store.store import Store
from mnistlab.text import duration, percent
from mnistlab.training.early_stopping import selected_epoch
from mnistlab.worker.processes import cores, ensure_workers

Result = TypeVar("Result")
POLL_SECONDS, POLL_SECONDS_OF_ALL = 0.25, 1.0
"""Between updates of one run, and of several."""


def watch(store: Store, run_id: int, n_printed: int = 0) -> State:
    """Print a run's epochs after the first `n_printed` as they end, with a progress bar.

    The first Ctrl-C stops the run and waits for its end.
    """
    bar, told = Bar(), ""
    with first_interrupt() as interrupted:
        while True:
            run = _run(store, run_id)
            for epoch in run.epochs[n_printed:]:
                bar.end()
                print(
                    f"epoch {epoch.number:>3}  train {percent(epoch.train_accuracy)}  validation "
                    f"{percent(epoch.validation_accuracy)} ({epoch.validation_errors} errors)  "
                    f"{epoch.seconds:.1f} s  {epoch.images_per_second:,.0f} images/s",
                    flush=True,
                )
            n_printed = len(run.epochs)
            if not run.state.active:
                break
            _show_progress(bar, run)
            told = _tell_why_nothing_trains(bar, told)
            if interrupted() and run.request is not Request.STOP:
                until_free(lambda: store.request(run_id, Request.STOP))
            until_free(lambda: ensure_workers(default_home()))
            time.sleep(POLL_SECONDS)
    bar.end()
    _print_result(run)
    return run.state


def _run(store: Store, run_id: int) -> Run:
    run = until_free(lambda: store.run(run_id))
    assert run is not None
    return run


def until_free(action: Callable[[], Result]) -> Result:
    """The action's result; while another program has locked the store, it is tried again."""
    while True:
        try:
            return action()
        except StoreError as error:
            if error.cause is not Cause.BUSY:
                raise
            time.sleep(POLL_SECONDS)


def _show_progress(bar: "Bar", run: Run) -> None:
    if progress := run.progress:
        remaining = f", {duration(run.seconds_left)} left" if run.seconds_left else ""
        fraction = progress.epoch_fraction
        bar.show(f"epoch {progress.epoch} of {run.recipe.epochs}{remaining}", fraction)
    else:
        bar.show(run.message or run.state, 0.0)


def _tell_why_nothing_trains(bar: "Bar", told: str) -> str:
    """Print why the runs wait for a cluster, unless that was `told` last; what was told now."""
    reason = why_nothing_trains(default_home())
    if reason and reason != told:
        bar.end()
        print(reason, file=sys.stderr, flush=True)
    return reason


def _print_result(run: Run) -> None:
    if epoch := selected_epoch(run.recipe, run.epochs):
        kind = "last" if run.recipe.split is Split.ALL else "best"
        print(f"{kind} epoch {epoch.number}, validation: {epoch.validation}")
    if run.test:
        print(f"test: {run.test}")
    if run.message:
        print(run.message, file=sys.stderr)


def share_cores(runs: int) -> None:
    """Train as many runs at a time as there are cores, unless the environment sets another number.

    Two runs with one thread each are faster than one after the other with two threads. These
    settings are for this command's workers, so none of them waits for another run.
    """
    os.environ.setdefault("MNISTLAB_IDLE", "0")
    os.environ.setdefault("MNISTLAB_WORKERS", str(min(cores(), runs)))
    os.environ.setdefault("MNISTLAB_THREADS", str(max(1, cores() // runs)))


def exit_status(runs: Sequence[Run]) -> int:
    """0 if all runs are done, else 2 with a message."""
    if n_missing := sum(run.state is not State.DONE for run in runs):
        print(f"{n_missing} of {len(runs)} runs are not done. Repeat the command to resume.")
    return 2 if n_missing else 0


def watch_all(store: Store, ids: Sequence[int]) -> list[Run]:
    """Print each run when it ends; return all. Ctrl-C pauses them."""
    bar, printed, told = Bar(), set[int](), ""
    with first_interrupt() as interrupted:
        while True:
            until_free(lambda: ensure_workers(default_home()))
            runs = until_free(lambda: store.runs(ids))
            for run in runs:
                if not run.state.active and run.id not in printed:
                    printed.add(run.id)
                    bar.end()
                    print(_result_line(run), flush=True)
            if all(not run.state.active for run in runs):
                return runs
            if interrupted():
                pause_runs(store, runs)
            done = sum(run.epochs_done + _epoch_fraction(run) for run in runs)
            fraction = done / sum(run.recipe.epochs for run in runs)
            bar.show(f"{len(printed)} of {len(runs)} runs", min(1.0, fraction))
            told = _tell_why_nothing_trains(bar, told)
            time.sleep(POLL_SECONDS_OF_ALL)


def watch_search(home: Home, search: Search, n_trials: int, owner: str = "") -> list[Run]:
    """Train a search's trials, print each when it ends, return all. Ctrl-C pauses them."""
    store, bar = Store.of(home), Bar()
    resume_trials(store, search)
    printed = {run.id for run in search_runs(store, search) if not run.state.active}
    with first_interrupt() as interrupted:
        while True:
            began = time.monotonic()
            until_free(lambda: ensure_workers(home))
            if interrupted():
                runs = until_free(lambda: search_runs(store, search))
                pause_runs(store, runs)
            else:
                runs = until_free(lambda: advance(home, search, n_trials, owner))
            ended = [run for run in runs if not run.state.active]
            for run in ended:
                if run.id not in printed:
                    printed.add(run.id)
                    bar.end()
                    print(_trial_line(run), flush=True)
            if len(ended) == len(runs):
                return runs
            n_all = max(n_trials, len(runs))
            bar.show(f"{len(ended)} of {n_all} trials", len(ended) / n_all)
            # With a thousand trials a look takes a second: it must not keep a core busy.
            time.sleep(max(POLL_SECONDS_OF_ALL, 5 * (time.monotonic() - began)))


def _trial_line(run: Run) -> str:
    """Without its test accuracy, by which nothing is chosen."""
    best = percent(run.best.accuracy) if run.best else "–"
    return (
        f"run {run.id:<4} {run.state:<11} {run.parameters:>7,} parameters  validation {best:>7} "
        f"after {run.epochs_done} of {run.recipe.epochs}  rate {run.recipe.learning_rate:<6.3g} "
        f"{run.spec}"
    )


def _epoch_fraction(run: Run) -> float:
    """The finished fraction of the current epoch."""
    progress = run.progress
    if progress is None or progress.epoch <= run.epochs_done:
        return 0.0
    return progress.epoch_fraction


def _result_line(run: Run) -> str:
    def accuracy(score: Score | None) -> str:
        return f"{percent(score.accuracy)} ({score.errors})" if score else "–"

    return (
        f"run {run.id:<4} {run.state:<11} {run.name[:28]:<28} seed {run.recipe.seed:<3} "
        f"best {accuracy(run.best)}, epoch {run.best_epoch or '–'}  last {accuracy(run.last)}  "
        f"test {accuracy(run.test)}  {run.seconds:.0f} s"
    )


@contextmanager
def first_interrupt() -> Iterator[Callable[[], bool]]:
    """A function that returns whether Ctrl-C was pressed; the second Ctrl-C raises as usual."""
    pressed = threading.Event()

    def set_pressed(number: int, frame: FrameType | None) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    previous = signal.signal(signal.SIGINT, set_pressed)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, previous)


class Bar:
    """A progress bar on standard error; invisible if that is not a terminal."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._is_visible = False

    def show(self, message: str, fraction: float) -> None:
        if self._is_terminal:
            bar = "█" * round(fraction * 30)
            print(f"\r\x1b[K{message:<32} {bar:<30} {fraction:4.0%}", end="", file=sys.stderr)
            self._is_visible = True

    def end(self) -> None:
        if self._is_visible:
            print("\r\x1b[K", end="", file=sys.stderr)
            self._is_visible = False
