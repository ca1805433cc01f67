"""Our dropout against PyTorch's, in value and in distribution."""

import math

import pytest
import torch
from torch import Generator, Tensor, nn

from mnistlab.arch.modules import DropIndexSampler, Dropout, Dropout2d, FullMapConv2d, ReLUDropout


@pytest.mark.parametrize("rate", [0.0005, 0.05, 0.3, 0.9])
def test_each_element_is_dropped_at_the_rate_independently(rate: float) -> None:
    count, generator = 2_000_000, Generator().manual_seed(1)
    fallen = torch.zeros(count, dtype=torch.bool)
    sampler = DropIndexSampler(rate, generator)
    pieces = (1, 999_999, 7, 0, 999_993)
    starts = [0, 1, 1_000_000, 1_000_007, 1_000_007]
    places = torch.cat([sampler.next(n) + at for n, at in zip(pieces, starts, strict=True)])
    assert sum(pieces) == count
    fallen[places] = True
    assert len(places) == fallen.sum() and (places.diff() > 0).all()
    # Five standard deviations of a binomial count.
    assert abs(len(places) - count * rate) < 5 * math.sqrt(count * rate * (1 - rate))
    for distance in (1, 2, 7):
        both = int((fallen[:-distance] & fallen[distance:]).sum())
        expected = count * rate**2
        assert abs(both - expected) < 5 * math.sqrt(expected) + 5, "neighbors are independent"
    first, last = fallen[: count // 2].sum(), fallen[count // 2 :].sum()
    assert abs(first - last) < 5 * math.sqrt(count * rate), "everywhere alike"


def test_the_gaps_are_distributed_as_pytorch_s_geometric() -> None:
    rate, generator = 0.05, Generator().manual_seed(2)
    gaps = DropIndexSampler(rate, generator).next(4_000_000).diff()
    theirs = torch.empty(len(gaps)).geometric_(rate, generator=generator)
    for most in (1, 2, 5, 20, 60):
        ours, reference = (float((g <= most).float().mean()) for g in (gaps, theirs))
        exact = 1 - (1 - rate) ** most
        spread = math.sqrt(exact * (1 - exact) / len(gaps))
        assert abs(ours - exact) < 5 * spread and abs(reference - exact) < 5 * spread


def test_a_line_read_in_pieces_is_the_line_read_at_once() -> None:
    whole = DropIndexSampler(0.2, Generator().manual_seed(3)).next(2_000_000)
    sampler = DropIndexSampler(0.2, Generator().manual_seed(3))
    pieces = [sampler.next(1000) + 1000 * n for n in range(2000)]
    assert torch.equal(torch.cat(pieces), whole)
    assert all(((p - 1000 * n >= 0) & (p - 1000 * n < 1000)).all() for n, p in enumerate(pieces))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_value_and_gradient_are_those_of_relu_and_a_mask(layout: torch.memory_format) -> None:
    layer = ReLUDropout(0.3).train()
    layer.sampler = DropIndexSampler(0.3, Generator().manual_seed(0))
    maps = torch.randn(6, 5, 7, 7).contiguous(memory_format=layout).requires_grad_()
    result = layer(maps * 1)
    incoming = torch.randn_like(result)
    result.backward(incoming)
    mask = result != 0
    assert torch.allclose(result, mask * maps.relu() / 0.7)
    assert maps.grad is not None and torch.allclose(maps.grad, mask * incoming / 0.7)
    share = float((mask.sum() / (maps > 0).sum()).item())
    assert share == pytest.approx(0.7, abs=0.05)


def test_a_gradient_in_another_layout_lands_where_it_belongs() -> None:
    layer = ReLUDropout(0.3).train()
    maps = torch.randn(6, 5, 7, 7).contiguous(memory_format=torch.channels_last).requires_grad_()
    result = layer(maps * 1)
    result.flatten(1).sum().backward()  # its gradient comes back row by row
    assert maps.grad is not None and torch.allclose(maps.grad, (result > 0) / 0.7)


def test_whole_channels_are_dropped_together_at_the_rate() -> None:
    layer = ReLUDropout(0.25, channels=True).train()
    layer.sampler = DropIndexSampler(0.25, Generator().manual_seed(0))
    result = layer(torch.ones(4000, 8, 2, 2))
    per_channel = result.flatten(2)
    assert (per_channel.amin(2) == per_channel.amax(2)).all()
    assert result.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert float((per_channel[..., 0] == 0).float().mean()) == pytest.approx(0.25, abs=0.015)


@pytest.mark.parametrize("channels", [False, True])
def test_in_evaluation_it_is_relu_and_training_has_the_same_mean(channels: bool) -> None:
    layer = ReLUDropout(0.4, channels)
    maps = torch.randn(500, 20, 6, 6)
    reference: Tensor = nn.ReLU()(maps)
    assert torch.equal(layer.eval()(maps.clone()), reference)
    mean = float(layer.train()(maps.clone()).mean())
    assert mean == pytest.approx(float(reference.mean()), rel=0.03)


def test_a_full_convolution_is_pytorch_s_in_value_and_gradient() -> None:
    ours, theirs = FullMapConv2d(5, 10, 4), nn.Conv2d(5, 10, 4)
    theirs.load_state_dict(ours.state_dict())
    maps = torch.randn(7, 5, 4, 4).contiguous(memory_format=torch.channels_last)
    gradients = []
    for layer in (ours, theirs):
        leaf = maps.clone().requires_grad_()
        result = layer(leaf)
        assert result.shape == (7, 10, 1, 1)
        result.square().sum().backward()
        gradients.append([result, leaf.grad, *(p.grad for p in layer.parameters())])
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_dropout_drops_at_its_rate_and_scales_the_rest(layout: torch.memory_format) -> None:
    maps = torch.randn(50, 20, 8, 8).contiguous(memory_format=layout).requires_grad_()
    result = Dropout(0.3).train()(maps)
    mask = result != 0
    torch.testing.assert_close(result, mask * maps / 0.7)
    assert float(mask.float().mean()) == pytest.approx(0.7, abs=0.01)
    result.sum().backward()
    torch.testing.assert_close(maps.grad, mask / 0.7)
    assert Dropout(0.3).eval()(maps) is maps


def test_dropout_draws_from_the_generator_that_it_is_given() -> None:
    first, again = Dropout(0.5), Dropout(0.5)
    first.sampler, again.sampler = (
        DropIndexSampler(0.5, Generator().manual_seed(4)) for _ in range(2)
    )
    maps = torch.ones(3, 4, 5, 5)
    assert torch.equal(first(maps), again(maps))
    whole = Dropout2d(0.25)(torch.ones(4000, 8, 2, 2)).flatten(2)
    assert (whole.amin(2) == whole.amax(2)).all()
    assert float((whole[..., 0] == 0).float().mean()) == pytest.approx(0.25, abs=0.015)
