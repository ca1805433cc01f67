"""One image looked at several times: as it is, turned, moved, larger and smaller.

A network that was trained on turned and moved digits is unsure where the one turn or the one pixel
decides; the mean of several looks is not (A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet
classification with deep convolutional neural networks", 2012, section 4.1, average over ten).
"""

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from mnistlab.data.dataset import MNIST

SIDE = MNIST.image_size
ROTATION = 8.0
"""Degrees."""
SHIFT = 1.0
"""Pixels."""
ZOOM = 0.08

# Turned by, moved right and down by, magnified by.
VIEWS = (
    (0.0, 0.0, 0.0, 1.0),
    (ROTATION, 0.0, 0.0, 1.0),
    (-ROTATION, 0.0, 0.0, 1.0),
    (0.0, SHIFT, 0.0, 1.0),
    (0.0, -SHIFT, 0.0, 1.0),
    (0.0, 0.0, SHIFT, 1.0),
    (0.0, 0.0, -SHIFT, 1.0),
    (0.0, 0.0, 0.0, 1 + ZOOM),
    (0.0, 0.0, 0.0, 1 - ZOOM),
)


def tta_views(image: Tensor) -> Tensor:
    """The looks (N, 28, 28) uint8 at an image (28, 28) uint8; the first is the image itself."""
    many = image.float().expand(len(VIEWS), 1, SIDE, SIDE)
    seen = functional.grid_sample(many, _grid(), align_corners=False).round_().to(torch.uint8)[:, 0]
    seen[0] = image
    return seen


@lru_cache(maxsize=1)
def _grid() -> Tensor:
    """Where each pixel of each look comes from: (N, 28, 28, 2), in halves of the image's side."""
    maps = []
    for degrees, right, down, zoom in VIEWS:
        cos, sin = (f(math.radians(degrees)) / zoom for f in (math.cos, math.sin))
        maps.append([[cos, sin, -2 * right / SIDE], [-sin, cos, -2 * down / SIDE]])
    return functional.affine_grid(
        torch.tensor(maps), [len(VIEWS), 1, SIDE, SIDE], align_corners=False
    )
