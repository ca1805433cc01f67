"""Fine-tuning: training on from a trained network's weights, and the weights between both.

Weights between the initial and the trained ones often keep what the initial ones could and most of
what was learned since, better than either end (Wortsman et al., "Robust fine-tuning of zero-shot
models", 2022).
"""

import torch
from torch import nn


def interpolate(network: nn.Module, initial: nn.Module, fraction: float) -> None:
    """Replace a network's weights by initial + fraction · (trained − initial).

    Batch norm's running statistics are interpolated like weights. `initial` has the same tensors;
    0 gives its own, 1 changes nothing.
    """
    first = initial.state_dict()
    with torch.no_grad():
        for name, trained in network.state_dict().items():
            if trained.is_floating_point():
                trained.copy_(torch.lerp(first[name], trained, fraction))
