"""Shards on several threads, against the whole batch on one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.data.mnist import DataSplits, LabeledImages, load, normalize, split_mnist
from mnistlab.data.options import Augmentation, Split
from mnistlab.recipe.recipe import Recipe, shard_count
from mnistlab.training.data_parallel import Replicas
from mnistlab.training.loop import train
from mnistlab.training.state import TrainingState

NORMED = parse("8-p8-16-p16-full-bn-drop0.1")


@pytest.fixture(scope="module")
def digits(mnist_folder: Path) -> LabeledImages:
    return split_mnist(load(mnist_folder), Split.HOLDOUT, 600).train


def training(
    text: str, batch: int, augmentation: Augmentation = Augmentation.NONE
) -> TrainingState:
    recipe = Recipe(epochs=2, batch_size=batch, augmentation=augmentation)
    return TrainingState(build(parse(text), 0), recipe)


@pytest.mark.parametrize(
    ("batch", "count"), [(8, 1), (63, 1), (64, 2), (255, 2), (256, 2), (384, 3), (4096, 32)]
)
def test_the_number_of_shards_depends_on_the_batch_size(batch: int, count: int) -> None:
    assert shard_count(batch) == count


@pytest.mark.parametrize(
    ("batch", "norm", "count"), [(64, 64, 1), (64, 4096, 1), (64, 16, 4), (100, 30, 3), (8, 8, 1)]
)
def test_the_recipe_can_set_the_size_of_a_shard(batch: int, norm: int, count: int) -> None:
    assert shard_count(batch, norm) == count
    recipe = Recipe(batch_size=batch, norm_batch_size=norm)
    sizes = {len(part) for part in torch.arange(batch).tensor_split(recipe.shards)}
    assert recipe.images_per_norm == " or ".join(map(str, sorted(sizes)))
    assert min(sizes) >= min(norm, batch)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_without_batch_norm_the_gradient_is_that_of_the_whole_batch(
    digits: LabeledImages, smoothing: float
) -> None:
    images, labels = digits.images[:101], digits.labels[:101]  # groups of 51 and 50
    one = training("8-p8-16-p16-full", 128)
    one.recipe = replace(one.recipe, label_smoothing=smoothing)
    with Replicas(one, threads=2) as replicas:
        replicas.start_epoch()
        loss, right = replicas.gradients(images, labels)
    scores = one.network(normalize(images))
    logs = functional.log_softmax(scores, 1)
    answers = functional.one_hot(labels, 10) * (1 - smoothing) + smoothing / 10
    expected = -(answers * logs).sum(1).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert right.item() == int((scores.argmax(1) == labels).sum())
    gradients = torch.autograd.grad(expected, list(one.network.parameters()))
    for weight, gradient in zip(one.network.parameters(), gradients, strict=True):
        assert weight.grad is not None and torch.allclose(weight.grad, gradient, atol=1e-5)


def test_batch_norm_uses_its_shard_and_the_network_gets_the_mean(
    digits: LabeledImages,
) -> None:
    one = training("8-gap-bn", 64)
    with Replicas(one, threads=2) as replicas:
        replicas.start_epoch()
        replicas.gradients(digits.images[:64], digits.labels[:64])
        replicas.end_epoch()
    conv = one.network.get_submodule("conv1.conv")
    norm = one.network.get_submodule("conv1.norm").state_dict()
    maps = conv(normalize(digits.images[:64]))
    halves = [half.var((0, 2, 3)) for half in maps.split(32)]
    assert torch.allclose(norm["running_mean"], 0.1 * maps.mean((0, 2, 3)), atol=1e-5)
    assert torch.allclose(norm["running_var"], 0.9 + 0.1 * (halves[0] + halves[1]) / 2, atol=1e-4)
    assert norm["num_batches_tracked"] == 1


def test_batch_norm_normalizes_over_norm_batch_size_images(
    digits: LabeledImages,
) -> None:
    recipe = Recipe(batch_size=64, augmentation=Augmentation.NONE, norm_batch_size=64)
    one = TrainingState(build(parse("8-gap-bn"), 0), recipe)
    with Replicas(one, threads=2) as replicas:
        replicas.start_epoch()
        replicas.gradients(digits.images[:64], digits.labels[:64])
        replicas.end_epoch()
    block: Any = one.network.conv1
    conv, norm = block.conv, block.norm
    maps = conv(normalize(digits.images[:64]))
    assert torch.allclose(norm.running_var, 0.9 + 0.1 * maps.var((0, 2, 3)), atol=1e-4)


def test_few_training_images_have_fewer_shards(digits: LabeledImages) -> None:
    recipe = Recipe(epochs=1, batch_size=4096, train_size=100, augmentation=Augmentation.NONE)
    one = TrainingState(build(NORMED, 0), recipe)
    assert len(one.generators) == recipe.shards == shard_count(100), "not 32 groups of 3 images"
    (epoch,) = train(one, DataSplits(digits[:100], digits[100:200], None))
    assert epoch.number == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_has_the_same_shards_as_a_cpu() -> None:
    recipe = Recipe(batch_size=256)
    counts = {
        len(TrainingState(build(NORMED, 0), recipe, torch.device(device)).generators)
        for device in ("cpu", "cuda")
    }
    assert counts == {recipe.shards}


@pytest.mark.parametrize(
    "network", [str(NORMED), "4-4dr-p-4r-gap-bn-gelu-drop0.1", "4d-p-4r-gap-leaky-cdrop0.1"]
)
def test_results_are_identical_on_any_number_of_threads(
    digits: LabeledImages, network: str
) -> None:
    def run(threads: int) -> list[torch.Tensor]:
        one = training(network, 384, Augmentation.AFFINE)  # three groups
        list(train(one, DataSplits(digits[:400], digits[400:], None), threads=threads))
        return list(one.state_dict().values())

    first = run(1)
    for threads in (2, 3, 8):
        assert all(map(torch.equal, first, run(threads))), f"{threads} threads"
