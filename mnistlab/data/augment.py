"""Augmentation of a whole batch at a time, with random parameters for each image."""

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
from mnistlab.pen.synthetic import POOL_SIZE, synthetic_digit

ELASTIC_GRID = 5
"""Points of the elastic distortion's grid in each direction."""
SIDE = MNIST.image_size
BACKGROUND = MNIST.black
"""The value of a black pixel after normalization."""


def augment(
    images: Tensor, labels: Tensor, augmentation: Augmentation, generator: Generator
) -> Tensor:
    """Augment and normalize a batch: (N, 28, 28) uint8 to (N, 1, 28, 28) float32.

    `labels` (N,) select the digits that `random_serifs` changes and `random_synthetic` draws.
    """
    ranges = augmentation.ranges
    match augmentation:
        case Augmentation.NONE:
            return normalize(images)
        case Augmentation.SHIFT:
            return normalize(random_shift(images, generator, ranges.shift))
        case Augmentation.AFFINE:
            return random_affine(normalize(images), generator, ranges)
        case Augmentation.HANDWRITING | Augmentation.SYNTHETIC:
            images = random_serifs(images, labels, generator, ranges)
            images = random_synthetic(images, labels, generator, ranges)
            images = random_stroke_width(images, generator, ranges)
            return random_affine(normalize(images), generator, ranges)


def random_shift(images: Tensor, generator: Generator, limit: int) -> Tensor:
    """Shift each image by −limit to +limit pixels in both directions; the border is black."""
    count, height, width = images.shape
    device = images.device
    offsets = torch.randint(0, 2 * limit + 1, (2, count, 1), generator=generator, device=device)
    rows = offsets[0] + torch.arange(height, device=device)
    columns = offsets[1] + torch.arange(width, device=device)
    padded = functional.pad(images, (limit, limit, limit, limit))
    indices = torch.arange(count, device=device)
    return padded[indices[:, None, None], rows[:, :, None], columns[:, None, :]]


def random_affine(images: Tensor, generator: Generator, ranges: AugmentationRanges) -> Tensor:
    """Rotate, scale, shear, shift and distort normalized images (N, 1, 28, 28), bilinearly."""
    count, device = len(images), images.device
    draws = torch.rand(6, count, generator=generator, device=device) * 2 - 1
    angle = draws[0] * (ranges.rotation * torch.pi / 180)
    width, height = 1 + draws[1] * ranges.scale, 1 + draws[2] * ranges.scale
    shear = draws[3] * ranges.shear
    # grid_sample needs the source of each output pixel, in half image sides.
    cos, sin = torch.cos(angle), torch.sin(angle)
    shift_x, shift_y = draws[4:6] * (2 * ranges.shift / SIDE)
    sources = torch.empty(count, SIDE, SIDE, 2, device=device)
    _plane(cos * width, (shear * cos - sin) * height, shift_x, out=sources[..., 0])
    _plane(sin * width, (shear * sin + cos) * height, shift_y, out=sources[..., 1])
    if ranges.elastic:
        displacements = (
            torch.rand(count, 2, ELASTIC_GRID**2, generator=generator, device=device) * 2 - 1
        )
        elastic = (displacements * (ranges.elastic * 2 / SIDE)) @ _elastic_basis(device)
        sources += elastic.view(count, 2, SIDE, SIDE).permute(0, 2, 3, 1)
    # grid_sample fills the outside with 0, so the background is 0 during the call.
    result = functional.grid_sample(images - BACKGROUND, sources, align_corners=False)
    return result.add_(BACKGROUND)


@lru_cache(maxsize=4)
def _elastic_basis(device: torch.device) -> Tensor:
    """The displacement of each pixel per grid point, (ELASTIC_GRID², 784), bicubic."""
    points = torch.eye(ELASTIC_GRID**2, device=device).view(-1, 1, ELASTIC_GRID, ELASTIC_GRID)
    smooth = functional.interpolate(points, (SIDE, SIDE), mode="bicubic", align_corners=True)
    return smooth.flatten(1)


def random_stroke_width(images: Tensor, generator: Generator, ranges: AugmentationRanges) -> Tensor:
    """Make the strokes of each image (N, 28, 28) uint8 thinner or thicker."""
    draws = torch.rand(len(images), 1, 1, generator=generator, device=images.device) * 2 - 1
    gray = images.float()
    # Dilation and erosion: the maximum and the minimum of nine pixels.
    thicker = functional.max_pool2d(gray[:, None], 3, 1, 1)[:, 0]
    thinner = -functional.max_pool2d(-gray[:, None], 3, 1, 1)[:, 0]
    amount = draws * ranges.stroke_width
    return gray.lerp_(torch.where(amount > 0, thicker, thinner), amount.abs()).to(torch.uint8)


PEN_WIDTH = 2.4
"""Pixels, about the width of MNIST's strokes."""


def random_serifs(
    images: Tensor, labels: Tensor, generator: Generator, ranges: AugmentationRanges
) -> Tensor:
    """Add strokes that are common outside the USA, where MNIST was written: (N, 28, 28) uint8.

    A 1 gets a flag from its top down to the left, sometimes half as long as its stem, and a foot; a
    7 gets a bar through its stem, a 0 a slash.
    """
    draws = torch.rand(8, len(images), generator=generator, device=images.device)
    result = images.clone()

    def draw(
        label: int, draws: Tensor, fraction: float, row: int, start: Tensor, end: Tensor
    ) -> None:
        """Draw a line on a random fraction of the images with a label; see `_draw_line`."""
        selected = (labels == label) & (draws < fraction)
        result[selected] = _draw_line(result[selected], row, start[selected], end[selected])

    # draws[0:3] decide which images get a line, a 0 as a 7, and draws[3:8] its slope and length.
    # The flag of a 1: from the top of its stem, 5–65° below the horizontal, 3–15 pixels long.
    slope, length = (5 + 60 * draws[3]) * (torch.pi / 180), 3 + 12 * draws[4]
    flag = torch.stack([-torch.cos(slope) * length, torch.sin(slope) * length], 1)
    draw(1, draws[0], ranges.serifs, 0, torch.zeros_like(flag), flag)
    # The foot of a 1 and the bar of a 7: horizontal, 2–5 pixels to either side of the stem, half
    # as frequent as the flag.
    half = torch.stack([2 + 3 * draws[5], torch.zeros_like(draws[5])], 1)
    draw(1, draws[1], ranges.serifs / 2, SIDE - 1, -half, half)
    draw(7, draws[2], ranges.serifs / 2, SIDE // 2, -half, half)
    # The slash of a 0: through its middle, 30–75° upwards to the right, 6–10.5 pixels to either
    # side, so that it ends within the 0 or sticks out; half as frequent as the bar.
    slope, length = (30 + 45 * draws[6]) * (torch.pi / 180), 6 + 4.5 * draws[7]
    slash = torch.stack([torch.cos(slope) * length, -torch.sin(slope) * length], 1)
    draw(0, draws[2], ranges.serifs / 4, SIDE // 2, slash, -slash)
    return result


def _draw_line(images: Tensor, row: int, start: Tensor, end: Tensor) -> Tensor:
    """Draw a line in each image between two points (N, 2).

    The points are relative to the center of the ink in one row: the first row with ink (`row` 0),
    the last (`row` SIDE − 1) or the middle one (any other).
    """
    # The row that both points are relative to. argmax returns the first of several maxima.
    is_ink = images > 127
    has_ink = is_ink.any(2).to(torch.uint8)
    ink_row = has_ink.argmax(1)
    if row:
        last = SIDE - 1 - has_ink.flip(1).argmax(1)
        ink_row = last if row == SIDE - 1 else (ink_row + last) // 2
    # The center of that row's ink is the origin of both points.
    ink = is_ink[torch.arange(len(images), device=images.device), ink_row].float()
    grid = torch.arange(float(SIDE), device=images.device)
    column = (ink * grid).sum(1) / ink.sum(1).clamp(min=1)
    start, vector = start + torch.stack([column, ink_row.float()], 1), end - start
    # The distance of each pixel from the line, by its projection on the line (0 start, 1 end).
    x, y = grid - start[:, :1], grid - start[:, 1:]
    projection = x[:, None, :] * vector[:, 0, None, None] + y[:, :, None] * vector[:, 1, None, None]
    projection = (projection / (vector**2).sum(1)[:, None, None]).clamp(0, 1)
    distance_x = x[:, None, :] - projection * vector[:, 0, None, None]
    distance_y = y[:, :, None] - projection * vector[:, 1, None, None]
    distance = torch.sqrt(distance_x**2 + distance_y**2)
    # A stroke with an antialiased edge, a pixel wide; ink that is brighter already stays.
    coverage = (PEN_WIDTH / 2 + 0.5 - distance).clamp(0, 1)
    return torch.maximum(images, (coverage * 255).to(torch.uint8))


def random_synthetic(
    images: Tensor, labels: Tensor, generator: Generator, ranges: AugmentationRanges
) -> Tensor:
    """Replace a random fraction of the images (N, 28, 28) uint8 by synthetic ones of their digit.

    They come from a pool that is the same for every training and is drawn as it is needed.
    """
    if not ranges.synthetic:
        return images
    draws = torch.rand(2, len(images), generator=generator, device=images.device)
    chosen = (draws[0] < ranges.synthetic).nonzero()[:, 0]
    if not len(chosen):
        return images
    digits = labels[chosen].tolist()
    numbers = (draws[1, chosen] * POOL_SIZE).long().tolist()
    drawn = np.stack([synthetic_digit(*which) for which in zip(digits, numbers, strict=True)])
    result = images.clone()
    result[chosen] = torch.from_numpy(drawn).to(images.device)
    return result


def _plane(slope_x: Tensor, slope_y: Tensor, at_center: Tensor, out: Tensor) -> None:
    """Fill (N, 28, 28) with one plane for each image, from coefficients (N,).

    It computes the same as `affine_grid`, which uses a matrix product, but seven times as fast.
    """
    steps = (torch.arange(SIDE, device=out.device) * 2 + 1) / SIDE - 1
    along = slope_x[:, None] * steps + at_center[:, None]
    torch.add(along[:, None, :], (slope_y[:, None] * steps)[:, :, None], out=out)


def preview(folder: Path, augmentation: Augmentation, seed: int) -> NDArray[np.uint8]:
    """The first sixteen training images, augmented: (16, 28, 28) uint8.

    Raises DataError if MNIST's file is missing or too short.
    """
    images = torch.from_numpy(read_images(folder, "train", range(16)))
    labels = torch.from_numpy(read_labels(folder, "train", range(16)))
    augmented = augment(images, labels, augmentation, Generator().manual_seed(seed))
    gray = (augmented.squeeze(1) * MNIST.std + MNIST.mean) * 255
    return gray.clamp(0, 255).round().to(torch.uint8).numpy()
