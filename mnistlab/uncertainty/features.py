"""A network's features for out-of-distribution detection, and fitting its uncertainty model.

The features are the mean and standard deviation of every feature map of every 3×3 layer: the first
layers tell scribbles from digits, the last ones pairs of digits.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnistlab.data.mnist import LabeledImages, normalize
from mnistlab.training.evaluate import Report, ignore
from mnistlab.uncertainty.model import MAX_FEATURES, UncertaintyModel, fit_from_features

FIT_IMAGES = 5000
"""Images used of the training and of the validation set."""
TEMPERATURE_IMAGES = 1000
"""Validation images for a network too wide for more than a temperature."""
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


def fit_uncertainty(
    network: nn.Sequential,
    train: LabeledImages,
    validation: LabeledImages,
    report: Report = ignore,
) -> UncertaintyModel:
    """Fit an uncertainty model to the first training and validation images.

    The network must be in evaluation mode.
    """
    too_wide = logits_and_features(network, validation.images[:1])[1].shape[1] > MAX_FEATURES
    if too_wide:
        train, validation = train[:1], validation[:TEMPERATURE_IMAGES]
    val_logits, val_features = logits_and_features(network, validation.images[:FIT_IMAGES], report)
    _, train_features = logits_and_features(network, train.images[:FIT_IMAGES], report)
    val_labels, train_labels = (
        images.labels[:FIT_IMAGES].numpy() for images in (validation, train)
    )
    return fit_from_features(val_logits, val_labels, val_features, train_features, train_labels)
