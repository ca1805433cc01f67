"""What speaks for and against a digit, as colors over the drawing."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FOR = (31, 158, 107)
AGAINST = (232, 113, 10)
"""Told apart by color-blind eyes too, on black and on white ink."""
SCALE = 4
"""Pixels of the picture for one of the drawing."""


def attribution_image(
    drawing: NDArray[np.uint8], attribution: NDArray[np.float32], most: float
) -> NDArray[np.uint8]:
    """A drawing (28, 28) with its evidence (H, W) over it, full color at ±`most`: RGB.

    Coarse evidence is laid over the whole drawing, unit by unit.
    """
    side = drawing.shape[0] * SCALE
    ink = np.asarray(Image.fromarray(drawing).resize((side, side), Image.Resampling.NEAREST))
    method = (
        Image.Resampling.BICUBIC if len(attribution) == len(drawing) else Image.Resampling.NEAREST
    )
    values = np.asarray(Image.fromarray(attribution).resize((side, side), method))
    # The root lets what is weak be seen too.
    strength = np.clip(np.abs(values) / max(most, 1e-9), 0, 1)[..., None] ** 0.5
    color = np.where(values[..., None] > 0, np.array(FOR), np.array(AGAINST))
    # The ink stays readable under the color: what is white takes less of it.
    ground = ink[..., None].astype(np.float64)
    mixed = ground + strength * (0.9 - 0.3 * ground / 255) * (color - ground)
    picture: NDArray[np.uint8] = np.clip(np.round(mixed), 0, 255).astype(np.uint8)
    return picture
