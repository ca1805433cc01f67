"""Test-time augmentation, against the expected positions of the ink."""

import math

import torch

from mnistlab.data.tta import ROTATION, SHIFT, VIEWS, ZOOM, tta_views


def blob(row: int, column: int) -> torch.Tensor:
    image = torch.zeros(28, 28, dtype=torch.uint8)
    image[row - 1 : row + 2, column - 1 : column + 2] = 200
    return image


def middle(image: torch.Tensor) -> tuple[float, float]:
    """The ink's center of mass, right and down from the image's middle."""
    grid = torch.arange(28.0) - 13.5
    ink = image.float()
    return float((ink.sum(0) @ grid) / ink.sum()), float((ink.sum(1) @ grid) / ink.sum())


def test_the_first_view_is_the_unchanged_image() -> None:
    image = torch.randint(0, 256, (28, 28), generator=torch.Generator().manual_seed(0)).byte()
    seen = tta_views(image)
    assert seen.shape == (len(VIEWS), 28, 28) and seen.dtype == torch.uint8
    assert torch.equal(seen[0], image)


def test_each_view_has_its_shift_rotation_and_zoom() -> None:
    start = blob(8, 18)
    right, down = middle(start)
    for seen, (turn, x, y, zoom) in zip(tta_views(start), VIEWS, strict=True):
        angle = math.radians(turn)
        # On the screen, y downwards, a positive turn is clockwise.
        wanted = (
            zoom * (right * math.cos(angle) - down * math.sin(angle)) + x,
            zoom * (right * math.sin(angle) + down * math.cos(angle)) + y,
        )
        found = middle(seen)
        assert math.dist(found, wanted) < 0.1, (turn, x, y, zoom, found, wanted)
    assert {look[0] for look in VIEWS} == {0, ROTATION, -ROTATION}
    assert {look[1] for look in VIEWS} == {0, SHIFT, -SHIFT} == {look[2] for look in VIEWS}
    assert {look[3] for look in VIEWS} == {1, 1 + ZOOM, 1 - ZOOM}
