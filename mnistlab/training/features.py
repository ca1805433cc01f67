"""What a network's 3×3 layers see of images, in a few numbers; the doubt that is fitted to it.

A map's mean and deviation, of all maps of all 3×3 layers at once: scribbles give themselves away in
the first layers, pairs of digits in the last.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnistlab.data.mnist import Digits, normalise
from mnistlab.training.doubt import Doubt, doubt_from

FITTED = 5000
"""Digits of either kind that are looked at."""
BATCH = 500


def scores_and_features(
    network: nn.Sequential, images: Tensor
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores (N, 10) and features (N, D) of images (N, 28, 28) uint8.

    The network must be in evaluation mode. D is twice the 3×3 layers' filters, less those whose
    maps are a single unit, which have no deviation.
    """
    scores, features = [], []
    with torch.inference_mode():
        for part in torch.split(images, BATCH):
            maps = normalise(part).contiguous(memory_format=torch.channels_last)
            found = []
            for name, layer in network.named_children():
                maps = layer(maps)
                if name.startswith("conv"):
                    found.append(maps.mean((2, 3)))
                    if maps.shape[-1] > 1:
                        found.append(maps.std((2, 3)))
            scores.append(maps)
            features.append(torch.cat(found, 1) if found else maps[:, :0])
    return torch.cat(scores).numpy(), torch.cat(features).numpy()


def fit_doubt(network: nn.Sequential, train: Digits, validation: Digits) -> Doubt:
    """Fit a network's doubt to the first digits of either kind; the network must be in evaluation
    mode.
    """
    scores, held = scores_and_features(network, validation.images[:FITTED])
    _, known = scores_and_features(network, train.images[:FITTED])
    labels, of = (digits.labels[:FITTED].numpy() for digits in (validation, train))
    return doubt_from(scores, labels, held, known, of)
