"""The training loop on a few hundred images."""

from pathlib import Path

import pytest
import torch

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.data.mnist import DataSplits, load, split_mnist
from mnistlab.data.options import Augmentation, Split
from mnistlab.recipe.recipe import Optimizer, Recipe
from mnistlab.training.epoch import Phase, Progress
from mnistlab.training.evaluate import evaluate, logits
from mnistlab.training.loop import TrainingError, train
from mnistlab.training.state import TrainingState

SMALL = parse("8-p8-16-p16-full-bn-drop0.05")
QUICK = Recipe(epochs=3, batch_size=64, train_size=512, augmentation=Augmentation.NONE)


@pytest.fixture(scope="module")
def splits(mnist_folder: Path) -> DataSplits:
    whole = split_mnist(load(mnist_folder), Split.HOLDOUT, QUICK.train_size)
    return DataSplits(whole.train, whole.validation[:500], None)


@pytest.mark.parametrize("optimizer", list(Optimizer))
def test_a_few_hundred_images_are_learned(splits: DataSplits, optimizer: Optimizer) -> None:
    rate = {Optimizer.SGD: 0.1, Optimizer.ADAM: 0.01}[optimizer]
    recipe = Recipe(optimizer, rate, epochs=8, batch_size=64, augmentation=Augmentation.NONE)
    epochs = list(train(TrainingState(build(SMALL, 0), recipe), splits))
    assert [epoch.number for epoch in epochs] == list(range(1, 9))
    assert epochs[-1].train_loss < epochs[0].train_loss / 2
    assert epochs[-1].validation_accuracy > 0.6, "chance is 0.1"
    assert all(e.validation_count == 500 and e.images_per_second > 0 for e in epochs)


def test_the_same_seed_gives_the_same_weights_with_and_without_reports(splits: DataSplits) -> None:
    def run(seed: int, watched: bool) -> tuple[list[tuple[float, int]], torch.Tensor]:
        network = build(SMALL, seed)
        recipe = Recipe(epochs=2, batch_size=64, augmentation=Augmentation.SHIFT, seed=seed)
        reports: list[Progress] = []
        training = TrainingState(network, recipe)
        loop = (
            train(training, splits, report=reports.append) if watched else train(training, splits)
        )
        epochs = [(e.train_loss, e.validation_errors) for e in loop]
        assert bool(reports) == watched
        return epochs, torch.cat([p.detach().flatten() for p in network.state_dict().values()])

    first, second, other = run(1, watched=True), run(1, watched=False), run(2, watched=False)
    assert first[0] == second[0] and torch.equal(first[1], second[1])
    assert not torch.equal(first[1], other[1])


def test_the_network_has_an_epoch_s_weights_when_the_epoch_is_yielded(
    splits: DataSplits,
) -> None:
    network = build(SMALL, 0)
    for epoch in train(TrainingState(network, QUICK), splits):
        reports = evaluate(network, splits.validation)
        assert reports.score.errors == epoch.validation_errors
        assert reports.loss == pytest.approx(epoch.validation_loss)


def test_progress_counts_to_the_epoch_s_images(splits: DataSplits) -> None:
    reports: list[Progress] = []
    list(train(TrainingState(build(SMALL, 0), QUICK), splits, report=reports.append))
    trained = [p for p in reports if p.phase == Phase.TRAIN]
    assert [(p.epoch, p.done) for p in trained] == [
        (e, d) for e in (1, 2, 3) for d in range(64, 513, 64)
    ]
    assert {p.total for p in trained} == {512}


def test_validation_reports_every_batch_to_its_last_image(splits: DataSplits) -> None:
    reports: list[Progress] = []
    list(train(TrainingState(build(SMALL, 0), QUICK), splits, report=reports.append))
    validated = [p for p in reports if p.phase == Phase.VALIDATE]
    assert [p.epoch for p in validated if p.done == p.total] == [1, 2, 3]
    assert {p.total for p in validated} == {len(splits.validation)}
    assert {p.epoch_fraction for p in validated} == {1.0}, "the epoch's training is over"


@pytest.mark.parametrize("batch", [100, 512, 1000])
def test_images_per_epoch_is_the_last_progress(splits: DataSplits, batch: int) -> None:
    recipe = Recipe(epochs=1, batch_size=batch, train_size=512, augmentation=Augmentation.NONE)
    reports: list[Progress] = []
    list(train(TrainingState(build(SMALL, 0), recipe), splits, report=reports.append))
    trained = [progress for progress in reports if progress.phase == Phase.TRAIN]
    assert {progress.total for progress in trained} == {recipe.images_per_epoch}


def test_stopping_ends_the_iteration_without_the_unfinished_epoch(splits: DataSplits) -> None:
    steps: list[Progress] = []
    training = TrainingState(build(SMALL, 0), QUICK)
    epochs = list(train(training, splits, report=steps.append, stopped=lambda: len(steps) >= 11))
    assert [epoch.number for epoch in epochs] == [1] and len(steps) == 11


def test_an_infinite_loss_is_an_error(splits: DataSplits) -> None:
    network = build(SMALL, 0)
    torch.nn.init.constant_(next(network.parameters()), float("inf"))
    with pytest.raises(TrainingError, match=r"epoch 1.*learning rate \(0\.1\)"):
        list(train(TrainingState(network, QUICK), splits))


def test_evaluation_does_not_depend_on_batches_and_restores_the_mode(splits: DataSplits) -> None:
    network = build(SMALL, 0).train()
    whole = logits(network, splits.train.images)
    single = torch.cat([logits(network, image[None]) for image in splits.train.images[:20]])
    assert network.training and torch.allclose(whole[:20], single, atol=1e-5)


def test_target_accuracy_and_patience_end_a_run_early(splits: DataSplits) -> None:
    def count(**values: object) -> int:
        recipe = Recipe(epochs=6, batch_size=64, train_size=512, **values)  # type: ignore[arg-type]
        return len(list(train(TrainingState(build(SMALL, 0), recipe), splits)))

    assert count(target_accuracy=0.5) < 6
    # A rate so small that nothing gets better: the first epoch is never surpassed by much.
    assert count(target_accuracy=1.0, patience=1, learning_rate=1e-6) < 6
    assert count() == 6
