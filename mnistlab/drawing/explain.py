"""Why a network reads what it reads: evidence, feature maps, the nearest training digits.

Everything here looks at the image itself, not at the several looks that an answer is the mean of.
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
"""Pixels of the side of the square that is covered."""
STRIDE = 2
SIDE = 28
STARTS = range(STRIDE - PATCH, SIDE, STRIDE)
"""Where along one axis the square is laid."""
MIN_MAP = 3
"""Units along a side of the last maps from which on they say where."""

Maps = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Attribution:
    """What speaks for (above 0) and against each digit, and where: (10, H, W).

    `exact`: of the units of the last maps, the layer `of`, H along a side, and with `bias` (10,)
    their sums are the scores. Otherwise H is 28 and a value is what the score, measured from the
    ten's mean, loses where the pixel is covered.
    """

    maps: Maps
    exact: bool
    bias: Maps | None = None
    label: str = ""


def class_activation_maps(network: nn.Sequential, image: Tensor) -> Attribution | None:
    """The last maps' shares in the scores of an image (28, 28) uint8; None if they are too small.

    Class activation mapping (B. Zhou et al., "Learning deep features for discriminative
    localization", 2016) for a global average, and the same for a convolution over the whole map:
    behind the last maps every score is a sum over their units.
    """
    # The last maps are what the average, or the convolution over the whole map, is given.
    modules = dict(network.named_children())
    found = feature_maps(network, image)
    of = _before(list(found), "average" if "average" in found else "head2")
    last = found[of]
    # The weight of each of their units in each score: an average shares one among all places.
    if "average" in found:
        linear: Any = modules["linear"]
        weight, bias = linear.weight[:, :, None, None] / last[0].size, linear.bias
    else:
        head: Any = modules["head2"]
        weight, bias = head.weight, head.bias
    if last.shape[-1] < MIN_MAP:
        return None
    with torch.inference_mode():
        shares = (weight * torch.from_numpy(last)).sum(1)
        return Attribution(shares.numpy(), True, bias.numpy(), of)


def _before(names: list[str], name: str) -> str:
    return names[names.index(name) - 1]


def occlusion_maps(network: nn.Sequential, image: Tensor) -> Attribution:
    """Cover an image (28, 28) uint8 square by square and see what each score loses.

    After M. Zeiler & R. Fergus, "Visualizing and understanding convolutional networks" (2014). A
    pixel's value is the mean over the squares that cover it.
    """
    covers = torch.zeros(len(STARTS) ** 2, SIDE, SIDE)
    for number, (top, left) in enumerate((y, x) for y in STARTS for x in STARTS):
        covers[number, max(0, top) : top + PATCH, max(0, left) : left + PATCH] = 1
    covered = torch.where(covers > 0, torch.zeros_like(image), image)
    scores = logits(network, torch.cat([image[None], covered]))
    scores = scores - scores.mean(1, keepdim=True)
    lost = scores[:1] - scores[1:]
    maps = torch.einsum("pk,pyx->kyx", lost, covers) / covers.sum(0)
    return Attribution(maps.numpy(), False)


def feature_maps(network: nn.Sequential, image: Tensor) -> dict[str, Maps]:
    """What each layer that gives maps gives for an image (28, 28) uint8, by the ledger's names:
    (C, H, W) each.
    """
    return {
        name: maps[0].clone().numpy()
        for name, maps in layer_outputs(network, image[None])
        if maps.ndim == 4
    }


@dataclass(frozen=True, eq=False)
class NearestNeighbors:
    """Training digits by their last features (N, F): what the last layer decides by."""

    features: Tensor
    labels: Tensor

    def nearest(self, network: nn.Sequential, image: Tensor, count: int) -> list[tuple[int, int]]:
        """Indices and labels of the digits nearest to an image (28, 28) uint8, nearest first."""
        distances = torch.cdist(penultimate_features(network, image[None]), self.features)[0]
        indices = distances.topk(min(count, len(self.labels)), largest=False).indices
        return [(index, int(self.labels[index])) for index in indices.tolist()]


def index_images(network: nn.Sequential, digits: LabeledImages) -> NearestNeighbors:
    """Look at digits once, so that drawings can be held against them."""
    return NearestNeighbors(penultimate_features(network, digits.images), digits.labels)


def penultimate_features(network: nn.Sequential, images: Tensor) -> Tensor:
    """What the last layer is given for images (N, 28, 28) uint8: (N, F)."""
    last = [name for name, _ in network.named_children() if name != "flatten"][-2]
    parts = []
    for part in torch.split(images, BATCH):
        for name, maps in layer_outputs(network, part):
            if name == last:
                parts.append(maps.flatten(1).clone())
    return torch.cat(parts)
