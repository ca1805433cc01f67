"""What the networks of the home page's steps were measured at, from the bundled records."""

from functools import lru_cache
from pathlib import Path

from mnistlab import zoo
from mnistlab.arch.summary import BUDGET
from mnistlab.data.dataset import MNIST
from mnistlab.errors import CheckpointError
from mnistlab.experiments.seeds import SeedStats
from mnistlab.experiments.steps import predecessor
from mnistlab.experiments.targets import Step
from mnistlab.stats.score import Score
from mnistlab.text import percent, percent_range, percentage_points
from mnistlab.training.epoch import Epoch
from mnistlab.training.record import TrainingRecord, read_record, read_record_json


def record(step: Step) -> TrainingRecord | None:
    """A network's bundled training, None if there is none. Raises CheckpointError if damaged."""
    path = zoo.record(step.name) or zoo.checkpoint(step.name)
    if path is None:
        return None
    try:
        return _cached_record(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise CheckpointError(f"Could not read {path.name}: {error.strerror}.") from error


@lru_cache(maxsize=32)
def _cached_record(path: Path, modified_at: int) -> TrainingRecord:
    return read_record_json(path) if path.suffix == ".json" else read_record(path)


def reference_epochs(step: Step) -> tuple[Epoch, ...]:
    """The epochs of a network's bundled training; none if there is none or it is damaged."""
    try:
        training = record(step)
    except CheckpointError:
        return ()
    return training.epochs if training else ()


def stats(step: Step) -> SeedStats | None:
    """The accuracy on the test images: of all seeds if there are several, else of the record.

    A target's is its best epoch's, as in the article, so it is optimistic. Raises CheckpointError
    if the record is damaged.
    """
    if errors := zoo.SEED_ERRORS.get(step.name):
        return SeedStats(tuple(Score(count, MNIST.n_test) for count in errors))
    training = record(step)
    return SeedStats((training.reported_score,)) if training else None


def outcome(step: Step) -> str:
    """One sentence: the accuracy, and what was gained and paid since the previous step."""
    ours, before = stats(step), predecessor(step)
    if ours is None:
        return f"{step.total:,} parameters; not measured yet."
    text = f"{percent(ours.mean)} (95% CI {percent_range(*ours.confidence_interval)})"
    previous = stats(before) if before else None
    if before is None or previous is None:
        return f"{text} with {step.total:,} parameters, {_times(step.total / BUDGET)} the budget."
    gain = percentage_points(ours.mean - previous.mean)
    return f"{text}: {gain} {_parameters(before.total, step.total)}."


def _parameters(before: int, after: int) -> str:
    if after == before:
        return "for no more parameters"
    if before / after >= 1.5:
        return f"with {_times(before / after)} fewer parameters"
    return f"for {abs(after - before):,} {'more' if after > before else 'fewer'} parameters"


def _times(factor: float) -> str:
    return f"{factor:.0f}×" if factor >= 10 else f"{factor:.1f}×"
