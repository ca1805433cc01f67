"""The training process: takes queued runs one after another until none is left.

Started by `mnistlab.runs.jobs`, or by hand: `python -m mnistlab.runs.worker`.
"""

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Callable

from mnistlab.errors import LabError
from mnistlab.home import Home, home
from mnistlab.runs.jobs import worker_lock
from mnistlab.runs.state import Run, State
from mnistlab.runs.store import Store
from mnistlab.training.epoch import Epoch, Progress, best
from mnistlab.training.record import Record, environment

REPORT_SECONDS = 0.25
# An app that looks whether a worker lives holds the lock for a moment; a new worker waits that out.
PATIENCE = 2.0


def work(where: Home) -> None:
    """Train whatever is queued, unless another worker is at it."""
    store = Store(where.runs)
    while True:
        with worker_lock(where, PATIENCE) as held:
            if not held:
                return
            store.interrupt_orphans()
            while run := store.claim():
                train_run(store, run, where)
        # A run that was queued after the last claim and before the lock was given back has found
        # this worker alive and started none.
        if not store.runs(1, (State.QUEUED,)):
            return


def train_run(store: Store, run: Run, where: Home) -> None:
    """Train one claimed run and end it in a state that says how it went."""
    try:
        _train(store, run, where)
    except LabError as error:
        store.finish(run.id, State.FAILED, str(error))
    except OSError as error:
        store.finish(run.id, State.FAILED, f"{where.root} cannot be used: {error}.")
    except Exception as error:  # the next run in the queue must not pay for this one
        traceback.print_exc()
        store.finish(
            run.id,
            State.FAILED,
            f"An error in the lab itself ({type(error).__name__}: {error}); worker.log has more.",
        )


def _train(store: Store, run: Run, where: Home) -> None:
    store.report(run.id, "Opening PyTorch")
    import torch

    from mnistlab.arch.build import build
    from mnistlab.data.files import ensure
    from mnistlab.data.mnist import divide, load
    from mnistlab.training import checkpoint
    from mnistlab.training.evaluate import evaluate
    from mnistlab.training.loop import train

    torch.set_num_threads(int(os.environ.get("MNISTLAB_THREADS") or max(1, _cores() - 1)))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    watch = _Watch(store, run.id)

    def fetching(message: str, share: float) -> None:
        watch.say(f"{message} ({share:.0%})")
        if watch.stop():
            raise _Stopped

    try:
        ensure(where.data, fetching)
        watch.say("Reading MNIST")
        parts = divide(load(where.data), run.recipe.split, run.recipe.subset)
    except _Stopped:
        store.finish(run.id, State.STOPPED, "Stopped before its first epoch.")
        return

    network = build(run.spec, run.recipe.seed)
    epochs: list[Epoch] = []
    versions = environment(
        torch=torch.__version__, device=device.type, threads=str(torch.get_num_threads())
    )

    def record(epoch: int) -> Record:
        return Record(run.name, run.spec, run.recipe, tuple(epochs), epoch, None, versions)

    kept = store.best_checkpoint(run.id)
    store.report(run.id, "Training")
    for epoch in train(
        network, run.recipe, parts, device=device, report=watch.progress, stopped=watch.stop
    ):
        epochs.append(epoch)
        checkpoint.write(store.last_checkpoint(run.id), network, record(epoch.number))
        if best(epochs) is epoch:
            checkpoint.write(kept, network, record(epoch.number))
        store.add_epoch(run.id, epoch)

    stopped = len(epochs) < run.recipe.epochs
    winner = best(epochs)
    if winner is None:
        store.finish(run.id, State.STOPPED, "Stopped before the end of its first epoch.")
        return
    chosen = checkpoint.read(kept)
    # The only look at the test images under the strict split: after the choice was made.
    test = evaluate(chosen.network, parts.test).score if parts.test else None
    final = Record(run.name, run.spec, run.recipe, tuple(epochs), winner.number, test, versions)
    checkpoint.write(kept, chosen.network, final)
    store.finish(
        run.id,
        State.STOPPED if stopped else State.DONE,
        f"Stopped after {len(epochs)} of {run.recipe.epochs} epochs." if stopped else "",
        test,
    )


class _Stopped(Exception):
    """A stop that was asked for while there is no epoch to end."""


class _Watch:
    """Tells the store how far a run is and hears from it whether to stop, a few times a second."""

    def __init__(
        self, store: Store, run_id: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._run_id, self._clock = store, run_id, clock
        self._told = -REPORT_SECONDS
        self._stop = False

    def say(self, message: str, progress: Progress | None = None) -> None:
        if self._clock() - self._told >= REPORT_SECONDS:
            self._stop = self._store.report(self._run_id, message, progress)
            self._told = self._clock()

    def progress(self, progress: Progress) -> None:
        self.say("Training", progress)

    def stop(self) -> bool:
        return self._stop


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def main() -> int:
    if hasattr(os, "nice"):
        # Pages come first: training takes what they leave.
        os.nice(10)
    # A closed terminal sends this to its whole group; a training outlives its terminal.
    with contextlib.suppress(AttributeError, ValueError):
        import signal

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        work(home())
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
