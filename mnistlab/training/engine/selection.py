"""Which code computes a training step: PyTorch's layers, or the fused loops."""

from enum import StrEnum
from importlib import import_module

from torch import nn

from mnistlab.training.engine.stages import Chain, TorchStage


class Kernels(StrEnum):
    """A training ends with the kernels that it began with, since their last bits differ."""

    TORCH = "torch"
    """PyTorch's own layers, on any device."""
    FUSED = "fused"
    """The loops of `mnistlab.training.engine.kernels`, on a CPU."""

    @property
    def available(self) -> bool:
        return self is Kernels.TORCH or _opens("numba")


def _opens(module: str) -> bool:
    """Whether a module can be imported; one that is installed may still not fit this machine."""
    try:
        import_module(module)
    except Exception:  # whatever it raises, there is another way
        return False
    return True


def default_kernels(device_type: str) -> Kernels:
    """The fastest kernels that this machine has."""
    is_fused = device_type == "cpu" and Kernels.FUSED.available
    return Kernels.FUSED if is_fused else Kernels.TORCH


def build_chain(network: nn.Sequential, kernels: Kernels) -> Chain:
    """The network's forward and backward passes; it shares the parameters."""
    if kernels is Kernels.TORCH:
        return Chain([TorchStage(network)])
    from mnistlab.training.engine.fused import fused_stages

    return Chain(list(fused_stages(list(network))))
