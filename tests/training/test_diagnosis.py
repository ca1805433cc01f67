"""A run that does not learn is noticed, one that learns is not: made-up curves, real trainings."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from mnistlab import zoo
from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.data.mnist import DataSplits, load
from mnistlab.data.options import Augmentation
from mnistlab.experiments.targets import TARGETS
from mnistlab.recipe.recipe import Recipe
from mnistlab.recipe.schedules import Schedule
from mnistlab.training.diagnosis import Failure, describe_failure, failure, what_to_change
from mnistlab.training.epoch import Epoch
from mnistlab.training.loop import TrainingError, train
from mnistlab.training.record import read_record, read_record_json
from mnistlab.training.state import TrainingState

SPEC = parse("8-16-p10-16-20-t12-16-20-full")


def epochs(losses: Sequence[float], accuracies: Sequence[float]) -> list[Epoch]:
    """Epochs with these training losses and validation accuracies."""
    return [
        Epoch(n, loss, accuracy, loss, round(10_000 * (1 - accuracy)), 10_000, 0.1, 2.0, 5000.0)
        for n, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True), 1)
    ]


@pytest.mark.parametrize(
    ("losses", "accuracies", "expected"),
    [
        ([], [], None),
        ([2.3], [0.1135], None),
        ([2.31, 2.3012, 2.3011], [0.1135, 0.1135, 0.1135], Failure.ONE_CLASS),
        ([2.32, 2.302], [0.1064, 0.0967], Failure.ONE_CLASS),
        ([2.0, 1.9, 1.9], [0.12, 0.11, 0.12], Failure.CHANCE),
        ([0.4, 0.2, 2.301, 2.301], [0.9, 0.95, 0.1135, 0.1135], Failure.DIVERGED),
        ([1.2, 2.9, 9.5], [0.6, 0.4, 0.3], Failure.DIVERGED),
        ([0.4, float("nan")], [0.9, 0.098], Failure.DIVERGED),
        ([float("inf")], [0.098], Failure.DIVERGED),
        # A slow start, a bad epoch in between, overfitting: all of these learn.
        ([2.31, 2.30, 1.2], [0.1135, 0.1135, 0.6], None),
        ([0.4, 2.4, 0.3], [0.9, 0.11, 0.93], None),
        ([0.05, 0.01, 0.03], [0.99, 0.991, 0.989], None),
        ([2.2, 2.1], [0.18, 0.25], None),
    ],
)
def test_the_kinds_of_failure(
    losses: Sequence[float], accuracies: Sequence[float], expected: Failure | None
) -> None:
    assert failure(epochs(losses, accuracies)) is expected
    text = describe_failure(epochs(losses, accuracies), SPEC, Recipe())
    assert (text == "") == (expected is None)


def test_no_record_that_is_bundled_fails_after_any_epoch() -> None:
    records = [read_record(path) for path in zoo.checkpoints()]
    paths = [path for target in TARGETS for path in zoo.records(target.preset.name)]
    records += [read_record_json(path) for path in paths]
    assert len(records) > 6
    for record in records:
        for n in range(1, len(record.epochs) + 1):
            assert failure(record.epochs[:n]) is None, (record.name, n)


def test_only_changes_that_the_run_has_not_made_are_proposed() -> None:
    plain = what_to_change(SPEC, Recipe(learning_rate=0.5, schedule=Schedule.CONSTANT))
    assert "0.5" in plain and "0.05" in plain
    assert "batch norm" in plain and Schedule.ONE_CYCLE.label in plain
    normed = what_to_change(parse("8-gap-bn"), Recipe(schedule=Schedule.ONE_CYCLE))
    assert "batch norm" not in normed and Schedule.ONE_CYCLE.label not in normed


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "fails"), [(3.0, True), (0.05, False)])
def test_a_training_with_far_too_high_a_rate_fails(
    mnist_folder: Path, rate: float, fails: bool
) -> None:
    mnist = load(mnist_folder)
    splits = DataSplits(mnist.train[:2048], mnist.test[:1000], None)
    recipe = Recipe(
        epochs=3,
        learning_rate=rate,
        schedule=Schedule.CONSTANT,
        batch_size=64,
        augmentation=Augmentation.NONE,
    )
    training = TrainingState(build(parse("8-p-8-p-8-gap"), 0), recipe, torch.device("cpu"))
    result = list[Epoch]()
    try:
        result += train(training, splits)
    except TrainingError:
        assert fails
        return
    assert (failure(result) is not None) == fails, result
