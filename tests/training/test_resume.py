"""A resumed training gives the same result, bit for bit, as one that was not interrupted."""

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
from mnistlab.recipe.recipe import NormStatistics, Optimizer, Recipe
from mnistlab.recipe.schedules import Schedule
from mnistlab.training.engine.selection import Kernels
from mnistlab.training.epoch import Epoch
from mnistlab.training.loop import train
from mnistlab.training.record import TrainingRecord, read_record
from mnistlab.training.resume import load_training_state, save_training_state
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
@pytest.mark.parametrize(
    ("augmentation", "statistics"),
    [
        (Augmentation.SHIFT, NormStatistics.RUNNING),
        (Augmentation.AFFINE, NormStatistics.REESTIMATED),
    ],
)
def test_resuming_after_every_epoch_gives_identical_results(
    parts: DataSplits,
    tmp_path: Path,
    optimizer: Optimizer,
    schedule: Schedule,
    augmentation: Augmentation,
    statistics: NormStatistics,
) -> None:
    recipe = Recipe(
        optimizer, 0.02, schedule, 64, 5,
        augmentation=augmentation, seed=3, norm_statistics=statistics,
    )  # fmt: skip
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
def saved_path(parts: DataSplits, tmp_path: Path) -> Path:
    training = fresh(Recipe(epochs=3, batch_size=64))
    next(train(training, parts))
    path = tmp_path / "resume.safetensors"
    save_training_state(path, training, record(training))
    return path


def test_the_state_of_another_network_or_recipe_is_an_error(saved_path: Path) -> None:
    training = fresh(Recipe(epochs=3, batch_size=32))
    with pytest.raises(CheckpointError, match="another training"):
        load_training_state(saved_path, training, SPEC)


def test_a_damaged_state_is_an_error(saved_path: Path) -> None:
    content = saved_path.read_bytes()
    tensors = load_tensors(content)
    training = fresh(Recipe(epochs=3, batch_size=64))
    metadata = record(training).to_metadata() | {"epochs": "[]", "epoch": "0"}

    def refused() -> None:
        victim = fresh(Recipe(epochs=3, batch_size=64))
        with pytest.raises(CheckpointError, match="damaged"):
            load_training_state(saved_path, victim, SPEC)

    saved_path.write_bytes(content[:-50])
    refused()
    saved_path.write_bytes(b"")
    refused()
    save_file(tensors, saved_path, metadata=metadata)
    refused()
    saved_path.write_bytes(content)
    metadata = read_record(saved_path).to_metadata()
    for name, value in (
        ("optimizer.0.momentum_buffer", None),
        ("random.shuffle", None),
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
        save_file(changed, saved_path, metadata=metadata)
        refused()


def test_a_state_from_another_kind_of_device_is_an_error(saved_path: Path) -> None:
    metadata = read_record(saved_path).to_metadata() | {"environment": '{"device": "cuda"}'}
    save_file(load_tensors(saved_path.read_bytes()), saved_path, metadata=metadata)
    with pytest.raises(CheckpointError, match="trained on cuda"):
        load_training_state(saved_path, fresh(Recipe(epochs=3, batch_size=64)), SPEC)


@pytest.mark.parametrize("kernels", list(Kernels))
def test_a_training_ends_with_the_kernels_that_it_began_with(
    parts: DataSplits, tmp_path: Path, kernels: Kernels
) -> None:
    recipe = Recipe(epochs=2, batch_size=64)
    alone, going = (TrainingState(build(SPEC, 0), recipe, kernels=kernels) for _ in range(2))
    list(train(alone, parts))
    next(train(going, parts))
    save_training_state(tmp_path / "resume.safetensors", going, record(going))
    resumed = fresh(recipe)
    load_training_state(tmp_path / "resume.safetensors", resumed, SPEC)
    assert resumed.kernels is kernels
    list(train(resumed, parts))
    assert same(alone.state_dict(), resumed.state_dict())


@pytest.mark.parametrize(
    ("environment", "kernels"), [("{}", Kernels.TORCH), ('{"kernels": "quantum"}', None)]
)
def test_a_state_names_its_kernels_or_had_pytorchs(
    saved_path: Path, environment: str, kernels: Kernels | None
) -> None:
    metadata = read_record(saved_path).to_metadata() | {"environment": environment}
    save_file(load_tensors(saved_path.read_bytes()), saved_path, metadata=metadata)
    training = fresh(Recipe(epochs=3, batch_size=64))
    if kernels is None:
        with pytest.raises(CheckpointError, match=r"'quantum'.*requirements\.txt"):
            load_training_state(saved_path, training, SPEC)
    else:
        load_training_state(saved_path, training, SPEC)
        assert training.kernels is kernels
