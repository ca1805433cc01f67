import math

import numpy as np
import pytest
import torch

from mnistlab.data.augment import (
    augment,
    random_affine,
    random_serifs,
    random_shift,
    random_stroke_width,
    random_synthetic,
)
from mnistlab.data.mnist import normalize
from mnistlab.data.options import Augmentation, AugmentationRanges
from mnistlab.pen.synthetic import POOL_SIZE, synthetic_digit

ORDINARY, HAND = Augmentation.AFFINE.ranges, Augmentation.HANDWRITING.ranges
SYNTHETIC = Augmentation.SYNTHETIC.ranges


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def dots(count: int, row: int = 13, column: int = 13) -> torch.Tensor:
    images = torch.zeros(count, 28, 28, dtype=torch.uint8)
    images[:, row, column] = 255
    return images


def test_shifts_are_uniform_up_to_the_limit_and_independent() -> None:
    moved = random_shift(dots(5000), generator(), limit=2)
    places = moved.flatten(1).argmax(1)
    rows, columns = places // 28 - 13, places % 28 - 13
    assert moved.sum().item() == 5000 * 255, "nothing near the middle is lost"
    counts = torch.zeros(5, 5)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        counts[row + 2, column + 2] += 1
    # 200 expected in each of the 25 cells; chi-square with 24 degrees stays below 60 (p = 6e-5).
    assert ((counts - 200) ** 2 / 200).sum().item() < 60


def test_a_shift_fills_with_zeros_and_does_not_wrap_around() -> None:
    edge = torch.zeros(500, 28, 28, dtype=torch.uint8)
    edge[:, 0] = 255
    moved = random_shift(edge, generator(), limit=2)
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
    moved = (
        random_affine(normalize(images), generator(), ORDINARY)[:, 0]
        - normalize(images)[0, 0, 0, 0]
    )
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
    moved = random_affine(normalize(black), generator(), ORDINARY)
    assert torch.allclose(moved, normalize(black), atol=1e-5)


def test_every_augmentation_is_repeatable_with_its_generator() -> None:
    images = torch.randint(0, 256, (8, 28, 28), generator=generator(1), dtype=torch.uint8)
    labels = torch.arange(8)
    for kind in Augmentation:
        first, second = (augment(images, labels, kind, generator(7)) for _ in range(2))
        assert first.shape == (8, 1, 28, 28) and first.dtype == torch.float32
        assert torch.equal(first, second)
    plain = augment(images, labels, Augmentation.NONE, generator())
    assert torch.equal(plain, normalize(images))


def ink(labels: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Upright strokes of two by sixteen pixels, each labeled."""
    images = torch.zeros(len(labels), 28, 28, dtype=torch.uint8)
    images[:, 6:22, 13:15] = 255
    return images, torch.tensor(labels)


def test_serifs_change_only_zeros_ones_and_sevens_and_erase_nothing() -> None:
    images, labels = ink([n % 10 for n in range(2000)])
    drawn = random_serifs(images, labels, generator(), HAND)
    assert (drawn >= images).all() and drawn.dtype == torch.uint8
    more = (drawn != images).flatten(1).any(1)
    share = {label: more[labels == label].float().mean().item() for label in range(10)}
    assert not any(share[label] for label in range(10) if label not in (0, 1, 7))
    # A flag or a foot: what has neither is left as it was.
    neither = (1 - HAND.serifs) * (1 - HAND.serifs / 2)
    assert share[1] == pytest.approx(1 - neither, abs=0.1)
    assert share[7] == pytest.approx(HAND.serifs / 2, abs=0.1)
    assert share[0] == pytest.approx(HAND.serifs / 4, abs=0.08)


def test_flags_feet_and_bars_have_their_positions() -> None:
    images, labels = ink([1] * 500 + [7] * 500)
    added = (random_serifs(images, labels, generator(3), HAND).int() - images.int()) > 127
    rows = added.any(2)
    for number in range(500):
        marked = rows[number].nonzero()[:, 0].tolist()
        assert min(marked, default=4) >= 4, "nothing above the top"
        flag = added[number, :19].nonzero()
        assert not len(flag) or flag[:, 1].max() <= 16, "down to the left"
    bars = rows[500:].nonzero()[:, 1]
    assert bars.min() >= 12 and bars.max() <= 15
    wide = added[500:].any(1).sum(1)
    assert wide.max() <= 12


def test_a_slash_rises_to_the_right_through_the_middle_of_a_zero() -> None:
    images = torch.zeros(400, 28, 28, dtype=torch.uint8)
    y, x = np.mgrid[:28, :28]
    images[:] = torch.from_numpy((np.abs(np.hypot(x - 13.5, y - 13.5) - 8) < 1.2) * np.uint8(255))
    drawn = random_serifs(images, torch.zeros(400, dtype=torch.long), generator(), HAND)
    inside = torch.from_numpy(np.hypot(x - 13.5, y - 13.5) < 5)
    slashes = [image.numpy() for image in (drawn > 127) & inside if image.any()]
    assert len(slashes) > 20
    for slash in slashes:
        rows, columns = np.nonzero(slash)
        assert slash[12:16, 12:16].any()
        assert np.corrcoef(rows, columns)[0, 1] < -0.3


def test_a_synthetic_digit_replaces_an_image_of_its_own_digit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Of a small pool, so that every image can be looked for in it.
    monkeypatch.setattr("mnistlab.data.augment.POOL_SIZE", 10)
    images, labels = ink([n % 10 for n in range(2000)])
    replaced = random_synthetic(images, labels, generator(), SYNTHETIC)
    changed = (replaced != images).flatten(1).any(1)
    assert changed.float().mean().item() == pytest.approx(SYNTHETIC.synthetic, abs=0.03)
    assert replaced.dtype == torch.uint8
    pool = {d: {synthetic_digit(d, n).tobytes() for n in range(10)} for d in range(10)}
    drawn = [
        (d, image.numpy().tobytes()) for d, image in zip(labels.tolist(), replaced, strict=True)
    ]
    assert all(drawn[n][1] in pool[drawn[n][0]] for n in changed.nonzero()[:, 0].tolist())
    assert len({image for n, (_, image) in enumerate(drawn) if changed[n]}) > 70, "most of the pool"


def test_the_whole_pool_of_synthetic_digits_is_within_reach() -> None:
    largest = torch.nextafter(torch.tensor(1.0), torch.tensor(0.0))
    assert (largest * POOL_SIZE).long().item() == POOL_SIZE - 1


def test_without_a_synthetic_fraction_the_images_are_the_same() -> None:
    images, labels = ink(list(range(10)))
    assert torch.equal(random_synthetic(images, labels, generator(), ORDINARY), images)


def test_stroke_width_changes_the_ink_but_not_its_position() -> None:
    images, _ = ink([0] * 400)
    changed = random_stroke_width(images, generator(5), HAND)
    mass = changed.float().sum((1, 2)) / images.float().sum((1, 2))
    assert (
        1 - HAND.stroke_width <= mass.min() < 0.95 and 1.1 < mass.max() < 1 + 2 * HAND.stroke_width
    )
    grid = torch.arange(28.0)
    middle = (changed.float().sum(1) * grid).sum(1) / changed.float().sum((1, 2))
    assert torch.allclose(middle, torch.tensor(13.5), atol=0.01)


def test_elastic_distortion_stays_within_its_limit() -> None:
    count = 300
    straight = AugmentationRanges(elastic=2.0)
    moved = (
        random_affine(normalize(dots(count)), generator(), straight)[:, 0]
        - normalize(dots(1))[0, 0, 0, 0]
    )
    mass = moved.sum((1, 2))
    grid = torch.arange(28.0)
    away = (moved.sum(1) * grid).sum(1) / mass - 13
    assert 0.3 < away.std() < 1.2 and away.abs().max() < 3.5
    assert abs(away.mean()) < 0.2


@pytest.mark.parametrize("kind", list(Augmentation))
def test_an_augmentation_does_what_its_ranges_are(
    kind: Augmentation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any range nothing is changed, so nothing happens that the words do not name."""
    images, labels = ink([n % 10 for n in range(200)])
    monkeypatch.setattr(kind, "ranges", AugmentationRanges())
    still = augment(images, labels, kind, generator())
    assert torch.allclose(still, normalize(images), atol=1e-4)
    assert not str(kind.ranges)
