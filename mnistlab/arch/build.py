"""A Spec as a PyTorch module, with the network summary's layer names as submodule names."""

from collections import OrderedDict

import torch
from torch import nn

from mnistlab.arch import modules
from mnistlab.arch.modules import Dropout, ReLUDropout, Residual
from mnistlab.arch.operation import Operation
from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import LayerSummary, summarize


def build(spec: Spec, seed: int | None = None) -> nn.Sequential:
    """Build the network: (N, 1, 28, 28) normalized images to (N, 10) logits.

    With a seed the initial weights depend on it alone and the global generator is not changed.
    Raises SpecError where `summarize` does.
    """
    rows = summarize(spec).rows
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        network = nn.Sequential(OrderedDict(pair for row in rows for pair in _modules(row)))
        return network.apply(_initialize)


def _initialize(module: nn.Module) -> None:
    """He's uniform initialization, biases 0.

    K. He et al., "Delving deep into rectifiers" (2015). PyTorch's own default shrinks the signal in
    every layer; nine narrow layers without batch norm then fail to train.
    """
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _modules(row: LayerSummary) -> list[tuple[str, nn.Module]]:
    """A row's modules with their names: one block, or its operations one by one."""
    modules = OrderedDict((one.child, _module(one)) for one in row.operations)
    if not row.function:
        return list(modules.items())
    dropout = modules.get("dropout")
    if "relu" in modules and isinstance(dropout, Dropout):
        # Small maps on a CPU are limited by memory passes, so both run in one.
        modules["relu"] = ReLUDropout(dropout.rate, dropout.channels)
        del modules["dropout"]
    return [(row.name, Residual(modules) if row.residual else nn.Sequential(modules))]


def _module(one: Operation) -> nn.Module:
    module: type[nn.Module] = (
        getattr(modules, one.own) if one.own else getattr(nn, one.torch.removeprefix("nn."))
    )
    options = {name: one.value(value) for name, value in one.options}
    return module(*map(one.value, one.arguments), **options)
