"""A network's features for out-of-distribution detection.

The features are the mean and standard deviation of every feature map of every 3×3 layer: the first
layers tell scribbles from digits, the last ones pairs of digits.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnistlab.data.mnist import normalize
from mnistlab.training.evaluate import Report, ignore

BATCH = 500


def layer_outputs(network: nn.Sequential, images: Tensor) -> Iterator[tuple[str, Tensor]]:
    """The output of each layer for images (N, 28, 28) uint8, with its name in the summary.

    The next layer may change it in place: copy it to keep it.
    """
    with torch.inference_mode():
        maps = normalize(images).contiguous(memory_format=torch.channels_last)
        for name, layer in network.named_children():
            maps = layer(maps)
            yield name, maps


def logits_and_features(
    network: nn.Sequential, images: Tensor, report: Report = ignore
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits (N, 10) and features (N, D) of images (N, 28, 28) uint8.

    The network must be in evaluation mode. D is twice the number of 3×3 filters, minus those whose
    feature maps are a single unit, which have no standard deviation. `report` is called after each
    batch.
    """
    logits, features = [], []
    for part in torch.split(images, BATCH):
        statistics = []
        for name, maps in layer_outputs(network, part):
            if name.startswith("conv"):
                statistics.append(maps.mean((2, 3)))
                if maps.shape[-1] > 1:
                    statistics.append(maps.std((2, 3)))
        logits.append(maps)
        features.append(torch.cat(statistics, 1) if statistics else maps[:, :0])
        report(min(len(logits) * BATCH, len(images)))
    return torch.cat(logits).numpy(), torch.cat(features).numpy()
