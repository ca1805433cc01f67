"""Segment the ink in a photo, or any other image, of a digit.

For any light and paper: remove printed lines, find strokes between their edges, and segment the ink
that contrasts with the paper around it as much as they do.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.photo.decode import Colors
from mnistlab.drawing.photo.edges import Strokes, find_edges, find_strokes
from mnistlab.drawing.photo.line_removal import remove_ruled_lines
from mnistlab.drawing.photo.morphology import (
    Floats,
    Mask,
    closing,
    connected_components,
    gaussian_blur,
    halve,
    max_filter,
)
from mnistlab.drawing.photo.printed_box import inside_of_box, without_slivers
from mnistlab.pen.raster import GrayImage

SIDE = 384
"""Longer side of the processed image, in pixels."""
MIN_SIDE = 16
"""Shorter side, in pixels."""
BORDER_INK = 64
"""Of 255: pixels at the border that differ this much from the paper are ink."""
MARGIN = 40
"""Pixels added around an image that was cropped through its ink."""
BLUR = 0.8
"""Pixels: removes the camera's noise, not the stroke of a fine pen."""
MAX_STROKE_WIDTH = 0.22
"""Fraction of the image's shorter side."""
BORDER = 1 / 12
"""Fraction of each side that counts as surroundings."""
BORDER_WEIGHT = 0.2
"""Weight of components that touch the image's border."""
REACH = 1.6
"""Multiple of the stroke width: the distance at which paper surrounds a stroke."""
MAX_HALF_GAP = 2
"""Half the gap that a removed line may leave in a stroke, in pixels at half size."""
MIN_CONTRAST = 0.3
"""Fraction of the strokes' typical contrast; fainter pixels are not ink."""
MAX_DISTANCE = 0.25
"""Fraction of the digit's size: the largest distance of a separate stroke."""
MIN_SIZE = 1 / 32
"""Fraction of the image's longer side; a smaller digit is a speck."""
MIN_INK = 0.04
"""Fraction of the digit's ink; a separate stroke has more."""


def find_ink(image: Colors) -> GrayImage:
    """The ink (H, W) uint8, 0 for paper, of an image (H, W, 3), dark on light or light on dark.

    At most a row and a column smaller than the image. Raises DigitError if the image is too narrow
    or has no digit.
    """
    # An even size, because strokes are found at half size.
    height, width = (length // 2 * 2 for length in image.shape[:2])
    if min(height, width) < MIN_SIDE:
        raise DigitError("The image is too narrow. Choose one that shows the whole digit.")
    # Below, strokes are dark, and colors are (3, H, W) without the camera's noise.
    padded = _with_margin(image[:height, :width])
    colors = gaussian_blur(padded.transpose(2, 0, 1).astype(np.float32), BLUR)
    dark = _is_dark(colors.mean(0))
    ink = _ink(colors if dark else 255 - colors, dark)
    margin = (len(padded) - height) // 2
    ink = ink[margin : margin + height, margin : margin + width]
    if not ink.any():
        raise no_digit_error()
    return ink


def _with_margin(image: Colors) -> Colors:
    """Add paper around an image (H, W, 3) that was cropped through its ink; remove what a crop
    left of a printed box.

    Only if the paper has one color, as on a screen: in a photo the seam would be visible, and
    printed lines would no longer reach the edge.
    """
    border = _border(image)
    paper = np.median(border, 0).astype(np.uint8)
    difference = np.abs(border - paper).max(1)
    if (difference <= 1).mean() < 0.5 or difference.max() < BORDER_INK:
        return image
    image = without_slivers(image, paper)
    if np.abs(_border(image) - paper).max() < BORDER_INK:
        return image
    height, width, _ = image.shape
    padded = np.full((height + 2 * MARGIN, width + 2 * MARGIN, 3), paper)
    padded[MARGIN:-MARGIN, MARGIN:-MARGIN] = image
    return padded


def _border(image: Colors) -> NDArray[np.int64]:
    """The colors (N, 3) of the pixels along an image's edges."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]).astype(np.int64)


def no_digit_error() -> DigitError:
    """What to raise for an image in which there is no digit."""
    return DigitError("No digit found in the image. Choose one with a digit.")


def _is_dark(gray: Floats) -> bool:
    """Whether the strokes are darker than the background: the sharper and narrower ones decide.

    Between the strokes of an 8 on a board there are dark areas too, but wider ones. A quarter of
    the size is enough, and hides the grain of chalk.
    """
    small = halve(gaussian_blur(halve(gaussian_blur(gray, 1)), 1))
    edges, widest = find_edges(small), round(MAX_STROKE_WIDTH * min(small.shape))
    weights = []
    for dark in (True, False):
        strokes = find_strokes(edges, widest, dark)
        main, _ = _main(strokes, _without_border(small.shape))
        weights.append(float(strokes.weight[main].sum()))
    return weights[0] >= weights[1]


def _ink(colors: Floats, dark: bool) -> GrayImage:
    """The ink of dark strokes in colors (3, H, W), or of light ones in inverted colors; all 0 if
    there are none.
    """
    # In a printed box, only what is inside counts.
    box = inside_of_box(colors.mean(0))
    # Find the digit's strokes at half size, where there is less noise.
    colors = remove_ruled_lines(colors)
    half = halve(gaussian_blur(colors.mean(0), 1))
    strokes = find_strokes(find_edges(half), round(MAX_STROKE_WIDTH * min(half.shape)))
    inner = _without_border(half.shape)
    if box is not None:
        inner = box[::2, ::2]
        strokes = strokes.within(inner)
    main, width = _main(strokes, inner)
    main = main.repeat(2, 0).repeat(2, 1)
    no_ink = np.zeros(main.shape, np.uint8)
    if not main.any():
        return no_ink
    # Ink contrasts with the paper and belongs to these strokes; a speck is not a digit.
    strength = _strength(colors, main, round(REACH * width) + 2, dark)
    noise = 1.48 * float(np.median(np.abs(strength - np.median(strength)))) + 0.7
    typical = float(np.percentile(strength[main], 70))
    if box is not None:
        strength = np.where(box, strength, 0)
    digit = _digit(strength, max(MIN_CONTRAST * typical, 3 * noise), main)
    size = max(int(digit.any(axis).sum()) for axis in (0, 1))
    if size < MIN_SIZE * max(digit.shape):
        return no_ink
    # Pressure varies along a stroke, and chalk is darker in the shadow: compare with ink nearby.
    around = gaussian_blur(max_filter(gaussian_blur(np.where(digit, strength, 0), 1), size // 4), 4)
    ratio = strength / np.maximum(around, 0.5 * typical)
    # Up to a fifth of the strongest ink nearby is paper, from four fifths on it is ink.
    ink = np.where(ndimage.binary_dilation(digit), np.clip((ratio - 0.2) / 0.6, 0, 1), 0)
    return np.round(255 * ink).astype(np.uint8)


def _strength(colors: Floats, main: Mask, reach: int, dark: bool) -> Floats:
    """The contrast (H, W) of each pixel with the paper around it, along the main strokes' color.

    So red ink is as strong as black, blue lines under it are weaker, and noise is reduced.
    """
    paper = closing(colors, reach)
    contrast = paper - colors
    if dark:
        # A shadow reduces the light of paper and ink by the same factor.
        contrast *= 255 / np.maximum(paper, 16)
    color = contrast[:, main].mean(1)
    strength: Floats = np.tensordot(color / max(float(np.linalg.norm(color)), 1e-9), contrast, 1)
    above: Floats = np.maximum(strength - np.median(strength), 0)
    return above


def _without_border(shape: tuple[int, ...]) -> Mask:
    """All of an image but its border, where strokes have no weight in the choice of the digit."""
    height, width = shape
    across, down = round(BORDER * width), round(BORDER * height)
    inner = np.zeros(shape, np.bool_)
    inner[down : height - down, across : width - across] = True
    return inner


def _main(strokes: Strokes, inner: Mask) -> tuple[Mask, float]:
    """The digit's strokes (H, W) at half size, and their width at full size; only those within
    `inner` count.
    """
    height, width = strokes.mask.shape
    # The digit is the component with the most, the sharpest and the narrowest edges.
    components = connected_components(
        ndimage.binary_dilation(strokes.mask, iterations=MAX_HALF_GAP)
    )
    boxes = components.boxes()
    at_border = (boxes[:, :2] <= 1).any(1) | (boxes[:, 2:] >= [height - 1, width - 1]).any(1)
    score = components.sums(strokes.weight * inner) * np.where(at_border, BORDER_WEIGHT, 1)
    mask = (components.labels == score.argmax()) & strokes.mask
    edge = mask & (strokes.weight > 0)
    if not score.any() or not edge.any():
        return np.zeros_like(mask), 0.0
    # The 60th percentile of the widths, weighted by gradient; strokes more than twice as wide are
    # not part of the digit.
    widths, gradients = strokes.width[edge], (strokes.weight * strokes.width)[edge]
    order = np.argsort(widths)
    cumulative = np.cumsum(gradients[order])
    typical = float(widths[order][np.searchsorted(cumulative, 0.6 * cumulative[-1])])
    return mask & (strokes.width <= 2 * typical), 2 * typical


def _digit(strength: Floats, least: float, main: Mask) -> Mask:
    """The mask (H, W) of the ink that belongs to the digit with the strokes `main`."""
    inked = strength > least
    components = connected_components(inked)
    ink, overlap = components.sums(np.where(inked, strength, 0)), components.sums(main & inked)
    if not overlap.any():
        return np.zeros_like(inked)
    # The component with most of the main strokes, and the distance of the others to its box.
    first, boxes = int(overlap.argmax()), components.boxes()
    top, left, bottom, right = boxes[first]
    gaps = [top - boxes[:, 2], boxes[:, 0] - bottom, left - boxes[:, 3], boxes[:, 1] - right]
    gap = np.max(gaps, 0) / max(bottom - top, right - left)
    # A separate stroke is near, inside the image, and about as large and dark as the digit; a
    # component of the main strokes may be farther and fainter.
    whole = (boxes[:, :2] > 1).all(1) & (boxes[:, 2:] < np.array(inked.shape) - 1).all(1)
    density = ink / np.maximum(components.sums(inked), 1)
    apart = (
        (gap < MAX_DISTANCE)
        & whole
        & (ink > MIN_INK * ink[first])
        & (density > 0.6 * density[first])
    )
    same = (
        (gap < 2 * MAX_DISTANCE)
        & (overlap > 0.05 * overlap.sum())
        & (density > 0.4 * density[first])
    )
    digit: Mask = ((apart | same) & (np.arange(components.count + 1) > 0))[components.labels]
    return digit
