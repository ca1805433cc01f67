"""One claimed run, trained to whatever end it comes to; imports torch.

The order of writing makes kills harmless: the resumable training is written first, then what can
be made again from it, the checkpoints and the row in the store.
"""

from dataclasses import dataclass, replace

import torch

from mnistlab.arch.build import build
from mnistlab.data.download import download_data
from mnistlab.data.mnist import DataSplits, load, split_mnist
from mnistlab.errors import CheckpointError
from mnistlab.home import Home
from mnistlab.stats.predictions import Predictions, load_predictions, save_predictions
from mnistlab.store.run import Request, Run, State
from mnistlab.store.store import Store
from mnistlab.training import checkpoint
from mnistlab.training.early_stopping import early_stop_reason, selected_epoch
from mnistlab.training.evaluate import predict_images
from mnistlab.training.loop import train
from mnistlab.training.record import TrainingRecord, environment
from mnistlab.training.resume import load_training_state, save_training_state
from mnistlab.training.state import TrainingState
from mnistlab.uncertainty import model
from mnistlab.uncertainty.features import fit_uncertainty
from mnistlab.worker.processes import thread_count
from mnistlab.worker.status_reporter import StatusReporter

KEEP_EPOCHS_BELOW = 100_000
"""Parameters up to which every epoch's weights are kept: 60 KB an epoch within the budget."""


@dataclass(frozen=True)
class TrainingJob:
    """A claimed run with all that its training needs; `versions` go into every record."""

    store: Store
    run: Run
    training: TrainingState
    parts: DataSplits
    reporter: StatusReporter
    versions: dict[str, str]

    def record(self) -> TrainingRecord:
        """The record of the training as it stands after its last whole epoch."""
        run, epochs = self.run, self.training.epochs
        return TrainingRecord(
            run.name, run.spec, run.recipe, tuple(epochs), len(epochs), None, self.versions
        )


class _RequestReceived(Exception):
    """A request that came while there is no epoch to end."""


def train_claimed(store: Store, run: Run, home: Home, watch: StatusReporter) -> None:
    """Train a claimed run and end it as it was asked to. Raises what keeps it from its end."""
    try:
        parts = _load_parts(run, home, watch)
    except _RequestReceived:
        _suspend(store, run.id, watch.requested, len(run.epochs))
        return
    job = _begin(store, run, parts, watch)
    watch.report("Training")
    if watch.requested is not Request.STOP:
        _train_epochs(job)

    epochs = job.training.epochs
    reason = early_stop_reason(run.recipe, epochs)
    if reason is not None or len(epochs) == run.recipe.epochs:
        _finish(job, State.DONE, reason or "")
    elif watch.requested is Request.STOP and epochs:
        # The steps of the unfinished epoch are undone: what is kept is the last whole one's.
        load_training_state(store.resume_path(run.id), job.training, run.spec)
        _finish(job, State.STOPPED, f"Stopped after {len(epochs)} of {run.recipe.epochs} epochs.")
    else:
        _suspend(store, run.id, watch.requested, len(epochs))


def _load_parts(run: Run, home: Home, watch: StatusReporter) -> DataSplits:
    """The run's images, downloaded if need be. Raises _Asked if the run is to end before that."""

    def heed() -> None:
        # A stop of a run that has epochs needs the data all the same, to read the test images.
        if watch.requested and not (run.epochs and watch.requested is Request.STOP):
            raise _RequestReceived

    def fetching(message: str, share: float) -> None:
        watch.report_throttled(f"{message} ({share:.0%})")
        heed()

    download_data(home.data, fetching)
    watch.report("Reading MNIST")
    parts = split_mnist(load(home.data), run.recipe.split, run.recipe.train_size)
    heed()
    return parts


def _begin(store: Store, run: Run, parts: DataSplits, watch: StatusReporter) -> TrainingJob:
    """A fresh training, or the one that was interrupted, with the store's rows made its own."""
    # A batch's groups have a thread each; torch's own threads would only wait for each other.
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    versions = environment(torch=torch.__version__, device=device.type, threads=str(thread_count()))
    # Temporary files of a process that was killed while it wrote.
    for left in store.run_folder(run.id).rglob(".*"):
        left.unlink(missing_ok=True)
    training = TrainingState(build(run.spec, run.recipe.seed), run.recipe, device)
    job = TrainingJob(store, run, training, parts, watch, versions)
    if store.resume_path(run.id).is_file():
        load_training_state(store.resume_path(run.id), training, run.spec)
        _keep_weights(job)
    elif run.epochs:
        raise CheckpointError(
            f"{store.resume_path(run.id).name} is gone, so this training cannot go on after epoch "
            f"{len(run.epochs)}. Train the network again from the start."
        )
    if tuple(training.epochs) != run.epochs:
        store.replace_epochs(run.id, training.epochs)
    return job


def _train_epochs(job: TrainingJob) -> None:
    """Train to the end, or until asked otherwise; each epoch is safe before the next begins.

    The resumable training is written first. Whatever is missing after a kill, a checkpoint
    or the row in the store, is made again from it.
    """
    for epoch in train(
        job.training,
        job.parts,
        threads=thread_count(),
        report=job.reporter.progress,
        stopped=lambda: bool(job.reporter.requested),
    ):
        save_training_state(job.store.resume_path(job.run.id), job.training, job.record())
        _keep_weights(job)
        job.store.add_epoch(job.run.id, epoch)


def _keep_weights(job: TrainingJob) -> None:
    """Keep the last epoch's weights: as that epoch's, and as the best if they are."""
    store, run, training = job.store, job.run, job.training
    if not training.epochs:
        return
    record = job.record()
    if run.parameters <= KEEP_EPOCHS_BELOW:
        # With all epochs in each of them, the files of a long run would grow with its square.
        alone = replace(record, epochs=record.epochs[-1:], epoch=1)
        checkpoint.save_checkpoint(
            store.epoch_checkpoint_path(run.id, record.epoch), training.network, alone
        )
    if selected_epoch(run.recipe, training.epochs) is training.epochs[-1]:
        checkpoint.save_checkpoint(store.best_checkpoint_path(run.id), training.network, record)


def _suspend(store: Store, run_id: int, asked: Request, done: int) -> None:
    """End a run that has epochs left, as it was asked to."""
    where = f"after epoch {done}" if done else "before the end of its first epoch"
    match asked:
        case Request.STOP:
            store.finish(run_id, State.STOPPED, f"Stopped {where}.")
        case Request.PREEMPT:
            store.finish(run_id, State.QUEUED, f"Stepped back {where}.")
        case _:
            store.finish(run_id, State.PAUSED, f"Paused {where}.")


def _finish(job: TrainingJob, state: State, message: str) -> None:
    """Keep the last weights, read the test images with the best ones, and end the run."""
    store, run, parts = job.store, job.run, job.parts
    job.reporter.report("Reading the test images")
    record = job.record()
    checkpoint.save_checkpoint(store.last_checkpoint_path(run.id), job.training.network, record)
    chosen = checkpoint.load_checkpoint(store.best_checkpoint_path(run.id))
    predictions = _test_predictions(job, chosen)
    test = predictions.score if parts.test else None
    job.reporter.report("Fitting how far it can be trusted")
    fitted = fit_uncertainty(chosen.network, parts.train, parts.validation)
    model.save_uncertainty(model.uncertainty_path(store.best_checkpoint_path(run.id)), fitted)
    final = replace(record, epoch=chosen.record.epoch, test=test)
    checkpoint.save_checkpoint(store.best_checkpoint_path(run.id), chosen.network, final)
    store.finish(run.id, state, message, test)
    store.resume_path(run.id).unlink(missing_ok=True)


def _test_predictions(job: TrainingJob, chosen: checkpoint.Checkpoint) -> Predictions:
    """How the chosen weights read each test image (the article's split: each validation image).

    The only look at the test images under the strict split: after the choice was made, and for
    good, as nothing is trained on from here. What each image was read as is kept, so that nobody
    looks again, not even after a kill in the next lines.
    """
    file = job.store.predictions_path(job.run.id)
    if file.is_file():
        return load_predictions(file)
    predictions = predict_images(chosen.network, job.parts.test or job.parts.validation)
    save_predictions(file, predictions)
    return predictions
