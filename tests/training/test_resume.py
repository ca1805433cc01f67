"""A training that was put aside goes on bit by bit as it would have."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save_file
from torch import Tensor

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.data.mnist import DataSplits, load, split_mnist
from mnistlab.data.options import Augmentation, Split
from mnistlab.errors import CheckpointError
from mnistlab.training.epoch import Epoch
from mnistlab.training.loop import train
from mnistlab.training.recipe import Optimizer, Recipe
from mnistlab.training.record import TrainingRecord, read_record
from mnistlab.training.resume import load_training_state, save_training_state
from mnistlab.training.schedules import Schedule
from mnistlab.training.state import TrainingState

SPEC = parse("4-p4-8-p8-gap-bn-drop0.1")


@pytest.fixture(scope="module")
def parts(mnist_folder: Path) -> DataSplits:
    whole = split_mnist(load(mnist_folder), Split.HOLDOUT, 256)
    return DataSplits(whole.train, whole.validation[:200], None)


def fresh(recipe: Recipe, seed: int = 0) -> TrainingState:
    return TrainingState(build(SPEC, seed), recipe)


def record(training: TrainingState) -> TrainingRecord:
    epochs = tuple(training.epochs)
    return TrainingRecord("", SPEC, training.recipe, epochs, len(epochs), None, {"threads": "1"})


def figures(epochs: list[Epoch]) -> list[tuple[float, ...]]:
    """All of an epoch but what the clock gave."""
    return [
        (e.number, e.train_loss, e.train_accuracy, e.validation_loss, e.validation_errors,
         e.learning_rate)
        for e in epochs
    ]  # fmt: skip


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("optimizer", list(Optimizer))
@pytest.mark.parametrize("schedule", list(Schedule))
@pytest.mark.parametrize("augmentation", [Augmentation.SHIFT, Augmentation.AFFINE])
def test_put_aside_after_every_epoch_it_ends_with_the_same_bits(
    parts: DataSplits,
    tmp_path: Path,
    optimizer: Optimizer,
    schedule: Schedule,
    augmentation: Augmentation,
) -> None:
    recipe = Recipe(optimizer, 0.02, schedule, 64, 5, augmentation=augmentation, seed=3)
    alone = fresh(recipe)
    list(train(alone, parts))
    path = tmp_path / "resume.safetensors"
    going = fresh(recipe)
    for number in range(5):
        next(train(going, parts))
        save_training_state(path, going, record(going))
        torch.rand(number + 1)  # what happens in between must not matter
        going = fresh(recipe, seed=9)
        load_training_state(path, going, SPEC)
    assert same(alone.state_dict(), going.state_dict())
    assert figures(alone.epochs) == figures(going.epochs)


@pytest.fixture
def put_aside(parts: DataSplits, tmp_path: Path) -> Path:
    training = fresh(Recipe(epochs=3, batch_size=64))
    next(train(training, parts))
    path = tmp_path / "resume.safetensors"
    save_training_state(path, training, record(training))
    return path


def test_another_network_s_or_recipe_s_training_is_refused(put_aside: Path) -> None:
    training = fresh(Recipe(epochs=3, batch_size=32))
    with pytest.raises(CheckpointError, match="another training"):
        load_training_state(put_aside, training, SPEC)


def test_a_damaged_one_is_refused(put_aside: Path) -> None:
    content = put_aside.read_bytes()
    tensors = load_tensors(content)
    training = fresh(Recipe(epochs=3, batch_size=64))
    metadata = record(training).to_metadata() | {"epochs": "[]", "epoch": "0"}

    def refused() -> None:
        victim = fresh(Recipe(epochs=3, batch_size=64))
        with pytest.raises(CheckpointError, match="damaged"):
            load_training_state(put_aside, victim, SPEC)

    put_aside.write_bytes(content[:-50])
    refused()
    put_aside.write_bytes(b"")
    refused()
    save_file(tensors, put_aside, metadata=metadata)
    refused()
    put_aside.write_bytes(content)
    metadata = read_record(put_aside).to_metadata()
    for name, value in (
        ("optimizer.0.momentum_buffer", None),
        ("random.order", None),
        ("random.global", torch.zeros(7, dtype=torch.uint8)),
        ("random.global", torch.zeros(7)),
        ("network.conv1.conv.weight", None),
        ("network.conv1.conv.weight", torch.full((4, 1, 3, 3), torch.nan)),
        ("optimizer.0.momentum_buffer", torch.zeros(2, 2)),
        ("optimizer.99.momentum_buffer", torch.zeros(2)),
    ):
        changed = tensors | ({name: value} if value is not None else {})
        if value is None:
            del changed[name]
        save_file(changed, put_aside, metadata=metadata)
        refused()


def test_a_training_on_another_kind_of_device_is_refused(put_aside: Path) -> None:
    metadata = read_record(put_aside).to_metadata() | {"environment": '{"device": "cuda"}'}
    save_file(load_tensors(put_aside.read_bytes()), put_aside, metadata=metadata)
    with pytest.raises(CheckpointError, match="trained on cuda"):
        load_training_state(put_aside, fresh(Recipe(epochs=3, batch_size=64)), SPEC)
