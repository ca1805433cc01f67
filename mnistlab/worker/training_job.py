"""Training one claimed run until it ends, pauses or returns to the queue.

The order of writing makes kills harmless: the training state is written first, then what can be
derived from it: checkpoints and rows in the store.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import nn

from mnistlab.arch.build import build
from mnistlab.data.download import DataError
from mnistlab.data.mnist import DataSplits, Mnist, load, split_mnist
from mnistlab.errors import CheckpointError
from mnistlab.home import Home
from mnistlab.stats.predictions import Predictions, load_predictions, save_predictions
from mnistlab.store.folders import TrainingOutput
from mnistlab.store.run import Request, Run, State
from mnistlab.store.store import Store
from mnistlab.training import checkpoint
from mnistlab.training.early_stopping import early_stop_reason, selected_epoch
from mnistlab.training.epoch import Phase
from mnistlab.training.evaluate import predict_images
from mnistlab.training.loop import train
from mnistlab.training.record import SourceNetwork, TrainingRecord, environment, processors_after
from mnistlab.training.resume import load_training_state, save_training_state
from mnistlab.training.sources import check_fits, source_path
from mnistlab.training.state import TrainingState
from mnistlab.uncertainty import model
from mnistlab.uncertainty.fit import fit_uncertainty
from mnistlab.worker.mnist_download import download_once
from mnistlab.worker.processes import thread_count
from mnistlab.worker.source_search import ensure_source
from mnistlab.worker.status_reporter import StatusReporter

KEEP_EPOCHS_BELOW = 100_000
"""Parameters up to which every epoch's weights are saved: 60 KB per epoch within the budget."""


@dataclass(frozen=True)
class TrainingJob:
    """A claimed run with everything that its training needs; `versions` go into every record.

    `teacher` and `initial` are the sources that the recipe names, None before they are loaded.
    """

    store: TrainingOutput
    run: Run
    training: TrainingState
    splits: DataSplits
    reporter: StatusReporter
    versions: dict[str, str]
    teacher: SourceNetwork | None = None
    initial: SourceNetwork | None = None

    def record(self) -> TrainingRecord:
        """The record of the training after its last complete epoch."""
        run, epochs = self.run, self.training.epochs
        return TrainingRecord(
            run.name,
            run.spec,
            run.recipe,
            tuple(epochs),
            len(epochs),
            environment=self.versions,
            teacher=self.teacher,
            initial=self.initial,
        )

    def heartbeat(self, phase: Phase) -> Callable[[int], None]:
        """What a phase after the last epoch calls with the number of images that are done."""
        return lambda done: self.reporter.report_throttled(f"{phase} ({done:,} images)")


def training_device() -> torch.device:
    """The first GPU, or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class _RequestReceived(Exception):
    """A request that came before the training started."""


def train_claimed(
    store: TrainingOutput,
    run: Run,
    home: Home,
    reporter: StatusReporter,
    mnist: Mnist | None = None,
) -> None:
    """Train a claimed run to its end or until a request; `mnist` are its images if loaded already.

    Raises the error that prevents it.
    """
    try:
        splits = _load_splits(run, home, reporter, mnist)
    except _RequestReceived:
        _suspend(store, run.id, reporter.requested, len(run.epochs))
        return
    job = _start(store, run, splits, reporter)
    reporter.report(Phase.TRAIN)
    epochs = job.training.epochs
    has_ended = len(epochs) == run.recipe.epochs or early_stop_reason(run.recipe, epochs)
    if reporter.requested is not Request.STOP and not has_ended:
        # Whatever is left to do without training needs no sources.
        job = _load_sources(job, home)
        _train_epochs(job)

    reason = early_stop_reason(run.recipe, epochs)
    if reason is not None or len(epochs) == run.recipe.epochs:
        _finish(job, State.DONE, reason or "")
    elif reporter.requested is Request.STOP and epochs:
        # Undo the steps of the incomplete epoch: the last weights are those of a complete one.
        load_training_state(store.resume_path(run.id), job.training, run.spec)
        _finish(job, State.STOPPED, f"Stopped after {len(epochs)} of {run.recipe.epochs} epochs.")
    else:
        _suspend(store, run.id, reporter.requested, len(epochs))


def _load_splits(run: Run, home: Home, reporter: StatusReporter, mnist: Mnist | None) -> DataSplits:
    """The run's images, downloaded if necessary. Raises _RequestReceived on a request."""

    def raise_if_requested() -> None:
        # To stop a run that has epochs, the test images are still needed for its evaluation.
        if reporter.requested and not (run.epochs and reporter.requested is Request.STOP):
            raise _RequestReceived

    def report_download(message: str, fraction: float) -> None:
        reporter.report_throttled(f"{message} ({fraction:.0%})")
        raise_if_requested()

    if mnist is None:
        reporter.report("Loading MNIST")
        try:
            mnist = load(home.data)
        except DataError:
            download_once(home, report_download)
            mnist = load(home.data)
    raise_if_requested()
    return split_mnist(mnist, run.recipe.split, run.recipe.train_size)


def _start(
    store: TrainingOutput, run: Run, splits: DataSplits, reporter: StatusReporter
) -> TrainingJob:
    """A new training or a resumed one, whose epochs then replace those in the store."""
    # Each shard of a batch has a thread; torch's own threads would only wait for each other.
    torch.set_num_threads(1)
    device = training_device()
    # Temporary files of a process that was killed while it wrote.
    for path in store.run_folder(run.id).rglob(".*"):
        path.unlink(missing_ok=True)
    training = TrainingState(build(run.spec, run.recipe.seed), run.recipe, device)
    job = TrainingJob(store, run, training, splits, reporter, {})
    is_resumed, before = store.resume_path(run.id).is_file(), ""
    if is_resumed:
        saved = load_training_state(store.resume_path(run.id), training, run.spec)
        job = replace(job, teacher=saved.teacher, initial=saved.initial)
        before = saved.environment.get("processor", "") if saved.epochs else ""
    versions = environment(
        torch=torch.__version__,
        device=device.type,
        processor=processors_after(before),
        threads=str(thread_count()),
        kernels=training.kernels.value,
    )
    job = replace(job, versions=versions)
    if is_resumed:
        _keep_weights(job)
    elif run.epochs:
        raise CheckpointError(
            f"{store.resume_path(run.id).name} is missing, so this run cannot continue after epoch "
            f"{len(run.epochs)}. Train the network again."
        )
    if tuple(training.epochs) != run.epochs:
        store.replace_epochs(run.id, training.epochs)
    return job


def _load_sources(job: TrainingJob, home: Home) -> TrainingJob:
    """The job with the teacher and the initial weights that its recipe names.

    Raises CheckpointError if one is not in this lab, damaged, or not the one of the first epochs,
    or if the initial weights are those of another network.
    """
    recipe = job.run.recipe
    if recipe.teacher:
        teacher, network = _source(home, recipe.teacher, job.teacher)
        job.training.set_teacher(network)
        job = replace(job, teacher=teacher)
    if recipe.initial:
        initial, network = _source(home, recipe.initial, job.initial)
        check_fits(initial, job.run.spec)
        job.training.set_initial(network)
        job = replace(job, initial=initial)
    return job


def _source(
    home: Home, short: str, before: SourceNetwork | None
) -> tuple[SourceNetwork, nn.Sequential]:
    """The source that a recipe calls `short`, and its network; `before` is what it was earlier."""
    source = ensure_source(home, short, Store(home.runs, patience=math.inf))
    if before and before.checksum != source.checksum:
        raise CheckpointError(
            f"Checkpoint {short} is another one than that of the first epochs. Import the run "
            "that this one learned from, then resume."
        )
    return source, checkpoint.load_checkpoint(source_path(home.sources, short)).network


def _train_epochs(job: TrainingJob) -> None:
    """Train to the end or until a request; each epoch is saved before the next one starts.

    The training state is written first. A checkpoint or a row in the store that is missing after a
    kill is written again from it.
    """
    for epoch in train(
        job.training,
        job.splits,
        threads=thread_count(),
        report=job.reporter.progress,
        stopped=lambda: bool(job.reporter.requested),
    ):
        save_training_state(job.store.resume_path(job.run.id), job.training, job.record())
        _keep_weights(job)
        job.store.add_epoch(job.run.id, epoch)
        # At once: a request that came meanwhile is not to wait for the next report that is due.
        job.reporter.report(Phase.TRAIN)


def _keep_weights(job: TrainingJob) -> None:
    """Save the last epoch's checkpoint, and also as the best one if it is."""
    store, run, training = job.store, job.run, job.training
    if not training.epochs:
        return
    record = job.record()
    if run.parameters <= KEEP_EPOCHS_BELOW:
        # With all epochs in each record, total size would grow with the square of their number.
        alone = replace(record, epochs=record.epochs[-1:], epoch=1)
        checkpoint.save_checkpoint(
            store.epoch_checkpoint_path(run.id, record.epoch), training.network, alone
        )
    if selected_epoch(run.recipe, training.epochs) is training.epochs[-1]:
        checkpoint.save_checkpoint(store.best_checkpoint_path(run.id), training.network, record)


def _suspend(store: TrainingOutput, run_id: int, request: Request, epochs_done: int) -> None:
    """Carry out a request to a run that has epochs left."""
    when = f"after epoch {epochs_done}" if epochs_done else "during its first epoch"
    match request:
        case Request.STOP:
            store.finish(run_id, State.STOPPED, f"Stopped {when}.")
        case Request.PREEMPT:
            store.finish(run_id, State.QUEUED, f"Preempted {when}.")
        case _:
            store.finish(run_id, State.PAUSED, f"Paused {when}.")


def _finish(job: TrainingJob, state: State, message: str) -> None:
    """Save the last weights, evaluate the best ones on the test images, and end the run."""
    store, run, splits = job.store, job.run, job.splits
    job.reporter.report(Phase.TEST)
    record = job.record()
    checkpoint.save_checkpoint(store.last_checkpoint_path(run.id), job.training.network, record)
    best = checkpoint.load_checkpoint(store.best_checkpoint_path(run.id))
    predictions = _test_predictions(job, best)
    test = predictions.score if splits.test else None
    job.reporter.report(Phase.CALIBRATE)
    uncertainty = fit_uncertainty(
        best.network, splits.train, splits.validation, job.heartbeat(Phase.CALIBRATE)
    )
    model.save_uncertainty(model.uncertainty_path(store.best_checkpoint_path(run.id)), uncertainty)
    final = replace(record, epoch=best.record.epoch, test=test)
    checkpoint.save_checkpoint(store.best_checkpoint_path(run.id), best.network, final)
    store.finish(run.id, state, message, test)
    store.resume_path(run.id).unlink(missing_ok=True)


def _test_predictions(job: TrainingJob, best: checkpoint.Checkpoint) -> Predictions:
    """The best checkpoint's predictions of the test images (article protocol: validation images).

    With the hold-out protocol this is the only use of the test set: after the epoch was selected
    and when no more training follows. The predictions are saved, so that the test set is not used
    again, even after a kill in the next lines.
    """
    path = job.store.predictions_path(job.run.id)
    if path.is_file():
        return load_predictions(path)
    predictions = predict_images(
        best.network, job.splits.test or job.splits.validation, job.heartbeat(Phase.TEST)
    )
    save_predictions(path, predictions)
    return predictions
