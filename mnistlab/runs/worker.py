"""The training process: takes queued runs one after another until none is left.

Started by `mnistlab.runs.jobs`, or by hand: `python -m mnistlab.runs.worker`.
"""

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path
from typing import TYPE_CHECKING

from mnistlab.errors import LabError
from mnistlab.home import Home, home
from mnistlab.runs.database import StoreError
from mnistlab.runs.jobs import free_slot, niceness, threads
from mnistlab.runs.state import Request, Run, State
from mnistlab.runs.store import Store
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.recipe import early_end, kept
from mnistlab.training.record import Record, environment

if TYPE_CHECKING:
    from mnistlab.data.mnist import Parts
    from mnistlab.training.training import Training

REPORT_SECONDS = 0.25
# An app that looks whether a worker lives holds the lock for a moment; a new worker waits that out.
PATIENCE = 2.0
BALLAST = 1 << 18
"""Bytes that are set aside, to be thrown off when the disk is full and a run's end must be said."""
SMALL = 100_000
"""Parameters up to which every epoch's weights are kept: 60 KB an epoch within the budget."""


def work(where: Home) -> None:
    """Train whatever is queued, unless enough other workers are at it."""
    store = Store(where.runs)
    while True:
        with free_slot(where, PATIENCE) as slot:
            if slot is None:
                return
            store.interrupt_orphans(slot)
            while run := store.claim(slot, os.getpid()):
                train_run(store, run, where, slot)
        # A run that was queued after the last claim and before the lock was given back has found
        # this worker alive and started none.
        if not store.queue():
            return


def train_run(store: Store, run: Run, where: Home, slot: int) -> None:
    """Train one claimed run and end it in a state that says how it went."""
    # Named by the slot: what a killed worker left behind is the next one's.
    ballast = store.folder / f"ballast{slot}"
    try:
        ballast.write_bytes(b"0" * BALLAST)
        _train(store, run, where)
    except Exception as error:  # the next run in the queue must not pay for this one
        ballast.unlink(missing_ok=True)
        store.finish(run.id, State.FAILED, _reason(error, where))
        if not isinstance(error, LabError | OSError):
            traceback.print_exc()
    finally:
        ballast.unlink(missing_ok=True)


def _reason(error: Exception, where: Home) -> str:
    if (isinstance(error, OSError) and error.errno == ENOSPC) or "disk is full" in str(error):
        return (
            f"The disk is full ({where.root}). Make room and resume: the run goes on after its "
            "last whole epoch."
        )
    if isinstance(error, StoreError):
        return f"{error} What was trained is kept; resume when that is mended."
    if isinstance(error, OSError):
        return f"{where.root} cannot be used: {error}. Mend that and resume."
    if isinstance(error, LabError):
        return str(error)
    return f"An error in the lab itself ({type(error).__name__}: {error}); worker.log has more."


def _train(store: Store, run: Run, where: Home) -> None:
    watch = _Watch(store, run.id)
    watch.now("Opening PyTorch")
    import torch

    from mnistlab.data.files import ensure
    from mnistlab.data.mnist import divide, load
    from mnistlab.training.resume import read_resumable

    def heed() -> None:
        # A stop of a run that has epochs needs the data all the same, to read the test images.
        if watch.asked and not (run.epochs and watch.asked is Request.STOP):
            raise _Asked

    def fetching(message: str, share: float) -> None:
        watch.say(f"{message} ({share:.0%})")
        heed()

    try:
        ensure(where.data, fetching)
        watch.now("Reading MNIST")
        parts = divide(load(where.data), run.recipe.split, run.recipe.subset)
        heed()
    except _Asked:
        _put_aside(store, run.id, watch.asked, len(run.epochs))
        return

    # A batch's groups have a thread each; torch's own threads would only wait for each other.
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    versions = environment(torch=torch.__version__, device=device.type, threads=str(threads()))
    training = _begin(store, run, device, versions)
    watch.now("Training")
    if watch.asked is not Request.STOP:
        _epochs(store, run, training, parts, watch, versions)

    reason = early_end(run.recipe, training.epochs)
    whole = reason is not None or len(training.epochs) == run.recipe.epochs
    if not whole and (watch.asked is not Request.STOP or not training.epochs):
        _put_aside(store, run.id, watch.asked, len(training.epochs))
        return
    if not whole:
        # The steps of the unfinished epoch are taken back: what is kept is the last whole one's.
        read_resumable(store.resumable(run.id), training, run.spec)
    watch.now("Reading the test images")
    _conclude(store, run, training, parts, watch, versions, reason, whole)


def _begin(store: Store, run: Run, device: "torch.device", versions: dict[str, str]) -> "Training":  # type: ignore[name-defined]  # noqa: F821
    """A fresh training, or the one that was interrupted, with the store's rows made its own."""
    from mnistlab.arch.build import build
    from mnistlab.training.record import CheckpointError
    from mnistlab.training.resume import read_resumable
    from mnistlab.training.training import Training

    for left in store.run_folder(run.id).rglob(".*"):
        left.unlink(missing_ok=True)
    training = Training(build(run.spec, run.recipe.seed), run.recipe, device)
    if store.resumable(run.id).is_file():
        read_resumable(store.resumable(run.id), training, run.spec)
        _keep_weights(store, run, training, versions)
    elif run.epochs:
        raise CheckpointError(
            f"{store.resumable(run.id).name} is gone, so this training cannot go on after epoch "
            f"{len(run.epochs)}. Train the network again from the start."
        )
    if tuple(training.epochs) != run.epochs:
        store.settle(run.id, training.epochs)
    return training


def _epochs(
    store: Store,
    run: Run,
    training: "Training",
    parts: "Parts",
    watch: "_Watch",
    versions: dict[str, str],
) -> None:
    """Train to the end, or until asked otherwise; each epoch is safe before the next begins.

    The resumable training is written first. Whatever is missing after a kill, a checkpoint
    or the row in the store, is made again from it.
    """
    from mnistlab.training.loop import train
    from mnistlab.training.resume import write_resumable

    for epoch in train(
        training,
        parts,
        threads=threads(),
        report=watch.progress,
        stopped=lambda: bool(watch.asked),
    ):
        record = _record(run, training.epochs, epoch.number, versions)
        write_resumable(store.resumable(run.id), training, record)
        _keep_weights(store, run, training, versions)
        store.add_epoch(run.id, epoch)


def _keep_weights(store: Store, run: Run, training: "Training", versions: dict[str, str]) -> None:
    """Keep the last epoch's weights: as that epoch's, and as the best if they are."""
    from mnistlab.training import checkpoint

    if not training.epochs:
        return
    number = len(training.epochs)
    record = _record(run, training.epochs, number, versions)
    if run.parameters <= SMALL:
        # With all epochs in each of them, the files of a long run would grow with its square.
        alone = replace(record, epochs=record.epochs[-1:], epoch=1)
        checkpoint.write(store.epoch_checkpoint(run.id, number), training.network, alone)
    if kept(run.recipe, training.epochs) is training.epochs[-1]:
        checkpoint.write(store.best_checkpoint(run.id), training.network, record)


def _record(run: Run, epochs: list[Epoch], epoch: int, versions: dict[str, str]) -> Record:
    return Record(run.name, run.spec, run.recipe, tuple(epochs), epoch, None, versions)


def _put_aside(store: Store, run_id: int, asked: Request, done: int) -> None:
    """End a run that has epochs left, as it was asked to."""
    where = f"after epoch {done}" if done else "before the end of its first epoch"
    match asked:
        case Request.STOP:
            store.finish(run_id, State.STOPPED, f"Stopped {where}.")
        case Request.YIELD:
            store.finish(run_id, State.QUEUED, f"Stepped back {where}.")
        case _:
            store.finish(run_id, State.PAUSED, f"Paused {where}.")


def _conclude(
    store: Store,
    run: Run,
    training: "Training",
    parts: "Parts",
    watch: "_Watch",
    versions: dict[str, str],
    reason: str | None,
    whole: bool,
) -> None:
    """Keep the last weights, read the test images with the best ones, and end the run."""
    from mnistlab.training import checkpoint, doubt
    from mnistlab.training.evaluate import read_images
    from mnistlab.training.features import fit_doubt
    from mnistlab.training.readings import read_readings, write_readings

    epochs = training.epochs
    record = _record(run, epochs, len(epochs), versions)
    checkpoint.write(store.last_checkpoint(run.id), training.network, record)
    chosen = checkpoint.read(store.best_checkpoint(run.id))
    # The only look at the test images under the strict split: after the choice was made, and for
    # good, as nothing is trained on from here. What each image was read as is kept, so that nobody
    # looks again, not even after a kill in the next lines.
    if store.readings(run.id).is_file():
        readings = read_readings(store.readings(run.id))
    else:
        readings = read_images(chosen.network, parts.test or parts.validation)
        write_readings(store.readings(run.id), readings)
    test = readings.score if parts.test else None
    final = replace(record, epoch=chosen.record.epoch, test=test)
    watch.now("Fitting how far it can be trusted")
    fitted = fit_doubt(chosen.network, parts.train, parts.validation)
    doubt.write(doubt.beside(store.best_checkpoint(run.id)), fitted)
    checkpoint.write(store.best_checkpoint(run.id), chosen.network, final)
    stopped = f"Stopped after {len(epochs)} of {run.recipe.epochs} epochs."
    state, message = (State.DONE, reason or "") if whole else (State.STOPPED, stopped)
    store.finish(run.id, state, message, test)
    store.resumable(run.id).unlink(missing_ok=True)


class _Asked(Exception):
    """A request that came while there is no epoch to end."""


class _Watch:
    """Tells the store how far a run is and hears what it is asked for, a few times a second."""

    def __init__(
        self, store: Store, run_id: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._run_id, self._clock = store, run_id, clock
        self._told = -REPORT_SECONDS
        self.asked = Request.NONE

    def now(self, message: str, progress: Progress | None = None) -> None:
        self.asked = self._store.report(self._run_id, message, progress)
        self._told = self._clock()

    def say(self, message: str, progress: Progress | None = None) -> None:
        if self._clock() - self._told >= REPORT_SECONDS:
            self.now(message, progress)

    def progress(self, progress: Progress) -> None:
        self.say("Training", progress)


def _step_back(nice: int) -> None:
    """Leave the cores to the pages first."""
    if hasattr(os, "nice"):
        os.nice(nice)
    # Where Linux groups processes by their session, niceness counts within the group alone, and a
    # worker has a session of its own: the group must be nice too.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(nice))


def main() -> int:
    # A closed terminal sends this to its whole group; a training outlives its terminal.
    with contextlib.suppress(AttributeError, ValueError):
        import signal

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        _step_back(niceness())
        work(home())
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
