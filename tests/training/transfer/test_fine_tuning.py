"""Fine-tuning: where a training starts, the weights that it ends with, equal bits when resumed."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.data.mnist import DataSplits, load, split_mnist
from mnistlab.data.options import Split
from mnistlab.errors import CheckpointError
from mnistlab.recipe.recipe import NormStatistics, Recipe
from mnistlab.stats.score import Score
from mnistlab.training.epoch import Epoch
from mnistlab.training.loop import train
from mnistlab.training.record import SourceNetwork, TrainingRecord, record_from_metadata
from mnistlab.training.resume import load_training_state, save_training_state
from mnistlab.training.sources import check_fits
from mnistlab.training.state import TrainingState
from mnistlab.training.transfer.fine_tuning import interpolate

SPEC = parse("4-p4-8-gap-bn-drop0.1")
NAME = "0123456789abcdef"
TUNED = Recipe(epochs=2, batch_size=64, learning_rate=0.05, initial=NAME)


@pytest.fixture(scope="module")
def splits(mnist_folder: Path) -> DataSplits:
    digits = split_mnist(load(mnist_folder), Split.HOLDOUT, 600).train
    return DataSplits(digits[:400], digits[400:], None)


def make_training(recipe: Recipe = TUNED) -> TrainingState:
    training = TrainingState(build(SPEC, 0), recipe)
    training.set_initial(_initial())
    return training


def _initial() -> nn.Sequential:
    """A network whose batch norm has seen something, so that its statistics count."""
    # Without dropout, which draws from torch's own generator.
    network = build(replace(SPEC, dropout=0.0), 5).train()
    with torch.no_grad():
        network(torch.randn(50, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 + 1)
    return network.eval()


def floats(network: nn.Module) -> dict[str, Tensor]:
    state = network.state_dict()
    return {n: v.clone() for n, v in state.items() if v.is_floating_point()}


def test_interpolated_weights_lie_on_the_line_between_both() -> None:
    first, trained = floats(_initial()), floats(build(SPEC, 7))
    for fraction in (0.0, 0.25, 0.5, 1.0):
        network = build(SPEC, 7)
        interpolate(network, _initial(), fraction)
        for name, values in floats(network).items():
            expected = first[name].double() * (1 - fraction) + trained[name].double() * fraction
            assert torch.allclose(values.double(), expected, atol=1e-6), name
    interpolate(network, _initial(), 0.0)
    assert all(torch.equal(values, first[name]) for name, values in floats(network).items())
    assert not torch.equal(first["conv1.norm.running_mean"], trained["conv1.norm.running_mean"]), (
        "no statistics"
    )


def test_a_training_starts_from_the_initial_weights(splits: DataSplits) -> None:
    assert floats(make_training().network).keys() == floats(_initial()).keys()
    for name, values in floats(make_training().network).items():
        assert torch.equal(values, floats(_initial())[name])
    kept = make_training(replace(TUNED, epochs=1, interpolation=0.0))
    list(train(kept, splits))
    for name, values in floats(kept.network).items():
        assert torch.equal(values, floats(_initial())[name]), "interpolation 0 learns nothing"


def test_only_the_last_epoch_is_interpolated_and_evaluated_so(splits: DataSplits) -> None:
    whole, half = make_training(), make_training(replace(TUNED, interpolation=0.5))
    first = [next(train(each, splits)) for each in (whole, half)]
    assert first[0].validation_loss == first[1].validation_loss
    before = [next(train(each, splits)) for each in (whole, half)]
    assert before[0].train_loss == before[1].train_loss
    assert before[0].validation_loss != before[1].validation_loss
    trained = floats(whole.network)
    for name, values in floats(half.network).items():
        middle = torch.lerp(floats(_initial())[name], trained[name], 0.5)
        assert torch.equal(values, middle), name


@pytest.mark.parametrize("statistics", list(NormStatistics))
def test_a_resumed_training_has_the_same_bits(
    splits: DataSplits, tmp_path: Path, statistics: NormStatistics
) -> None:
    recipe = replace(TUNED, epochs=3, interpolation=0.5, norm_statistics=statistics)
    whole = make_training(recipe)
    list(train(whole, splits))
    part = make_training(recipe)
    for epoch in train(part, splits):
        if epoch.number == 1:
            break
    record = TrainingRecord("x", SPEC, recipe, tuple(part.epochs), 1)
    save_training_state(tmp_path / "resume", part, record)
    resumed = TrainingState(build(SPEC, 9), recipe)
    load_training_state(tmp_path / "resume", resumed, SPEC)
    resumed.set_initial(_initial())
    list(train(resumed, splits, threads=2))
    for name, values in floats(resumed.network).items():
        assert torch.equal(values, floats(whole.network)[name]), name


def test_a_training_does_not_start_without_its_initial_weights(splits: DataSplits) -> None:
    with pytest.raises(AssertionError, match="initial"):
        list(train(TrainingState(build(SPEC, 0), TUNED), splits))


def _source(text: str) -> SourceNetwork:
    return SourceNetwork("ab" * 32, "mine", parse(text), Score(60, 10_000), True, Split.ARTICLE)


def test_weights_fit_networks_with_the_same_tensors_alone() -> None:
    check_fits(_source("4-p4-8-gap-bn"), SPEC)
    for other in ("4-p4-9-gap-bn", "4-p4-8-gap", "4-p4-8-8-gap-bn"):
        with pytest.raises(CheckpointError, match=r"another network.*Choose"):
            check_fits(_source(other), SPEC)


def test_the_record_names_the_initial_checkpoint() -> None:
    source, epoch = _source("4-p4-8-gap-bn"), Epoch(1, 0.1, 0.9, 0.1, 9, 100, 0.1, 1.0, 1000.0)
    recipe = replace(TUNED, initial=source.short)
    record = TrainingRecord("x", SPEC, recipe, (epoch,), 1, initial=source)
    metadata = record.to_metadata()
    assert record_from_metadata(metadata, "x") == record
    other = replace(record, recipe=replace(recipe, initial=NAME)).to_metadata()
    with pytest.raises(CheckpointError, match="another initial checkpoint"):
        record_from_metadata(other, "x")
