import math

import pytest
import torch

from mnistlab.data.augment import ORDINARY, affine, prepare, shifted
from mnistlab.data.kinds import Augmentation
from mnistlab.data.mnist import normalise


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def dots(count: int, row: int = 13, column: int = 13) -> torch.Tensor:
    images = torch.zeros(count, 28, 28, dtype=torch.uint8)
    images[:, row, column] = 255
    return images


def test_shifts_reach_two_pixels_uniformly_and_each_image_has_its_own() -> None:
    moved = shifted(dots(5000), generator())
    places = moved.flatten(1).argmax(1)
    rows, columns = places // 28 - 13, places % 28 - 13
    assert moved.sum().item() == 5000 * 255, "nothing near the middle is lost"
    counts = torch.zeros(5, 5)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        counts[row + 2, column + 2] += 1
    # 200 expected in each of the 25 cells; chi-square with 24 degrees stays below 60 (p = 6e-5).
    assert ((counts - 200) ** 2 / 200).sum().item() < 60


def test_a_shift_brings_in_zeros_and_never_wraps_around() -> None:
    edge = torch.zeros(500, 28, 28, dtype=torch.uint8)
    edge[:, 0] = 255
    moved = shifted(edge, generator())
    assert not moved[:, 3:].any()
    assert (moved.flatten(1).sum(1) == 0).any(), "a row shifted out is gone"


def measured(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Two dots' distance along the line between them and across it, and their middle, by image.

    The dots lie left and right of the image's middle; (N, 28, 28) with a background of 0.
    """
    grid = torch.arange(28.0) - 13.5
    ends = []
    for part in (grid < 0, grid > 0):
        half = images * part
        mass = half.sum((1, 2))
        ends.append(
            torch.stack([(half.sum(1) * grid).sum(1), (half.sum(2) * grid).sum(1)], 1)
            / mass[:, None]
        )
    along, across = (ends[1] - ends[0]).T
    return along, across, (ends[0] + ends[1]) / 2


@pytest.mark.parametrize("upright", [False, True])
def test_affine_uses_its_ranges_and_stays_within_them(upright: bool) -> None:
    count, reach = 4000, 18.0
    images = torch.zeros(count, 28, 28, dtype=torch.uint8)
    images[:, 13:15, 4:6] = images[:, 13:15, 22:24] = 255
    if upright:
        images = images.mT.contiguous()
    moved = affine(normalise(images), generator())[:, 0] - normalise(images)[0, 0, 0, 0]
    along, across, middle = measured(moved.mT if upright else moved)

    # Rotation tilts both pairs, shear the upright one too. The extremes follow from the ranges.
    turn = math.tan(math.radians(ORDINARY.rotation))
    stretch = (1 + ORDINARY.scale) / (1 - ORDINARY.scale)
    tilt = (turn + ORDINARY.shear * upright) * stretch / (1 - ORDINARY.shear * turn)
    assert (across / along).abs().max().item() < tilt + 0.02
    turning = math.radians(ORDINARY.rotation) / math.sqrt(3)
    spread = math.hypot(turning, upright * ORDINARY.shear / math.sqrt(3))
    assert (across / along).std().item() == pytest.approx(spread, rel=0.1)

    assert (along / reach).min().item() > 1 / (1 + ORDINARY.scale) * 0.93
    assert (along / reach).max().item() < 1 / (1 - ORDINARY.scale) * 1.05
    assert (along / reach).std().item() == pytest.approx(ORDINARY.scale / math.sqrt(3), rel=0.25)

    assert middle.abs().max().item() < ORDINARY.shift * 1.4
    assert middle.std(0).tolist() == pytest.approx([ORDINARY.shift / math.sqrt(3)] * 2, rel=0.15)


def test_affine_leaves_the_background_at_black() -> None:
    black = torch.zeros(50, 28, 28, dtype=torch.uint8)
    moved = affine(normalise(black), generator())
    assert torch.allclose(moved, normalise(black), atol=1e-5)


def test_every_kind_is_repeatable_from_its_generator() -> None:
    images = torch.randint(0, 256, (8, 28, 28), generator=generator(1), dtype=torch.uint8)
    for kind in Augmentation:
        first, second = (prepare(images, kind, generator(7)) for _ in range(2))
        assert first.shape == (8, 1, 28, 28) and first.dtype == torch.float32
        assert torch.equal(first, second)
    plain = prepare(images, Augmentation.NONE, generator())
    assert torch.equal(plain, normalise(images))
