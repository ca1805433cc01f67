"""Attribution as colors over a drawing: pixels that support a digit, and pixels that oppose it."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SUPPORT_COLOR = (31, 158, 107)
OPPOSE_COLOR = (232, 113, 10)
"""Distinguishable for color-blind readers, on black and on white ink."""
SCALE = 4
"""Pixels of the picture per pixel of the drawing."""


def attribution_image(
    drawing: NDArray[np.uint8], attribution: NDArray[np.float32], strongest: float
) -> NDArray[np.uint8]:
    """A drawing (28, 28) with its attribution (H, W) as colors: RGB (112, 112, 3).

    ±`strongest` has the full color. Coarse attribution covers the whole drawing, a square per unit.
    """
    side = drawing.shape[0] * SCALE
    ink = np.asarray(Image.fromarray(drawing).resize((side, side), Image.Resampling.NEAREST))
    method = (
        Image.Resampling.BICUBIC if len(attribution) == len(drawing) else Image.Resampling.NEAREST
    )
    values = np.asarray(Image.fromarray(attribution).resize((side, side), method))
    # The square root makes weak values visible.
    strength = np.clip(np.abs(values) / max(strongest, 1e-9), 0, 1)[..., None] ** 0.5
    color = np.where(values[..., None] > 0, np.array(SUPPORT_COLOR), np.array(OPPOSE_COLOR))
    # White ink takes less color, so that the drawing stays recognizable.
    ground = ink[..., None].astype(np.float64)
    mixed = ground + strength * (0.9 - 0.3 * ground / 255) * (color - ground)
    image: NDArray[np.uint8] = np.clip(np.round(mixed), 0, 255).astype(np.uint8)
    return image
