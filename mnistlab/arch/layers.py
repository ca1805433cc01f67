"""ReLU and dropout in one, without a random number for every element."""

import math
from typing import Any

import torch
from torch import Generator, Tensor, nn


class DropoutReLU(nn.Module):
    """ReLU, then dropout of elements or of whole channels; what stays grows by 1 / (1 − rate).

    Maps are (N, C, H, W), dense in any memory layout, and are changed in place. `generator` says
    where the chance comes from, torch's global generator if it is None; it must be on the maps'
    device. In evaluation mode it is ReLU alone.
    """

    def __init__(self, rate: float, channels: bool = False) -> None:
        super().__init__()
        self.rate, self.channels = rate, channels
        self.generator: Generator | None = None

    def forward(self, maps: Tensor) -> Tensor:
        if not self.training or not self.rate:
            return maps.relu_()
        if self.channels or maps.device.type != "cpu":
            shape = (*maps.shape[:2], 1, 1) if self.channels else maps.shape
            draws = torch.rand(shape, generator=self.generator, device=maps.device)
            return maps.relu_() * ((draws >= self.rate) / (1 - self.rate))
        places = dropped(maps.numel(), self.rate, self.generator)
        result: Tensor = _ReLUWithout.apply(maps, places, 1 / (1 - self.rate))  # type: ignore[no-untyped-call]
        return result

    def extra_repr(self) -> str:
        return f"rate={self.rate:g}, channels={self.channels}"


def dropped(count: int, rate: float, generator: Generator | None = None) -> Tensor:
    """The places (K,) int64, rising, of the elements that fall, each by itself with that rate.

    The gaps between them are drawn instead of the elements: they follow a geometric distribution,
    ⌈log(u) / log(1 − rate)⌉ for a uniform u in (0, 1] (L. Devroye, "Non-Uniform Random Variate
    Generation", 1986, X.2). At a rate of 5 % that asks for a twentieth of the random numbers.
    """
    expected = count * rate
    # Six standard deviations more than are expected; were they too few, more are drawn.
    enough = int(expected + 6 * math.sqrt(expected)) + 16
    parts, last = [], -1
    while last < count:
        draws = torch.rand(enough, generator=generator).neg_().log1p_().div_(math.log1p(-rate))
        parts.append(draws.ceil_().clamp_(min=1).to(torch.int64).cumsum_(0).add_(last))
        last = int(parts[-1][-1])
    places = torch.cat(parts) if len(parts) > 1 else parts[0]
    return places[: int(torch.searchsorted(places, count))]


class _ReLUWithout(torch.autograd.Function):
    """ReLU with noughts at some places of the memory, the rest scaled.

    A dropped element is nought like one that ReLU cut, so ReLU's own derivative, which asks whether
    the result is positive, is dropout's too: the places need not be kept.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, places: Tensor, scale: float) -> Tensor:
        ctx.mark_dirty(maps)
        maps.clamp_(min=0).mul_(scale)
        maps.as_strided((maps.numel(),), (1,)).index_fill_(0, places, 0.0)
        ctx.save_for_backward(maps)
        ctx.scale = scale
        return maps

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,), (result,) = gradients, ctx.saved_tensors
        return torch.ops.aten.threshold_backward(gradient, result, 0).mul_(ctx.scale), None, None
