"""Batch norm's means and variances, estimated anew before an evaluation.

While a network trains, batch norm keeps running averages over its latest batches: of augmented
images, of small shards, and of weights that have changed since. Averages over many unaugmented
images with the present weights are what an evaluation needs (Y. Wu & J. Johnson, "Rethinking
'Batch' in BatchNorm", 2021, section 3, call it PreciseBN).
"""

import torch
from torch import Tensor, nn

from mnistlab.data.mnist import normalize
from mnistlab.recipe.recipe import NORM_IMAGES

BATCH_SIZE = 500


def reestimate_norm_statistics(
    network: nn.Module, images: Tensor, count: int = NORM_IMAGES
) -> None:
    """Replace batch norm's running statistics by averages over images (N, 28, 28) uint8.

    `count` of them are used, or all if there are fewer. Dropout is off, and the network's mode and
    its momentum are restored. The result depends on the order of the images alone, not on the
    number of threads. Does nothing without batch norm.
    """
    layers = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    if not layers:
        return
    was_training, momenta = network.training, [layer.momentum for layer in layers]
    network.eval()
    for layer in layers:
        layer.train()
        layer.reset_running_stats()
        # PyTorch then takes the plain mean over the batches.
        layer.momentum = None
    # Evenly over all images, whose order may have something to do with their writers.
    count = min(count, len(images))
    chosen = images[torch.arange(count, device=images.device) * len(images) // count]
    # A smaller last batch would weigh as much as the others.
    n_batches = max(1, len(chosen) // BATCH_SIZE)
    with torch.no_grad():
        for batch in torch.split(chosen[: n_batches * BATCH_SIZE], BATCH_SIZE):
            network(normalize(batch).contiguous(memory_format=torch.channels_last))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    network.train(was_training)
