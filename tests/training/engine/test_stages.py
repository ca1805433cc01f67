"""The fused loops against PyTorch's own layers, block by block and for whole networks."""

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numba
import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from mnistlab.arch.build import build
from mnistlab.arch.modules import DropIndexSampler, Dropout
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import parse
from mnistlab.data.mnist import LabeledImages, load, normalize, split_mnist
from mnistlab.data.options import Split
from mnistlab.training.engine import kernels
from mnistlab.training.engine.fused import FusedStage
from mnistlab.training.engine.selection import Kernels, build_chain, default_kernels
from mnistlab.training.engine.stages import Chain, TorchStage

NETWORKS = [
    *(str(preset.spec) for preset in PRESETS if preset.name != "target-1"),
    "8-p8-16-p16-full",
    "7-p-13-p-gap",
    "3-p5-3s-3r-p-6-gap-bn-drop0.2",
    "1r-8-8r-p-12-12r-gap-bn",
]
NOT_FUSED = ["4-6-p-10-gap-bn-cdrop0.3", "5-p-9-p-gap-bn-gelu"]


@pytest.fixture(scope="module")
def digits(mnist_folder: Path) -> LabeledImages:
    return split_mnist(load(mnist_folder), Split.HOLDOUT, 64).train[:32]


def maps_of(channels: int, side: int, seed: int = 0, count: int = 6) -> Tensor:
    """Random maps, channels-last, whose values are far from 0 in some channels."""
    generator = Generator().manual_seed(seed)
    maps = torch.randn(count, channels, side, side, generator=generator)
    maps = maps * (1 + torch.arange(channels)[:, None, None]) + 5
    return maps.contiguous(memory_format=torch.channels_last)


def flat(maps: Tensor) -> kernels.Floats:
    return np.ascontiguousarray(maps.permute(0, 2, 3, 1).numpy()).ravel()


@pytest.mark.parametrize("channels", [1, 3, 8, 10, 20, 32])
@pytest.mark.parametrize("residual", [False, True])
def test_norm_and_relu_are_those_of_pytorch_in_double_precision(
    channels: int, residual: bool
) -> None:
    maps, added = maps_of(channels, 11), maps_of(channels, 11, 1) - 5
    gradient = maps_of(channels, 11, 2) - 5
    norm = nn.BatchNorm2d(channels).double().train()
    nn.init.uniform_(norm.weight, 0.5, 2)
    nn.init.uniform_(norm.bias, -1, 1)
    inputs, terms = maps.double().requires_grad_(), added.double().requires_grad_()
    expected = (norm(inputs) + terms * residual).relu() * 1.25
    of_maps, of_scale, of_shift = torch.autograd.grad(
        expected, [inputs, norm.weight, norm.bias], gradient.double()
    )

    scale, shift = (t.detach().float().numpy() for t in (norm.weight, norm.bias))
    running = np.zeros(channels, np.float32), np.ones(channels, np.float32)
    result, got = np.empty(maps.numel(), np.float32), flat(gradient)
    terms_flat = flat(added) if residual else np.empty(0, np.float32)
    mean, inverse = kernels.norm_forward(
        flat(maps), terms_flat, scale, shift, *running, 0.1, 1e-5, 1.25, result
    )
    found = kernels.norm_backward(flat(maps), got, scale, mean, inverse, 1.25, result)

    for ours, theirs in (
        (result, flat(expected.detach())),
        (got, flat(of_maps)),
        (found[0], of_scale.numpy()),
        (found[1], of_shift.numpy()),
        (running[0], norm.running_mean.numpy() if norm.running_mean is not None else None),
        (running[1], norm.running_var.numpy() if norm.running_var is not None else None),
    ):
        assert theirs is not None
        assert np.abs(ours - theirs).max() <= 2e-5 * max(np.abs(theirs).max(), 1)


def test_statistics_of_large_values_with_a_small_spread_do_not_cancel() -> None:
    maps = torch.randn(64, 4, 20, 20, generator=Generator().manual_seed(0)) * 0.1 + 100
    running = np.full(4, 100, np.float32), np.ones(4, np.float32)
    ones, result = np.ones(4, np.float32), np.empty(maps.numel(), np.float32)
    nothing = np.empty(0, np.float32)
    mean, inverse = kernels.norm_forward(
        flat(maps), nothing, ones, ones, *running, 0.1, 1e-5, 1.0, result
    )
    exact = maps.double()
    assert np.allclose(mean, exact.mean((0, 2, 3)), rtol=1e-6)
    variance = exact.var((0, 2, 3), correction=0)
    assert np.allclose(inverse, (variance + 1e-5) ** -0.5, rtol=1e-3)


def step(
    text: str, which: Kernels, images: Tensor, labels: Tensor
) -> tuple[tuple[Tensor, ...], Tensor, dict[str, Tensor]]:
    """Gradients, loss and buffers after one step, in the images' precision.

    Dropout zeroes the same values each time.
    """
    network = build(parse(text), 0).train().to(images.dtype)
    for module in network.modules():
        if isinstance(module, Dropout):
            module.sampler = DropIndexSampler(module.rate, Generator().manual_seed(1))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    gradients, loss, _ = build_chain(network, which).gradients(
        images, lambda logits: functional.cross_entropy(logits, labels)
    )
    return gradients, loss, dict(network.named_buffers())


@pytest.mark.parametrize("text", NETWORKS)
def test_a_fused_step_is_that_of_pytorch_in_double_precision(
    text: str, digits: LabeledImages
) -> None:
    # Real digits: a background where all values are equal makes the most of rounding errors.
    # PyTorch's own step in single precision is off by up to 2% there.
    images, labels = normalize(digits.images), digits.labels
    gradients, loss, buffers = step(text, Kernels.FUSED, images, labels)
    expected, expected_loss, expected_buffers = step(text, Kernels.TORCH, images.double(), labels)
    assert loss.item() == pytest.approx(expected_loss.item(), rel=1e-5)
    assert [one.shape for one in gradients] == [one.shape for one in expected]
    norm = torch.cat([one.flatten() for one in expected]).norm()
    for ours, theirs in zip(gradients, expected, strict=True):
        assert (ours - theirs).norm() <= 2e-4 * norm
    for name, buffer in expected_buffers.items():
        assert torch.allclose(buffers[name].double(), buffer.double(), rtol=1e-5, atol=1e-5), name


@pytest.mark.parametrize("text", NOT_FUSED)
def test_blocks_that_cannot_be_fused_are_pytorchs(text: str, digits: LabeledImages) -> None:
    images = normalize(digits.images)
    gradients, loss, buffers = step(text, Kernels.FUSED, images, digits.labels)
    expected, expected_loss, expected_buffers = step(text, Kernels.TORCH, images, digits.labels)
    assert loss == expected_loss
    for ours, theirs in zip(gradients, expected, strict=True):
        assert torch.equal(ours, theirs)
    assert all(torch.equal(buffers[name], buffer) for name, buffer in expected_buffers.items())


def test_a_step_through_autograd_alone_is_that_of_the_network() -> None:
    network = build(parse("8-p-12-gap-bn"), 0).train()
    images, labels = torch.randn(8, 1, 28, 28), torch.arange(8)
    gradients, loss, logits = Chain([TorchStage(network)]).gradients(
        images, lambda scores: functional.cross_entropy(scores, labels)
    )
    expected = functional.cross_entropy(network(images), labels)
    assert loss.item() == pytest.approx(expected.item())
    assert logits.shape == (8, 10)
    for ours, theirs in zip(
        gradients, torch.autograd.grad(expected, list(network.parameters())), strict=True
    ):
        assert torch.allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_convolution_before_the_head_of_a_preset_is_fused(preset: object) -> None:
    network = build(preset.spec)  # type: ignore[attr-defined]
    stages = build_chain(network, Kernels.FUSED).stages
    n_blocks = sum(isinstance(block, nn.Sequential) for block in network)
    assert sum(isinstance(stage, FusedStage) for stage in stages) == n_blocks
    assert all(isinstance(a, FusedStage) or isinstance(b, FusedStage) for a, b in pairwise(stages))


def test_a_gpu_has_pytorchs_kernels() -> None:
    assert default_kernels("cuda") is Kernels.TORCH
    assert default_kernels("cpu") is Kernels.FUSED


def test_without_a_folder_for_machine_code_each_process_compiles_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def njit(*, cache: bool, **options: object) -> Callable[..., object]:
        def compiler(function: Callable[..., object]) -> Callable[..., object]:
            if cache:
                raise RuntimeError("cannot cache function: no locator available")
            return function

        return compiler

    monkeypatch.setattr(numba, "njit", njit)

    def twice(value: float) -> float:
        return 2 * value

    assert kernels._compiled(twice) is twice


def test_a_numba_that_does_not_open_leaves_pytorchs_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    assert default_kernels("cpu") is Kernels.TORCH
