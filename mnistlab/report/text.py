"""Sentences for reports."""

from collections.abc import Sequence

from mnistlab.errors import CheckpointError
from mnistlab.experiments.seeds import seed_stats
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.text import duration, percent, percentage_points
from mnistlab.training.record import read_record

ABLATION = (
    "Is the difference significant? What would convince you?",
    "Would you expect the same on another target, or with more training images?",
)
RUN = (
    "Do the training and validation curves diverge? What would you change?",
    "Was the epoch selected on the same images that its accuracy is measured on?",
)


def result_text(run: Run) -> tuple[str, ...]:
    """A run's accuracies, time and state, in a few sentences."""
    if not run.epochs:
        return (f"Seed {run.recipe.seed}: not trained yet.",)
    last = run.epochs[-1]
    gap = percentage_points(last.train_accuracy - last.validation_accuracy)
    sentences = [f"Seed {run.recipe.seed}."]
    if run.best:
        sentences.append(f"Best validation: {run.best}, epoch {run.best_epoch}.")
    sentences.append(
        f"Last of {run.epochs_done} epochs: validation {percent(last.validation_accuracy)}, train "
        f"{percent(last.train_accuracy)}, generalization gap {gap}."
    )
    if run.test:
        sentences.append(f"Test: {run.test}.")
    sentences.append(f"Training time: {duration(run.seconds)}.")
    if run.state is not State.DONE:
        sentences.append(f"Status: {run.state}.")
    return (" ".join(sentences),)


def over_seeds(runs: Sequence[Run]) -> tuple[str, ...]:
    """Mean ± SD of the finished runs of one recipe."""
    done = [run for run in runs if run.state is State.DONE]
    stats = (
        ("Validation (best epoch)", seed_stats([run.best for run in done])),
        ("Validation (last epoch)", seed_stats([run.last for run in done])),
        ("Test", seed_stats([run.test for run in done])),
    )
    return tuple(f"{name}: {value}." for name, value in stats if value)


def made_with(store: Store, runs: Sequence[Run]) -> str:
    """The software versions of the first run that has a readable checkpoint; else empty."""
    for run in runs:
        try:
            versions = read_record(store.best_checkpoint_path(run.id)).environment
        except CheckpointError:
            continue
        return ", ".join(f"{name} {value}" for name, value in versions.items())
    return ""
