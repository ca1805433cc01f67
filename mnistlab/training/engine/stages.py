"""A network as a chain of stages, each with a forward and a backward pass of its own.

A chain needs no graph: the gradient goes back through the stages in reverse order. That saves
autograd's fixed costs, a quarter of a step with small maps, and lets the most frequent block run as
the loops of `mnistlab.training.engine.kernels`. Everything else is left to autograd, a stage at a
time.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, cast

import torch
from torch import Tensor, nn


class Stage(Protocol):
    """A part of a network with a forward and a backward pass."""

    gradients: Sequence[Tensor]
    """Those of the module's parameters, in their order, after a backward pass."""

    def forward(self, maps: Tensor) -> Tensor:
        """The stage's output; what the backward pass needs is kept."""

    def backward(self, gradient: Tensor, *, needs_input: bool) -> Tensor:
        """From the output's gradient that of the input; empty unless it is needed.

        May change `gradient` in place.
        """


class TorchStage:
    """Any module, differentiated by autograd."""

    def __init__(self, module: nn.Module) -> None:
        self.gradients: Sequence[Tensor] = ()
        self._module = module
        self._weights = list(module.parameters())

    def forward(self, maps: Tensor) -> Tensor:
        self._input = maps.detach().requires_grad_()
        with torch.enable_grad():
            self._output = self._module(self._input)
        return cast(Tensor, self._output.detach())

    def backward(self, gradient: Tensor, *, needs_input: bool) -> Tensor:
        wanted = [self._input, *self._weights] if needs_input else self._weights
        found = torch.autograd.grad(self._output, wanted, gradient)
        self.gradients = found[1:] if needs_input else found
        return found[0] if needs_input else gradient[:0]


class Chain:
    """Stages one after the other."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)

    def gradients(
        self, images: Tensor, loss_of: Callable[[Tensor], Tensor]
    ) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
        """The parameters' gradients in their order, the loss, and the logits (N, 10).

        `images` are (N, 1, 28, 28), prepared; `loss_of` makes a scalar of the logits.
        """
        with torch.no_grad():
            maps = images
            for stage in self.stages:
                maps = stage.forward(maps)
            logits = maps.detach().requires_grad_()
            with torch.enable_grad():
                loss = loss_of(logits)
            (gradient,) = torch.autograd.grad(loss, logits)
            for index, stage in reversed(list(enumerate(self.stages))):
                gradient = stage.backward(gradient, needs_input=index > 0)
        gradients = tuple(one for stage in self.stages for one in stage.gradients)
        return gradients, loss.detach(), logits.detach()
