"""What a network's 3×3 layers see of images, in a few numbers; the doubt that is fitted to it.

A map's mean and deviation, of all maps of all 3×3 layers at once: scribbles give themselves away in
the first layers, pairs of digits in the last.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnistlab.data.mnist import LabeledImages, normalize
from mnistlab.uncertainty.model import MAX_FEATURES, UncertaintyModel, fit_from_features

FIT_IMAGES = 5000
"""Digits of either kind that are looked at."""
TEMPERATURE_IMAGES = 1000
"""Of a network that is too wide, and slow, for more than a temperature."""
BATCH = 500


def layer_outputs(network: nn.Sequential, images: Tensor) -> Iterator[tuple[str, Tensor]]:
    """What each of a network's layers gives for images (N, 28, 28) uint8, by the ledger's names.

    The next layer may change it in place: copy what shall last.
    """
    with torch.inference_mode():
        maps = normalize(images).contiguous(memory_format=torch.channels_last)
        for name, layer in network.named_children():
            maps = layer(maps)
            yield name, maps


def logits_and_features(
    network: nn.Sequential, images: Tensor
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores (N, 10) and features (N, D) of images (N, 28, 28) uint8.

    The network must be in evaluation mode. D is twice the 3×3 layers' filters, less those whose
    maps are a single unit, which have no deviation.
    """
    scores, features = [], []
    for part in torch.split(images, BATCH):
        found = []
        for name, maps in layer_outputs(network, part):
            if name.startswith("conv"):
                found.append(maps.mean((2, 3)))
                if maps.shape[-1] > 1:
                    found.append(maps.std((2, 3)))
        scores.append(maps)
        features.append(torch.cat(found, 1) if found else maps[:, :0])
    return torch.cat(scores).numpy(), torch.cat(features).numpy()


def fit_uncertainty(
    network: nn.Sequential, train: LabeledImages, validation: LabeledImages
) -> UncertaintyModel:
    """Fit a network's doubt to the first digits of either kind; the network must be in evaluation
    mode.
    """
    wide = logits_and_features(network, validation.images[:1])[1].shape[1] > MAX_FEATURES
    if wide:
        train, validation = train[:1], validation[:TEMPERATURE_IMAGES]
    scores, held = logits_and_features(network, validation.images[:FIT_IMAGES])
    _, known = logits_and_features(network, train.images[:FIT_IMAGES])
    labels, of = (digits.labels[:FIT_IMAGES].numpy() for digits in (validation, train))
    return fit_from_features(scores, labels, held, known, of)
