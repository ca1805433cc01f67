"""A Spec as a PyTorch module, with the ledger's row names as the submodules' names."""

from collections import OrderedDict

import torch
from torch import nn

from mnistlab.arch.layers import DropoutReLU, FullConv
from mnistlab.arch.ledger import Kind, Row, ledger
from mnistlab.arch.spec import Dropout, Spec


def build(spec: Spec, seed: int | None = None) -> nn.Sequential:
    """Build the network: (N, 1, 28, 28) normalised images to (N, 10) logits.

    With a seed the weights are drawn from it, and the global generator is left as it was. Raises
    SpecError where the ledger does.
    """
    rows = ledger(spec).rows
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        layers = OrderedDict((row.name, _layer(spec, row)) for row in rows)
        for module in layers.values():
            module.apply(_initialise)
        # Before a linear layer the maps are already 1×1, after a full convolution too.
        place = len(layers) - 1 if rows[-1].kind is Kind.LINEAR else len(layers)
        ordered = list(layers.items())
        ordered.insert(place, ("flatten", nn.Flatten()))
    return nn.Sequential(OrderedDict(ordered))


def _initialise(module: nn.Module) -> None:
    """He's uniform initialisation, biases at nought.

    K. He et al., "Delving deep into rectifiers" (2015). PyTorch's own default shrinks the signal in
    every layer; nine narrow layers without batch norm then never begin to learn.
    """
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _layer(spec: Spec, row: Row) -> nn.Module:
    match row.kind:
        case Kind.POOL:
            return nn.MaxPool2d(row.kernel, row.stride)
        case Kind.AVERAGE:
            return nn.AvgPool2d(row.kernel)
        case Kind.LINEAR:
            return nn.Linear(row.in_channels, row.out_channels)
        case Kind.FULL:
            return FullConv(row.in_channels, row.out_channels, row.kernel)
        case Kind.TRANSITION:
            conv = nn.Conv2d(row.in_channels, row.out_channels, row.kernel)
            return nn.Sequential(OrderedDict(conv=conv, relu=nn.ReLU(inplace=True)))
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    parts["conv"] = nn.Conv2d(
        row.in_channels, row.out_channels, row.kernel, padding=row.padding, bias=spec.conv_bias
    )
    if spec.batch_norm:
        parts["norm"] = nn.BatchNorm2d(row.out_channels)
    channels = spec.dropout_kind is Dropout.CHANNEL
    parts["relu"] = DropoutReLU(spec.dropout, channels) if spec.dropout else nn.ReLU(inplace=True)
    return nn.Sequential(parts)
