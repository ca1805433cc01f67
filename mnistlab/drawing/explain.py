"""Explanations of a prediction: attribution, feature maps, the nearest training images.

All of them are for the image itself, without test-time augmentation.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnistlab.data.mnist import LabeledImages
from mnistlab.training.evaluate import logits
from mnistlab.uncertainty.features import BATCH, layer_outputs

PATCH = 5
"""Side of the occluding square, in pixels."""
STRIDE = 2
SIDE = 28
STARTS = range(STRIDE - PATCH, SIDE, STRIDE)
"""First pixels of the square along one axis; it may start outside the image."""
MIN_MAP = 3
"""Units along a side: smaller feature maps say little about where."""

Maps = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Attribution:
    """Which places support (above 0) and oppose each digit: (10, H, W).

    `exact`: a value per unit of the feature maps of `layer`; their sums plus `bias` (10,) are the
    logits. Otherwise H is 28, and a value is how much the logit, relative to the mean of the ten,
    drops when the pixel is hidden.
    """

    maps: Maps
    exact: bool
    bias: Maps | None = None
    layer: str = ""


def class_activation_maps(network: nn.Sequential, image: Tensor) -> Attribution | None:
    """Each unit's contribution to the logits of an image (28, 28) uint8; None for small maps.

    Class activation mapping (B. Zhou et al., "Learning deep features for discriminative
    localization", 2016) for global average pooling, and likewise for a full-map convolution: every
    logit is a bias plus a sum over the units of the last feature maps.
    """
    # The last feature maps are the input of the average, or of the full-map convolution.
    modules = dict(network.named_children())
    maps = feature_maps(network, image)
    layer = _before(list(maps), "average" if "average" in maps else "head2")
    last = maps[layer]
    # The weight of each unit in each logit; an average divides one weight among all positions.
    if "average" in maps:
        linear: Any = modules["linear"]
        weight, bias = linear.weight[:, :, None, None] / last[0].size, linear.bias
    else:
        head: Any = modules["head2"]
        weight, bias = head.weight, head.bias
    if last.shape[-1] < MIN_MAP:
        return None
    with torch.inference_mode():
        contributions = (weight * torch.from_numpy(last)).sum(1)
        return Attribution(contributions.numpy(), True, bias.numpy(), layer)


def _before(names: list[str], name: str) -> str:
    return names[names.index(name) - 1]


def occlusion_maps(network: nn.Sequential, image: Tensor) -> Attribution:
    """Hide an image (28, 28) uint8 square by square and measure how much each logit drops.

    After M. Zeiler & R. Fergus, "Visualizing and understanding convolutional networks" (2014). A
    pixel's value is the mean over the squares that hide it.
    """
    # A mask (28, 28) for each position of the square: 1 where it hides a pixel.
    masks = torch.zeros(len(STARTS) ** 2, SIDE, SIDE)
    for number, (top, left) in enumerate((y, x) for y in STARTS for x in STARTS):
        masks[number, max(0, top) : top + PATCH, max(0, left) : left + PATCH] = 1
    # Hidden pixels are black. One batch: first the image itself, then all its occluded versions.
    occluded = torch.where(masks > 0, torch.zeros_like(image), image)
    outputs = logits(network, torch.cat([image[None], occluded]))
    # Relative to the mean of the ten: a change that all logits share changes no probability.
    outputs = outputs - outputs.mean(1, keepdim=True)
    drops = outputs[:1] - outputs[1:]
    # For each digit k and pixel (y, x): the mean drop over the squares p that hide the pixel.
    maps = torch.einsum("pk,pyx->kyx", drops, masks) / masks.sum(0)
    return Attribution(maps.numpy(), False)


def feature_maps(network: nn.Sequential, image: Tensor) -> dict[str, Maps]:
    """The feature maps (C, H, W) of an image (28, 28) uint8, by the summary's layer names."""
    return {
        name: maps[0].clone().numpy()
        for name, maps in layer_outputs(network, image[None])
        if maps.ndim == 4
    }


@dataclass(frozen=True, eq=False)
class NearestNeighbors:
    """Training images by their penultimate features (N, F), the inputs of the last layer."""

    features: Tensor
    labels: Tensor

    def nearest(self, network: nn.Sequential, image: Tensor, count: int) -> list[tuple[int, int]]:
        """Indices and labels of the images nearest to an image (28, 28) uint8, nearest first."""
        distances = torch.cdist(penultimate_features(network, image[None]), self.features)[0]
        indices = distances.topk(min(count, len(self.labels)), largest=False).indices
        return [(index, int(self.labels[index])) for index in indices.tolist()]


def index_images(network: nn.Sequential, images: LabeledImages) -> NearestNeighbors:
    """Compute the features of images once, to compare drawings with them."""
    return NearestNeighbors(penultimate_features(network, images.images), images.labels)


def penultimate_features(network: nn.Sequential, images: Tensor) -> Tensor:
    """The inputs (N, F) of the last layer for images (N, 28, 28) uint8."""
    last = [name for name, _ in network.named_children() if name != "flatten"][-2]
    parts = []
    for part in torch.split(images, BATCH):
        for name, maps in layer_outputs(network, part):
            if name == last:
                parts.append(maps.flatten(1).clone())
    return torch.cat(parts)
