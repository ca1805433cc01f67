"""Filters and connected components of gray images, on scipy.ndimage.

All images are (…, H, W); filters work on the last two axes, with the edge pixels repeated beyond
the edge. scipy.ndimage takes a quarter of a second to import, so only modules that decode photos
import this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def gaussian_blur(gray: Floats, sigma: float) -> Floats:
    """An image (…, H, W) blurred by a Gaussian with a standard deviation of `sigma` pixels."""
    blurred: Floats = ndimage.gaussian_filter(gray, sigma, mode="nearest", axes=(-2, -1))
    return blurred


def halve(gray: Floats) -> Floats:
    """An image (…, H, W) at half its size, each pixel the mean of four; an odd last row or column
    is dropped.
    """
    gray = gray[..., : gray.shape[-2] // 2 * 2, : gray.shape[-1] // 2 * 2]
    rows = gray[..., ::2, :] + gray[..., 1::2, :]
    return (rows[..., ::2] + rows[..., 1::2]) * np.float32(0.25)


def max_filter(gray: Floats, reach: int, axes: Sequence[int] = (-2, -1)) -> Floats:
    """The maximum of an image (…, H, W) within `reach` pixels along the axes."""
    maxima: Floats = ndimage.maximum_filter(gray, 2 * reach + 1, mode="nearest", axes=axes)
    return maxima


def closing(gray: Floats, reach: int, axes: Sequence[int] = (-2, -1)) -> Floats:
    """An image (…, H, W) without dark features narrower than 2 · `reach` + 1 pixels.

    Slopes, shadows and wider features do not change: a closing by a square (J. Serra, "Image
    analysis and mathematical morphology", 1982), or by a line along one axis.
    """
    dilated = max_filter(gray, reach, axes)
    closed: Floats = ndimage.minimum_filter(dilated, 2 * reach + 1, mode="nearest", axes=axes)
    return closed


@dataclass(frozen=True, eq=False)
class Components:
    """The connected components of a mask: `labels` (H, W), 0 outside, 1 to `count` inside."""

    labels: NDArray[np.int32]
    count: int

    def sums(self, values: NDArray[np.generic]) -> NDArray[np.float64]:
        """The sum of an image (H, W) over each component, (count + 1,); [0], outside, is 0."""
        sums = np.bincount(self.labels.ravel(), values.ravel(), self.count + 1).astype(np.float64)
        sums[0] = 0
        return sums

    def boxes(self) -> NDArray[np.int64]:
        """Top, left, bottom, right (count + 1, 4), the last two exclusive; [0] has no meaning."""
        slices = ndimage.find_objects(self.labels)
        corners = [(y.start, x.start, y.stop, x.stop) for y, x in slices]
        return np.array([(0, 0, 0, 0), *corners], np.int64)


def connected_components(mask: Mask) -> Components:
    """The connected components of a mask (H, W); pixels that touch by a corner are connected."""
    labels, count = ndimage.label(mask, np.ones((3, 3), np.bool_))
    return Components(labels, count)
