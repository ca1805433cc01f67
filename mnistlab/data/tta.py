"""Test-time augmentation: nine views of an image, unchanged, rotated, shifted and scaled.

The mean of several predictions depends less on a single pixel or degree than one prediction does
(A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional neural
networks", 2012, section 4.1, average over ten views).
"""

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from mnistlab.data.dataset import MNIST
from mnistlab.data.options import TTA_VIEWS

SIDE = MNIST.image_size


def tta_views(image: Tensor) -> Tensor:
    """The views (N, 28, 28) uint8 of an image (28, 28) uint8; the first is the image itself."""
    copies = image.float().expand(len(TTA_VIEWS), 1, SIDE, SIDE)
    views = functional.grid_sample(copies, _grid(), align_corners=False)[:, 0]
    views = views.round_().to(torch.uint8)
    views[0] = image
    return views


@lru_cache(maxsize=1)
def _grid() -> Tensor:
    """The source of each pixel of each view: (N, 28, 28, 2), in half image sides."""
    matrices = []
    for degrees, right, down, zoom in TTA_VIEWS:
        cos, sin = (f(math.radians(degrees)) / zoom for f in (math.cos, math.sin))
        matrices.append([[cos, sin, -2 * right / SIDE], [-sin, cos, -2 * down / SIDE]])
    return functional.affine_grid(
        torch.tensor(matrices), [len(TTA_VIEWS), 1, SIDE, SIDE], align_corners=False
    )
