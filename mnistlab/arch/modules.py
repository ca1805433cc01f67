"""Layers that PyTorch has too, in a form that suits small maps on a CPU."""

import math
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional


class DropIndexSampler:
    """A line without end on which each place falls by itself, at a rate; read piece by piece.

    The gaps between the places that fall are drawn, not the places: they follow a geometric
    distribution, ⌈log(u) / log(1 − rate)⌉ for a uniform u in (0, 1] (L. Devroye, "Non-Uniform
    Random Variate Generation", 1986, X.2). At a rate of 5 % that is a twentieth of the random
    numbers. Without a generator torch's global one is asked.
    """

    DRAWS = 1 << 16
    """Gaps that are drawn at a time."""

    def __init__(self, rate: float, generator: Generator | None = None) -> None:
        self.rate, self.generator = rate, generator
        self._places = torch.empty(0, dtype=torch.int64)
        self._read, self._position, self._end = 0, 0, -1

    def next(self, count: int) -> Tensor:
        """The places (K,) int64 that fall among the next `count`, rising, the first being 0."""
        position, self._position = self._position, self._position + count
        while self._end < self._position:
            self._draw()
        first = self._read
        # numpy's search takes a plain number, torch's would make tensors of it.
        self._read = int(self._places.numpy().searchsorted(self._position))
        return self._places[first : self._read] - position

    def _draw(self) -> None:
        uniform = torch.rand(self.DRAWS, generator=self.generator)
        gaps = uniform.neg_().log1p_().div_(math.log1p(-self.rate)).ceil_().clamp_(min=1)
        more = gaps.to(torch.int64).cumsum_(0).add_(self._end)
        self._places = torch.cat([self._places[self._read :], more])
        self._read, self._end = 0, int(more[-1])


class Dropout(nn.Module):
    """Dropout of elements, or of whole channels; what stays grows by 1 / (1 − rate).

    Maps are (N, C, H, W). `falls` says where the chance comes from; its generator must be on the
    maps' device. PyTorch's own draws from the global generator, which threads share in no order.
    """

    def __init__(self, rate: float, channels: bool = False) -> None:
        super().__init__()
        self.rate, self.channels = rate, channels
        self.falls = DropIndexSampler(rate)

    def forward(self, maps: Tensor) -> Tensor:
        if not self.training or not self.rate:
            return maps
        if self.channels or maps.device.type != "cpu":
            return maps * self.mask(maps)
        mask = torch.full_like(maps, 1 / (1 - self.rate))
        mask.as_strided((maps.numel(),), (1,)).index_fill_(0, self.falls.next(maps.numel()), 0.0)
        return maps * mask

    def mask(self, maps: Tensor) -> Tensor:
        """What to multiply maps by, drawn one by one: (N, C, 1, 1) for channels, else their shape.

        On a CPU it is only for channels, which are few.
        """
        shape = (*maps.shape[:2], 1, 1) if self.channels else maps.shape
        draws = torch.rand(shape, generator=self.falls.generator, device=maps.device)
        return (draws >= self.rate) / (1 - self.rate)

    def extra_repr(self) -> str:
        return f"rate={self.rate:g}, channels={self.channels}"


class Dropout2d(Dropout):
    """Dropout of whole channels."""

    def __init__(self, rate: float) -> None:
        super().__init__(rate, channels=True)


class ReLUDropout(Dropout):
    """ReLU, then dropout, in one pass over maps that are dense in any memory layout.

    The maps are changed in place. In evaluation mode it is ReLU alone.
    """

    def forward(self, maps: Tensor) -> Tensor:
        if not self.training or not self.rate:
            return maps.relu_()
        if self.channels or maps.device.type != "cpu":
            return maps.relu_() * self.mask(maps)
        places, scale = self.falls.next(maps.numel()), 1 / (1 - self.rate)
        result: Tensor = _ReLUDropoutFunction.apply(maps, places, scale)  # type: ignore[no-untyped-call]
        return result


class Add(nn.Module):
    """A block's input (N, C, H, W) added to maps of the same shape: the residual connection."""

    def forward(self, maps: Tensor, inputs: Tensor) -> Tensor:
        return maps + inputs


class Residual(nn.Sequential):
    """Layers one after the other, of which Add is given the block's input as well."""

    def forward(self, inputs: Tensor) -> Tensor:
        maps = inputs
        for layer in self:
            maps = layer(maps, inputs) if isinstance(layer, Add) else layer(maps)
        return maps


class FullMapConv2d(nn.Conv2d):
    """A convolution whose kernel is as large as its maps, done as the matrix product that it is.

    Maps (N, C, K, K) become (N, O, 1, 1). Three times as quick as a convolution, and its parameters
    are a convolution's.
    """

    def forward(self, maps: Tensor) -> Tensor:
        rows, weights = (t.permute(0, 2, 3, 1).flatten(1) for t in (maps, self.weight))
        return functional.linear(rows, weights, self.bias)[:, :, None, None]


class _ReLUDropoutFunction(torch.autograd.Function):
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
