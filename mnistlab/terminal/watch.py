"""Watching a run from a terminal until it ends."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mnistlab.data.options import Split
from mnistlab.home import home
from mnistlab.store.run import Request, Run, State
from mnistlab.store.store import Store
from mnistlab.text import duration, percent
from mnistlab.training.early_stopping import selected_epoch
from mnistlab.worker.processes import ensure_workers

POLL_SECONDS = 0.25


def watch(store: Store, run_id: int, shown: int = 0) -> State:
    """Print a run's epochs after the first `shown` as they come, with a bar between them.

    The first Ctrl-C stops the run, which is then watched to its end.
    """
    bar = Bar()
    with first_interrupt() as interrupted:
        while True:
            run = _run(store, run_id)
            for epoch in run.epochs[shown:]:
                bar.end()
                print(
                    f"epoch {epoch.number:>3}  train {percent(epoch.train_accuracy)}  validation "
                    f"{percent(epoch.validation_accuracy)} ({epoch.validation_errors} errors)  "
                    f"{epoch.seconds:.1f} s  {epoch.images_per_second:,.0f} images/s",
                    flush=True,
                )
            shown = len(run.epochs)
            if not run.state.active:
                break
            _draw(bar, run)
            if interrupted() and run.request is not Request.STOP:
                store.request(run_id, Request.STOP)
            ensure_workers(home())
            time.sleep(POLL_SECONDS)
    bar.end()
    _conclusion(run)
    return run.state


def _run(store: Store, run_id: int) -> Run:
    run = store.run(run_id)
    assert run is not None
    return run


def _draw(bar: "Bar", run: Run) -> None:
    if progress := run.progress:
        left = f", {duration(run.seconds_left)} left" if run.seconds_left else ""
        share = progress.done / progress.total
        bar.show(f"epoch {progress.epoch} of {run.recipe.epochs}{left}", share)
    else:
        bar.show(run.message or run.state, 0.0)


def _conclusion(run: Run) -> None:
    if top := selected_epoch(run.recipe, run.epochs):
        word = "kept" if run.recipe.split is Split.ALL else "best"
        print(f"{word} epoch {top.number}, validation: {top.validation}")
    if run.test:
        print(f"test images, read once: {run.test}")
    if run.message:
        print(run.message, file=sys.stderr)


@contextmanager
def first_interrupt() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: the first one is noted, the second one raises as ever."""
    pressed = threading.Event()

    def note(number: int, frame: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


class Bar:
    """A line on a terminal's standard error that says how far something is; silent elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._drawn = False

    def show(self, message: str, share: float) -> None:
        if self._live:
            bar = "█" * round(share * 30)
            print(f"\r\x1b[K{message:<32} {bar:<30} {share:4.0%}", end="", file=sys.stderr)
            self._drawn = True

    def end(self) -> None:
        if self._drawn:
            print("\r\x1b[K", end="", file=sys.stderr)
            self._drawn = False
