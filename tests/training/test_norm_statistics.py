"""Batch norm's statistics estimated anew are those of the images, with the present weights."""

import pytest
import torch
from torch import Tensor, nn

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.data.mnist import normalize
from mnistlab.training.norm_statistics import BATCH_SIZE, reestimate_norm_statistics


def images(count: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, 28, 28), generator=generator, dtype=torch.uint8)


def norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def inputs_of_norms(network: nn.Module, batch: Tensor) -> list[Tensor]:
    """What reaches each batch norm if every one normalizes by this batch's own statistics."""
    seen: list[Tensor] = []
    handles = [
        layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone()))
        for layer in norms(network)
    ]
    network(normalize(batch))
    for handle in handles:
        handle.remove()
    return seen


@pytest.mark.parametrize("text", ["4-p6-8-full-bn", "4-p6-8-full-bn-drop0.2", "4-p6-6r-gap-bn"])
def test_one_batch_gives_its_own_mean_and_variance(text: str) -> None:
    network, batch = build(parse(text), 1), images(64)
    reestimate_norm_statistics(network, batch)
    # The oracle: without dropout, and with every batch norm in training mode.
    oracle = build(parse(text), 1).eval()
    for layer in norms(oracle):
        layer.train()
    for layer, maps in zip(norms(network), inputs_of_norms(oracle, batch), strict=True):
        torch.testing.assert_close(layer.running_mean, maps.mean((0, 2, 3)))
        torch.testing.assert_close(layer.running_var, maps.var((0, 2, 3)))


def test_several_batches_are_averaged_whatever_was_there_before() -> None:
    batch = images(2 * BATCH_SIZE)
    network = build(parse("4-gap-bn"), 1)
    (layer,) = norms(network)
    layer.running_mean.fill_(100.0)  # type: ignore[union-attr]
    reestimate_norm_statistics(network, batch)
    halves = []
    for half in torch.split(batch, BATCH_SIZE):
        other = build(parse("4-gap-bn"), 1)
        reestimate_norm_statistics(other, half)
        halves.append(norms(other)[0].running_mean)
    torch.testing.assert_close(layer.running_mean, torch.stack(halves).mean(0))  # type: ignore[arg-type]


def test_nothing_else_changes() -> None:
    network = build(parse("4-gap-bn-drop0.1"), 1).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    momenta = [layer.momentum for layer in norms(network)]
    reestimate_norm_statistics(network, images(32))
    changed = {
        name for name, value in network.state_dict().items() if not value.equal(before[name])
    }
    assert {name.rpartition(".")[2] for name in changed} == {
        "running_mean",
        "running_var",
        "num_batches_tracked",
    }
    assert all(module.training for module in network.modules())
    assert [layer.momentum for layer in norms(network)] == momenta
    without = build(parse("4-gap"), 1)
    reestimate_norm_statistics(without, images(32))


def test_the_images_are_taken_evenly_whatever_their_number() -> None:
    # The last third is bright; with the first 500 of 750 alone it would hardly count.
    dark, bright = torch.zeros(500, 28, 28, dtype=torch.uint8), images(250) | 128
    network = build(parse("4-gap-bn"), 1)
    reestimate_norm_statistics(network, torch.cat([dark, bright]), count=300)
    other = build(parse("4-gap-bn"), 1)
    reestimate_norm_statistics(other, torch.cat([dark[:200], bright[::5][:50], bright[1::5][:50]]))
    (one,), (two,) = norms(network), norms(other)
    torch.testing.assert_close(one.running_mean, two.running_mean, rtol=0.1, atol=0.02)
