"""Test-time augmentation, against the expected positions of the ink."""

import math

import torch

from mnistlab.data.options import TTA_ROTATION, TTA_SHIFT, TTA_VIEWS, TTA_ZOOM
from mnistlab.data.tta import tta_views


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
    views = tta_views(image)
    assert views.shape == (len(TTA_VIEWS), 28, 28) and views.dtype == torch.uint8
    assert torch.equal(views[0], image)


def test_each_view_has_its_shift_rotation_and_zoom() -> None:
    start = blob(8, 18)
    right, down = middle(start)
    for view, (rotation, x, y, zoom) in zip(tta_views(start), TTA_VIEWS, strict=True):
        angle = math.radians(rotation)
        # On the screen, y downwards, a positive rotation is clockwise.
        expected = (
            zoom * (right * math.cos(angle) - down * math.sin(angle)) + x,
            zoom * (right * math.sin(angle) + down * math.cos(angle)) + y,
        )
        actual = middle(view)
        assert math.dist(actual, expected) < 0.1, (rotation, x, y, zoom, actual, expected)
    assert {view[0] for view in TTA_VIEWS} == {0, TTA_ROTATION, -TTA_ROTATION}
    assert (
        {view[1] for view in TTA_VIEWS}
        == {0, TTA_SHIFT, -TTA_SHIFT}
        == {view[2] for view in TTA_VIEWS}
    )
    assert {view[3] for view in TTA_VIEWS} == {1, 1 + TTA_ZOOM, 1 - TTA_ZOOM}
