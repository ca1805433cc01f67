"""One claimed run, trained to whatever end it comes to; imports torch.

The order of writing makes kills harmless: the resumable training is written first, then what can
be made again from it, the checkpoints and the row in the store.
"""

from dataclasses import dataclass, replace

import torch

from mnistlab.arch.build import build
from mnistlab.data.files import ensure
from mnistlab.data.mnist import Parts, divide, load
from mnistlab.home import Home
from mnistlab.runs.jobs import threads
from mnistlab.runs.state import Request, Run, State
from mnistlab.runs.store import Store
from mnistlab.runs.watch import Watch
from mnistlab.training import checkpoint, doubt
from mnistlab.training.evaluate import read_images
from mnistlab.training.features import fit_doubt
from mnistlab.training.loop import train
from mnistlab.training.readings import Readings, read_readings, write_readings
from mnistlab.training.recipe import early_end, kept
from mnistlab.training.record import CheckpointError, Record, environment
from mnistlab.training.resume import read_resumable, write_resumable
from mnistlab.training.training import Training

SMALL = 100_000
"""Parameters up to which every epoch's weights are kept: 60 KB an epoch within the budget."""


@dataclass(frozen=True)
class TrainingJob:
    """A claimed run with all that its training needs; `versions` go into every record."""

    store: Store
    run: Run
    training: Training
    parts: Parts
    watch: Watch
    versions: dict[str, str]

    def record(self) -> Record:
        """The record of the training as it stands after its last whole epoch."""
        run, epochs = self.run, self.training.epochs
        return Record(
            run.name, run.spec, run.recipe, tuple(epochs), len(epochs), None, self.versions
        )


class _Asked(Exception):
    """A request that came while there is no epoch to end."""


def train_claimed(store: Store, run: Run, home: Home, watch: Watch) -> None:
    """Train a claimed run and end it as it was asked to. Raises what keeps it from its end."""
    try:
        parts = _load_parts(run, home, watch)
    except _Asked:
        _put_aside(store, run.id, watch.asked, len(run.epochs))
        return
    job = _begin(store, run, parts, watch)
    watch.now("Training")
    if watch.asked is not Request.STOP:
        _train_epochs(job)

    epochs = job.training.epochs
    reason = early_end(run.recipe, epochs)
    if reason is not None or len(epochs) == run.recipe.epochs:
        _conclude(job, State.DONE, reason or "")
    elif watch.asked is Request.STOP and epochs:
        # The steps of the unfinished epoch are undone: what is kept is the last whole one's.
        read_resumable(store.resumable(run.id), job.training, run.spec)
        _conclude(job, State.STOPPED, f"Stopped after {len(epochs)} of {run.recipe.epochs} epochs.")
    else:
        _put_aside(store, run.id, watch.asked, len(epochs))


def _load_parts(run: Run, home: Home, watch: Watch) -> Parts:
    """The run's images, downloaded if need be. Raises _Asked if the run is to end before that."""

    def heed() -> None:
        # A stop of a run that has epochs needs the data all the same, to read the test images.
        if watch.asked and not (run.epochs and watch.asked is Request.STOP):
            raise _Asked

    def fetching(message: str, share: float) -> None:
        watch.say(f"{message} ({share:.0%})")
        heed()

    ensure(home.data, fetching)
    watch.now("Reading MNIST")
    parts = divide(load(home.data), run.recipe.split, run.recipe.subset)
    heed()
    return parts


def _begin(store: Store, run: Run, parts: Parts, watch: Watch) -> TrainingJob:
    """A fresh training, or the one that was interrupted, with the store's rows made its own."""
    # A batch's groups have a thread each; torch's own threads would only wait for each other.
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    versions = environment(torch=torch.__version__, device=device.type, threads=str(threads()))
    # Temporary files of a process that was killed while it wrote.
    for left in store.run_folder(run.id).rglob(".*"):
        left.unlink(missing_ok=True)
    training = Training(build(run.spec, run.recipe.seed), run.recipe, device)
    job = TrainingJob(store, run, training, parts, watch, versions)
    if store.resumable(run.id).is_file():
        read_resumable(store.resumable(run.id), training, run.spec)
        _keep_weights(job)
    elif run.epochs:
        raise CheckpointError(
            f"{store.resumable(run.id).name} is gone, so this training cannot go on after epoch "
            f"{len(run.epochs)}. Train the network again from the start."
        )
    if tuple(training.epochs) != run.epochs:
        store.settle(run.id, training.epochs)
    return job


def _train_epochs(job: TrainingJob) -> None:
    """Train to the end, or until asked otherwise; each epoch is safe before the next begins.

    The resumable training is written first. Whatever is missing after a kill, a checkpoint
    or the row in the store, is made again from it.
    """
    for epoch in train(
        job.training,
        job.parts,
        threads=threads(),
        report=job.watch.progress,
        stopped=lambda: bool(job.watch.asked),
    ):
        write_resumable(job.store.resumable(job.run.id), job.training, job.record())
        _keep_weights(job)
        job.store.add_epoch(job.run.id, epoch)


def _keep_weights(job: TrainingJob) -> None:
    """Keep the last epoch's weights: as that epoch's, and as the best if they are."""
    store, run, training = job.store, job.run, job.training
    if not training.epochs:
        return
    record = job.record()
    if run.parameters <= SMALL:
        # With all epochs in each of them, the files of a long run would grow with its square.
        alone = replace(record, epochs=record.epochs[-1:], epoch=1)
        checkpoint.write(store.epoch_checkpoint(run.id, record.epoch), training.network, alone)
    if kept(run.recipe, training.epochs) is training.epochs[-1]:
        checkpoint.write(store.best_checkpoint(run.id), training.network, record)


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


def _conclude(job: TrainingJob, state: State, message: str) -> None:
    """Keep the last weights, read the test images with the best ones, and end the run."""
    store, run, parts = job.store, job.run, job.parts
    job.watch.now("Reading the test images")
    record = job.record()
    checkpoint.write(store.last_checkpoint(run.id), job.training.network, record)
    chosen = checkpoint.read(store.best_checkpoint(run.id))
    readings = _test_readings(job, chosen)
    test = readings.score if parts.test else None
    job.watch.now("Fitting how far it can be trusted")
    fitted = fit_doubt(chosen.network, parts.train, parts.validation)
    doubt.write(doubt.beside(store.best_checkpoint(run.id)), fitted)
    final = replace(record, epoch=chosen.record.epoch, test=test)
    checkpoint.write(store.best_checkpoint(run.id), chosen.network, final)
    store.finish(run.id, state, message, test)
    store.resumable(run.id).unlink(missing_ok=True)


def _test_readings(job: TrainingJob, chosen: checkpoint.Checkpoint) -> Readings:
    """How the chosen weights read each test image (the article's split: each validation image).

    The only look at the test images under the strict split: after the choice was made, and for
    good, as nothing is trained on from here. What each image was read as is kept, so that nobody
    looks again, not even after a kill in the next lines.
    """
    file = job.store.readings(job.run.id)
    if file.is_file():
        return read_readings(file)
    readings = read_images(chosen.network, job.parts.test or job.parts.validation)
    write_readings(file, readings)
    return readings
