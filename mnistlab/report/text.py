"""The sentences that reports are made of."""

from collections.abc import Sequence

from mnistlab.errors import CheckpointError
from mnistlab.experiments.seeds import seed_stats
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.text import duration, percent, percentage_points
from mnistlab.training.record import read_record

ABLATION = (
    "Is the difference significant? What would convince you?",
    "Would you expect the same on another target, or with more training digits?",
)
RUN = (
    "Do the training and the validation curve part? What would you change?",
    "Was the kept epoch chosen on the images that its accuracy is read from?",
)


def result_text(run: Run) -> tuple[str, ...]:
    """What a run gave, in a few sentences."""
    if not run.epochs:
        return (f"Seed {run.recipe.seed}: not trained yet.",)
    last = run.epochs[-1]
    gap = percentage_points(last.train_accuracy - last.validation_accuracy)
    words = [f"Seed {run.recipe.seed}."]
    if run.best:
        words.append(f"Best validation: {run.best}, epoch {run.best_epoch}.")
    words.append(
        f"Last of {run.epochs_done} epochs: validation {percent(last.validation_accuracy)}, train "
        f"{percent(last.train_accuracy)}, gap {gap}."
    )
    if run.test:
        words.append(f"Test images, read once: {run.test}.")
    words.append(f"{duration(run.seconds)} of training.")
    if run.state is not State.DONE:
        words.append(f"It has not come to its end: {run.state}.")
    return (" ".join(words),)


def over_seeds(runs: Sequence[Run]) -> tuple[str, ...]:
    """The mean and the spread of one recipe's runs."""
    done = [run for run in runs if run.state is State.DONE]
    found = (
        ("Best epoch, validation", seed_stats([run.best for run in done])),
        ("Last epoch, validation", seed_stats([run.last for run in done])),
        ("Test images, read once", seed_stats([run.test for run in done])),
    )
    return tuple(f"{what}: {each}." for what, each in found if each)


def made_with(store: Store, runs: Sequence[Run]) -> str:
    """The versions that the first of the runs was made with, as far as its checkpoint says."""
    for run in runs:
        try:
            known = read_record(store.best_checkpoint_path(run.id)).environment
        except CheckpointError:
            continue
        return ", ".join(f"{name} {value}" for name, value in known.items())
    return ""
