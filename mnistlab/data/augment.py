"""Training images moved about, a whole batch at a time, each image by numbers of its own."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.nn import functional

from mnistlab.data.dataset import MNIST
from mnistlab.data.idx import read_images, read_labels
from mnistlab.data.mnist import normalize
from mnistlab.data.options import Augmentation, AugmentationRanges

ELASTIC_GRID = 5
"""Of the elastic distortion's grid, each way."""
SIDE = MNIST.image_size
BACKGROUND = MNIST.black
"""What normalizing makes of black."""


def augment(
    images: Tensor, labels: Tensor, augmentation: Augmentation, generator: Generator
) -> Tensor:
    """Turn a training batch (N, 28, 28) uint8 into (N, 1, 28, 28) normalized float32.

    `labels` (N,) say which digits get strokes that MNIST's writers left out.
    """
    ranges = augmentation.ranges
    match augmentation:
        case Augmentation.NONE:
            return normalize(images)
        case Augmentation.SHIFT:
            return normalize(random_shift(images, generator, ranges.shift))
        case Augmentation.AFFINE:
            return random_affine(normalize(images), generator, ranges)
        case Augmentation.HANDWRITING:
            drawn = random_stroke_width(
                random_serifs(images, labels, generator, ranges), generator, ranges
            )
            return random_affine(normalize(drawn), generator, ranges)


def random_shift(images: Tensor, generator: Generator, reach: int) -> Tensor:
    """Shift each image by −reach … +reach pixels both ways, uniformly; zeros come in."""
    count, height, width = images.shape
    device = images.device
    offsets = torch.randint(0, 2 * reach + 1, (2, count, 1), generator=generator, device=device)
    rows = offsets[0] + torch.arange(height, device=device)
    columns = offsets[1] + torch.arange(width, device=device)
    padded = functional.pad(images, (reach, reach, reach, reach))
    which = torch.arange(count, device=device)
    return padded[which[:, None, None], rows[:, :, None], columns[:, None, :]]


def random_affine(images: Tensor, generator: Generator, reach: AugmentationRanges) -> Tensor:
    """Rotate, stretch, shear, shift and bend normalized images (N, 1, 28, 28), bilinearly."""
    count, device = len(images), images.device
    draws = torch.rand(6, count, generator=generator, device=device) * 2 - 1
    angle = draws[0] * (reach.rotation * torch.pi / 180)
    wide, high = 1 + draws[1] * reach.scale, 1 + draws[2] * reach.scale
    shear = draws[3] * reach.shear
    # The map leads from the output to the input, in units of half the image's side.
    cos, sin = torch.cos(angle), torch.sin(angle)
    right, below = draws[4:6] * (2 * reach.shift / SIDE)
    places = torch.empty(count, SIDE, SIDE, 2, device=device)
    _plane(cos * wide, (shear * cos - sin) * high, right, out=places[..., 0])
    _plane(sin * wide, (shear * sin + cos) * high, below, out=places[..., 1])
    if reach.elastic:
        knots = torch.rand(count, 2, ELASTIC_GRID**2, generator=generator, device=device) * 2 - 1
        bent = (knots * (reach.elastic * 2 / SIDE)) @ _elastic_basis(device)
        places += bent.view(count, 2, SIDE, SIDE).permute(0, 2, 3, 1)
    # Outside the image grid_sample gives zeros; shifting by the background's value makes them so.
    moved = functional.grid_sample(images - BACKGROUND, places, align_corners=False)
    return moved.add_(BACKGROUND)


@lru_cache(maxsize=4)
def _elastic_basis(device: torch.device) -> Tensor:
    """What moving each knot of the net by one does to each pixel, (KNOTS², 784), bicubic."""
    knots = torch.eye(ELASTIC_GRID**2, device=device).view(-1, 1, ELASTIC_GRID, ELASTIC_GRID)
    smooth = functional.interpolate(knots, (SIDE, SIDE), mode="bicubic", align_corners=True)
    return smooth.flatten(1)


def random_stroke_width(images: Tensor, generator: Generator, reach: AugmentationRanges) -> Tensor:
    """Make each image's strokes thinner or thicker: (N, 28, 28) uint8 before and after."""
    draws = torch.rand(len(images), 1, 1, generator=generator, device=images.device) * 2 - 1
    gray = images.float()
    # The greatest and the least of nine pixels: a stroke grown, and worn away, on either side.
    thicker = functional.max_pool2d(gray[:, None], 3, 1, 1)[:, 0]
    thinner = -functional.max_pool2d(-gray[:, None], 3, 1, 1)[:, 0]
    share = draws * reach.stroke_width
    return gray.lerp_(torch.where(share > 0, thicker, thinner), share.abs()).to(torch.uint8)


PEN = 2.4
"""Pixels; MNIST's strokes are about as thick."""


def random_serifs(
    images: Tensor, labels: Tensor, generator: Generator, reach: AugmentationRanges
) -> Tensor:
    """Draw what MNIST's writers left out: (N, 28, 28) uint8 before and after.

    They were Americans. Elsewhere a 1 has a flag at its top, down to the left and sometimes half as
    long as the stem, and often a foot; a 7 has a bar through its stem.
    """
    draws = torch.rand(6, len(images), generator=generator, device=images.device)
    result = images.clone()

    def draw(
        label: int, generator: Tensor, share: float, line: int, start: Tensor, end: Tensor
    ) -> None:
        """Draw between two places (N, 2), both from where the ink of a line of pixels has its
        middle: the first that has ink (0), the last (SIDE − 1), or the middle one.
        """
        chosen = (labels == label) & (generator < share)
        result[chosen] = _draw_line(result[chosen], line, start[chosen], end[chosen])

    nought = torch.zeros_like(draws[0])
    slope, length = (5 + 60 * draws[3]) * (torch.pi / 180), 3 + 12 * draws[4]
    flag = torch.stack([-torch.cos(slope) * length, torch.sin(slope) * length], 1)
    draw(1, draws[0], reach.serifs, 0, torch.zeros_like(flag), flag)
    half = torch.stack([2 + 3 * draws[5], nought], 1)
    draw(1, draws[1], reach.serifs / 2, SIDE - 1, -half, half)
    draw(7, draws[2], reach.serifs / 2, SIDE // 2, -half, half)
    return result


def _draw_line(images: Tensor, line: int, start: Tensor, end: Tensor) -> Tensor:
    """Images with a line from `start` to `end` (N, 2), seen from the ink's middle in a row."""
    inked = images > 127
    rows = inked.any(2).to(torch.uint8)
    row = rows.argmax(1)
    if line:
        last = SIDE - 1 - rows.flip(1).argmax(1)
        row = last if line == SIDE - 1 else (row + last) // 2
    there = inked[torch.arange(len(images), device=images.device), row].float()
    grid = torch.arange(float(SIDE), device=images.device)
    column = (there * grid).sum(1) / there.sum(1).clamp(min=1)
    start, along = start + torch.stack([column, row.float()], 1), end - start
    x, y = grid - start[:, :1], grid - start[:, 1:]
    share = x[:, None, :] * along[:, 0, None, None] + y[:, :, None] * along[:, 1, None, None]
    share = (share / (along**2).sum(1)[:, None, None]).clamp(0, 1)
    across = x[:, None, :] - share * along[:, 0, None, None]
    down = y[:, :, None] - share * along[:, 1, None, None]
    covered = (PEN / 2 + 0.5 - torch.sqrt(across**2 + down**2)).clamp(0, 1)
    return torch.maximum(images, (covered * 255).to(torch.uint8))


def _plane(slope_x: Tensor, slope_y: Tensor, at_center: Tensor, out: Tensor) -> None:
    """Fill (N, 28, 28) with a plane for each image, from the coefficients (N,) of each.

    What `affine_grid` does with a matrix product, seven times as quickly.
    """
    steps = (torch.arange(SIDE, device=out.device) * 2 + 1) / SIDE - 1
    along = slope_x[:, None] * steps + at_center[:, None]
    torch.add(along[:, None, :], (slope_y[:, None] * steps)[:, :, None], out=out)


def preview(folder: Path, augmentation: Augmentation, seed: int) -> NDArray[np.uint8]:
    """The first sixteen training digits as a network would see them: (16, 28, 28), 0–255.

    Raises DataError if MNIST's file is missing or too short.
    """
    images = torch.from_numpy(read_images(folder, "train", range(16)))
    labels = torch.from_numpy(read_labels(folder, "train", range(16)))
    prepared = augment(images, labels, augmentation, Generator().manual_seed(seed))
    gray = (prepared.squeeze(1) * MNIST.std + MNIST.mean) * 255
    return gray.clamp(0, 255).round().to(torch.uint8).numpy()
