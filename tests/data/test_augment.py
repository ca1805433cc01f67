import math

import torch

from mnistlab.data import augment
from mnistlab.data.augment import affine, prepare, shifted
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


def test_affine_stays_within_its_ranges() -> None:
    count = 2000
    # Two dots 20 pixels apart, thick enough to have a centre after interpolation.
    images = torch.zeros(count, 28, 28, dtype=torch.uint8)
    images[:, 13:15, 3:5] = 255
    images[:, 13:15, 23:25] = 255
    moved = affine(normalise(images), generator()) - normalise(images)[0, 0, 0, 0]
    grid = torch.arange(28.0)
    centres = []
    for half in (moved[:, 0, :, :14], moved[:, 0, :, 14:]):
        mass = half.sum((1, 2))
        columns = grid[: half.shape[2]]
        centres.append(
            torch.stack(
                [
                    (half.sum(2) * grid).sum(1) / mass,
                    (half.sum(1) * columns).sum(1) / mass,
                ],
                1,
            )
        )
    rise = centres[1][:, 0] - centres[0][:, 0]
    run = centres[1][:, 1] + 14 - centres[0][:, 1]
    angles = torch.rad2deg(torch.atan2(rise, run))
    # Stretching width and height apart from each other tilts a turned line a little further.
    tilt = math.tan(math.radians(augment.MAX_ROTATION))
    tilt *= (1 + augment.MAX_SCALE) / (1 - augment.MAX_SCALE) / (1 - augment.MAX_SHEAR * tilt)
    assert angles.abs().max().item() < math.degrees(math.atan(tilt)) + 0.3
    assert angles.std().item() > augment.MAX_ROTATION / math.sqrt(3) * 0.8, "the range is used"
    stretch = torch.hypot(rise, run) / 20
    assert stretch.min().item() > 0.88 and stretch.max().item() < 1.15


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
