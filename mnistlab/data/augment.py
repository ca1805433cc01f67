"""Training images moved about, a whole batch at a time, each image by numbers of its own."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.nn import functional

from mnistlab.data.kinds import Augmentation
from mnistlab.data.mnist import MEAN, STD, normalise
from mnistlab.data.pixels import images_at

MAX_SHIFT = 2
"""Pixels, in each direction."""


@dataclass(frozen=True)
class Reach:
    """How far an image may be moved about, uniformly in both directions.

    `rotation` in degrees; `scale` relative, for width and height apart from each other; `shear` in
    pixels sideways per pixel of height; `shift` in pixels. `bend` is by how many pixels the knots
    of a net of five by five may move that the image is printed on. `thickness` is the share of the
    way that each stroke goes to being a pixel thicker, or thinner, on either side. `serifs` is the
    share of images that get a flag at their top, and of those that get a foot at their bottom.
    """

    rotation: float
    scale: float
    shear: float
    shift: float
    bend: float = 0.0
    thickness: float = 0.0
    serifs: float = 0.0


ORDINARY = Reach(rotation=10, scale=0.1, shear=0.1, shift=MAX_SHIFT)
HAND = Reach(
    rotation=15, scale=0.15, shear=0.3, shift=MAX_SHIFT, bend=1.5, thickness=0.5, serifs=0.2
)
KNOTS = 5
BACKGROUND = -MEAN / STD
"""What normalising makes of black."""


def prepare(images: Tensor, augmentation: Augmentation, generator: Generator) -> Tensor:
    """Turn a training batch (N, 28, 28) uint8 into (N, 1, 28, 28) normalised float32."""
    if augmentation is Augmentation.SHIFT:
        return normalise(shifted(images, generator))
    if augmentation is Augmentation.AFFINE:
        return affine(normalise(images), generator)
    if augmentation is Augmentation.HAND:
        drawn = repenned(with_serifs(images, generator), generator)
        return affine(normalise(drawn), generator, HAND)
    return normalise(images)


def shifted(images: Tensor, generator: Generator, reach: int = MAX_SHIFT) -> Tensor:
    """Shift each image by −reach … +reach pixels both ways, uniformly; zeros come in."""
    count, height, width = images.shape
    device = images.device
    offsets = torch.randint(0, 2 * reach + 1, (2, count, 1), generator=generator, device=device)
    rows = offsets[0] + torch.arange(height, device=device)
    columns = offsets[1] + torch.arange(width, device=device)
    padded = functional.pad(images, (reach, reach, reach, reach))
    which = torch.arange(count, device=device)
    return padded[which[:, None, None], rows[:, :, None], columns[:, None, :]]


def affine(images: Tensor, generator: Generator, reach: Reach = ORDINARY) -> Tensor:
    """Rotate, stretch, shear, shift and bend normalised images (N, 1, 28, 28), bilinearly."""
    count, device = len(images), images.device
    draws = torch.rand(6, count, generator=generator, device=device) * 2 - 1
    angle = draws[0] * (reach.rotation * torch.pi / 180)
    wide, high = 1 + draws[1] * reach.scale, 1 + draws[2] * reach.scale
    shear = draws[3] * reach.shear
    # The map leads from the output to the input, in units of half the image's side.
    cos, sin = torch.cos(angle), torch.sin(angle)
    right, below = draws[4:6] * (2 * reach.shift / 28)
    places = torch.empty(count, 28, 28, 2, device=device)
    _plane(cos * wide, (shear * cos - sin) * high, right, out=places[..., 0])
    _plane(sin * wide, (shear * sin + cos) * high, below, out=places[..., 1])
    if reach.bend:
        knots = torch.rand(count, 2, KNOTS**2, generator=generator, device=device) * 2 - 1
        bent = (knots * (reach.bend * 2 / 28)) @ _net(device)
        places += bent.view(count, 2, 28, 28).permute(0, 2, 3, 1)
    # Outside the image grid_sample gives zeros; shifting by the background's value makes them so.
    moved = functional.grid_sample(images - BACKGROUND, places, align_corners=False)
    return moved.add_(BACKGROUND)


@lru_cache(maxsize=4)
def _net(device: torch.device) -> Tensor:
    """What moving each knot of the net by one does to each pixel, (KNOTS², 784), bicubic."""
    knots = torch.eye(KNOTS**2, device=device).view(-1, 1, KNOTS, KNOTS)
    smooth = functional.interpolate(knots, (28, 28), mode="bicubic", align_corners=True)
    return smooth.flatten(1)


def repenned(images: Tensor, generator: Generator, reach: Reach = HAND) -> Tensor:
    """Make each image's strokes thinner or thicker: (N, 28, 28) uint8 before and after."""
    draws = torch.rand(len(images), 1, 1, generator=generator, device=images.device) * 2 - 1
    grey = images.float()
    # The greatest and the least of nine pixels: a stroke grown, and worn away, on either side.
    thicker = functional.max_pool2d(grey[:, None], 3, 1, 1)[:, 0]
    thinner = -functional.max_pool2d(-grey[:, None], 3, 1, 1)[:, 0]
    share = draws * reach.thickness
    return grey.lerp_(torch.where(share > 0, thicker, thinner), share.abs()).to(torch.uint8)


SERIF = 2.4
"""Pixels of a serif's thickness; MNIST's strokes have about that."""


def with_serifs(images: Tensor, generator: Generator, reach: Reach = HAND) -> Tensor:
    """Give some images a flag or a foot: (N, 28, 28) uint8 before and after.

    Most of MNIST's writers drew a 1 as a plain line; elsewhere it has a flag at its top, to the
    left and down, and often a foot. Whatever the digit is, its topmost point gets the one and its
    lowest the other, so nothing of the label is told.
    """
    draws = torch.rand(5, len(images), generator=generator, device=images.device)
    flagged, footed = (draws[:2] < reach.serifs).unbind(0)
    result = images.clone()
    # From 20° to 80° below the horizontal, three to nine pixels long.
    slant, length = (20 + 60 * draws[2]) * (torch.pi / 180), 3 + 6 * draws[3]
    ends = torch.stack([-torch.cos(slant) * length, torch.sin(slant) * length], 1)
    result[flagged] = _joined(images[flagged], ends[flagged], top=True)
    half = torch.stack([2 + 3 * draws[4], torch.zeros_like(draws[4])], 1)
    result[footed] = _joined(result[footed], half[footed], top=False)
    return result


def _joined(images: Tensor, reach: Tensor, top: bool) -> Tensor:
    """Draw a line from each image's topmost point to `reach` (N, 2) away from it, or through its
    lowest one to either side.
    """
    inked = images > 127
    lines = inked.any(2).to(torch.uint8)
    row = lines.argmax(1) if top else 27 - lines.flip(1).argmax(1)
    there = inked[torch.arange(len(images), device=images.device), row].float()
    grid = torch.arange(28.0, device=images.device)
    column = (there * grid).sum(1) / there.sum(1).clamp(min=1)
    point = torch.stack([column, row.float()], 1)
    start, along = (point, reach) if top else (point - reach, 2 * reach)
    x, y = grid - start[:, :1], grid - start[:, 1:]
    share = x[:, None, :] * along[:, 0, None, None] + y[:, :, None] * along[:, 1, None, None]
    share = (share / (along**2).sum(1)[:, None, None]).clamp(0, 1)
    across = x[:, None, :] - share * along[:, 0, None, None]
    down = y[:, :, None] - share * along[:, 1, None, None]
    covered = (SERIF / 2 + 0.5 - torch.sqrt(across**2 + down**2)).clamp(0, 1)
    return torch.maximum(images, (covered * 255).to(torch.uint8))


def _plane(slope_x: Tensor, slope_y: Tensor, at_centre: Tensor, out: Tensor) -> None:
    """Fill (N, 28, 28) with a plane for each image, from the coefficients (N,) of each.

    What `affine_grid` does with a matrix product, seven times as quickly.
    """
    steps = (torch.arange(28, device=out.device) * 2 + 1) / 28 - 1
    along = slope_x[:, None] * steps + at_centre[:, None]
    torch.add(along[:, None, :], (slope_y[:, None] * steps)[:, :, None], out=out)


def preview(folder: Path, augmentation: Augmentation, seed: int) -> NDArray[np.uint8]:
    """The first sixteen training digits as a network would see them: (16, 28, 28), 0–255.

    Raises DataError if MNIST's file is missing or too short.
    """
    images = torch.from_numpy(images_at(folder, "train", range(16)))
    prepared = prepare(images, augmentation, Generator().manual_seed(seed))
    grey = (prepared.squeeze(1) * STD + MEAN) * 255
    return grey.clamp(0, 255).round().to(torch.uint8).numpy()
