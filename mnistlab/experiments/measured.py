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


def records(step: Step) -> tuple[TrainingRecord, ...]:
    """A network's bundled trainings, the first one seed 0's; none if there are none.

    Raises CheckpointError if one is damaged.
    """
    checkpoint = zoo.checkpoint(step.name)
    paths = zoo.records(step.name) or ([checkpoint] if checkpoint else [])
    try:
        return tuple(_cached_record(path, path.stat().st_mtime_ns) for path in paths)
    except OSError as error:
        raise CheckpointError(f"Could not read {error.filename}: {error.strerror}.") from error


@lru_cache(maxsize=32)
def _cached_record(path: Path, modified_at: int) -> TrainingRecord:
    return read_record_json(path) if path.suffix == ".json" else read_record(path)


def reference_epochs(step: Step) -> tuple[Epoch, ...]:
    """The epochs of a network's bundled training; none if there is none or it is damaged."""
    try:
        trainings = records(step)
    except CheckpointError:
        return ()
    return trainings[0].epochs if trainings else ()


def stats(step: Step) -> SeedStats | None:
    """The accuracy on the test images: of the seeds that are known, or of the records.

    A target's is its best epoch's, as in the article, so it is optimistic. Raises CheckpointError
    if a record is damaged.
    """
    if errors := zoo.SEED_ERRORS.get(step.name):
        return SeedStats(tuple(Score(count, MNIST.n_test) for count in errors))
    scores = tuple(training.reported_score for training in records(step))
    return SeedStats(scores) if scores else None


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
