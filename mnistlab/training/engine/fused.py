"""Convolutions, batch norm, residual sum, ReLU, dropout and max-pool as one stage, on a CPU."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mnistlab.arch.modules import Add, Dropout, ReLUDropout
from mnistlab.training.engine import kernels
from mnistlab.training.engine.kernels import Floats
from mnistlab.training.engine.stages import Stage, TorchStage

NOTHING = np.empty(0, np.float32)
WINDOW = [2, 2]


def fused_stages(blocks: Sequence[nn.Module]) -> Iterator[Stage]:
    """A network's blocks as stages: fused ones where that is possible, the others by autograd."""
    waiting, others = list(blocks), list[nn.Module]()
    while waiting:
        block = waiting.pop(0)
        if not _fusable(block):
            others.append(block)
            continue
        if others:
            yield TorchStage(nn.Sequential(*others))
            others = []
        following = waiting[0] if waiting else None
        is_pooled = isinstance(following, nn.MaxPool2d) and following.kernel_size == WINDOW[0]
        if is_pooled:
            del waiting[0]
        yield FusedStage(block, is_pooled)
    if others:
        yield TorchStage(nn.Sequential(*others))


def _fusable(block: nn.Module) -> bool:
    """Whether it is a block of convolutions, then [batch norm,] [residual sum,] and ReLU."""
    if not isinstance(block, nn.Sequential):
        return False
    layers = list(block)
    n_convs = sum(type(layer) is nn.Conv2d for layer in layers)
    kinds = [type(layer) for layer in layers]
    starts = kinds[:-1] in [
        [nn.Conv2d] * n_convs + between for between in ([], [nn.BatchNorm2d], [nn.BatchNorm2d, Add])
    ]
    last = layers[-1]
    is_relu = type(last) is nn.ReLU or (isinstance(last, ReLUDropout) and not last.channels)
    return n_convs > 0 and starts and is_relu


class FusedStage:
    """A block that `_fusable` accepts, on a CPU; `is_pooled`: a 2×2 max-pool follows.

    It keeps the input of each convolution, what batch norm receives (`_maps`), and what ReLU and
    dropout make of it (`_result`), all channels-last.
    """

    def __init__(self, block: nn.Module, is_pooled: bool) -> None:
        self.gradients: Sequence[Tensor] = ()
        layers = list(block.children())
        self._convs = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
        self._norm = next((layer for layer in layers if isinstance(layer, nn.BatchNorm2d)), None)
        self._adds = any(isinstance(layer, Add) for layer in layers)
        self._dropout = next((layer for layer in layers if isinstance(layer, Dropout)), None)
        self._factor = 1 / (1 - self._dropout.rate) if self._dropout else 1.0
        self._is_pooled = is_pooled

    def forward(self, maps: Tensor) -> Tensor:
        self._inputs = []
        for conv in self._convs:
            maps = _channels_last(maps)
            self._inputs.append(maps)
            maps = nn.functional.conv2d(
                maps, conv.weight, conv.bias, padding=conv.padding, groups=conv.groups
            )
        self._maps = self._result = maps = _channels_last(maps)
        if self._norm:
            self._result = torch.empty_like(maps)
            self._normalize(self._norm)
        else:
            kernels.scaled_relu(_values(maps), self._factor)
        if self._dropout and self._dropout.rate:
            # A dropped value is 0 like one that ReLU has zeroed; the backward pass asks no more.
            dropped = self._dropout.sampler.next(maps.numel()).numpy()
            kernels.zero(_values(self._result), dropped)
        if not self._is_pooled:
            return self._result
        pooled, self._sources = torch.ops.aten.max_pool2d_with_indices(self._result, WINDOW)
        return pooled  # type: ignore[no-any-return]

    def backward(self, gradient: Tensor, *, needs_input: bool) -> Tensor:
        gradient = _channels_last(gradient)
        if self._is_pooled:
            gradient = torch.ops.aten.max_pool2d_with_indices_backward(
                gradient, self._result, WINDOW, WINDOW, [0, 0], [1, 1], False, self._sources
            )
            gradient = _channels_last(gradient)
        found, residual = list[Tensor](), None
        if self._norm and not self._adds:
            found = self._normalized_gradient(self._norm, gradient, self._factor)
        else:
            kernels.relu_backward(_values(gradient), self._factor, _values(self._result))
        if self._norm and self._adds:
            # The sum passes the gradient on to both of its terms.
            residual = gradient.clone()
            found = self._normalized_gradient(self._norm, gradient, 1.0)
        for index in reversed(range(len(self._convs))):
            wanted = needs_input or index > 0
            gradient, *of_conv = self._convolution_backward(index, gradient, wanted)
            found = of_conv + found
        self.gradients = found
        return gradient if residual is None or not needs_input else gradient + residual

    def _normalize(self, norm: nn.BatchNorm2d) -> None:
        """Batch norm, the sum and ReLU of `_maps` into `_result`."""
        # Batch norm keeps running statistics here, with a fixed momentum.
        assert norm.running_mean is not None and norm.running_var is not None
        assert norm.momentum is not None and norm.num_batches_tracked is not None
        self._mean, self._inverse = kernels.norm_forward(
            _values(self._maps),
            _values(self._inputs[0]) if self._adds else NOTHING,
            norm.weight.detach().numpy(),
            norm.bias.detach().numpy(),
            norm.running_mean.numpy(),
            norm.running_var.numpy(),
            norm.momentum,
            norm.eps,
            self._factor,
            _values(self._result),
        )
        norm.num_batches_tracked.add_(1)

    def _normalized_gradient(
        self, norm: nn.BatchNorm2d, gradient: Tensor, factor: float
    ) -> list[Tensor]:
        """The gradients of scale and shift; `gradient` becomes that of `_maps`."""
        found = kernels.norm_backward(
            _values(self._maps),
            _values(gradient),
            norm.weight.detach().numpy(),
            self._mean,
            self._inverse,
            factor,
            _values(self._result),
        )
        return [torch.from_numpy(one) for one in found]

    def _convolution_backward(
        self, index: int, gradient: Tensor, needs_input: bool
    ) -> tuple[Tensor, ...]:
        """The gradients of the input (empty unless needed), the kernels and the bias, if any."""
        conv, bias = self._convs[index], self._convs[index].bias
        # Batch norm takes the mean away, and a bias with it: its gradient is 0.
        is_idle = self._norm is not None and index == len(self._convs) - 1
        found = torch.ops.aten.convolution_backward(
            gradient,
            self._inputs[index],
            conv.weight,
            None if bias is None else bias.shape,
            conv.stride,
            conv.padding,
            conv.dilation,
            False,
            [0, 0],
            conv.groups,
            [needs_input, True, bias is not None and not is_idle],
        )
        of_input = found[0] if needs_input else gradient[:0]
        if bias is None:
            return of_input, found[1]
        return of_input, found[1], torch.zeros_like(bias) if is_idle else found[2]


def _channels_last(maps: Tensor) -> Tensor:
    """The same maps (N, C, H, W) with the channels innermost in memory."""
    if maps.shape[1] == 1 and maps.is_contiguous():
        # One channel looks like both layouts; these strides tell PyTorch which one is meant.
        height, width = maps.shape[2:]
        return maps.as_strided(maps.shape, (height * width, 1, width, 1))
    return maps.contiguous(memory_format=torch.channels_last)


def _values(maps: Tensor) -> Floats:
    """Dense maps as they are in memory, flat."""
    return maps.detach().as_strided((maps.numel(),), (1,)).numpy()
