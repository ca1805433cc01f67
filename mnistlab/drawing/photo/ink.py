"""The ink in a photo of a digit, or in any other picture file of one.

Whatever the light and the paper: printed lines are taken out, strokes are found between their
outlines, and ink is what differs from the paper around it as much as they do.
"""

import numpy as np
from scipy import ndimage

from mnistlab.drawing.digit import (
    DEFAULT_OPTIONS,
    DigitError,
    GrayImage,
    PreparedDigit,
    PreprocessingOptions,
    digit_from_ink,
)
from mnistlab.drawing.photo.decode import Colors, decode_image
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
from mnistlab.drawing.photo.stroke_width import normalize_stroke_width

SIDE = 384
"""Pixels of the longer side of the picture that is looked at."""
NARROWEST = 16
"""Pixels of its shorter side."""
CUT = 64
"""Levels of 255: what differs so much from the paper at the picture's edge is ink."""
MARGIN = 40
"""Pixels around a picture that was cut through its ink."""
BLUR = 0.8
"""Pixels: the camera's noise is gone, a fine pen's stroke is not."""
WIDEST = 0.22
"""Of the picture's shorter side; no stroke is wider."""
BORDER = 1 / 12
"""Of each side: what lies in it counts as the surroundings."""
AT_BORDER = 0.2
"""How much what touches the picture's border counts beside what does not."""
REACH = 1.6
"""Of the stroke's width: its paper is looked for this far around it."""
TORN = 2
"""Half the gap, in pixels of half the picture's size, that a line may have torn into a stroke."""
FAINTEST = 0.3
"""Of the strokes' usual contrast; what is fainter is no ink."""
NEAR = 0.25
"""Of the digit's size: a stroke apart from the others is no further."""
SMALLEST = 1 / 32
"""Of the picture's longer side: less is a speck, and no digit."""
SMALL = 0.04
"""Of the digit's ink; a stroke of its own has more."""


def digit_from_file(content: bytes, steps: PreprocessingOptions = DEFAULT_OPTIONS) -> PreparedDigit:
    """Read a picture of one digit; raises DigitError as `ink_from_photo` does."""
    digit = digit_from_ink(ink_from_photo(content, steps), steps)
    if digit is None:
        raise _nothing()
    return digit


def ink_from_photo(content: bytes, steps: PreprocessingOptions = DEFAULT_OPTIONS) -> GrayImage:
    """The ink (H, W) uint8, 0 for paper, of a picture file, dark on light or light on dark.

    The steps say whether its strokes are made as thick as MNIST's. Raises DigitError if it is no
    picture, is too large, or shows nothing.
    """
    # An even size, as the picture is halved to look for strokes.
    seen = decode_image(content, SIDE)
    height, width = (length // 2 * 2 for length in seen.shape[:2])
    if min(height, width) < NARROWEST:
        raise DigitError("The picture is too narrow for a digit; choose one that shows all of it.")
    # From here on strokes are dark, and colors are (3, H, W) without the camera's noise.
    wide = _with_margin(seen[:height, :width])
    colors = gaussian_blur(wide.transpose(2, 0, 1).astype(np.float32), BLUR)
    dark = _is_dark(colors.mean(0))
    ink = _ink(colors if dark else 255 - colors, dark)
    margin = (len(wide) - height) // 2
    ink = ink[margin : margin + height, margin : margin + width]
    if not ink.any():
        raise _nothing()
    return normalize_stroke_width(ink) if steps.normalize_stroke_width else ink


def _with_margin(seen: Colors) -> Colors:
    """A picture (H, W, 3) that was cut through its ink, with more of its paper around it.

    Only where that paper is of one color, as on a screen: a photo's would show a seam, and its
    printed lines would no longer end at its edge.
    """
    border = np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]]).astype(np.int64)
    paper = np.median(border, 0).astype(np.uint8)
    off = np.abs(border - paper).max(1)
    if (off <= 1).mean() < 0.5 or off.max() < CUT:
        return seen
    height, width, _ = seen.shape
    around = np.full((height + 2 * MARGIN, width + 2 * MARGIN, 3), paper)
    around[MARGIN:-MARGIN, MARGIN:-MARGIN] = seen
    return around


def _nothing() -> DigitError:
    return DigitError("No digit can be seen in the picture; choose one with a digit in it.")


def _is_dark(gray: Floats) -> bool:
    """Whether the strokes are darker than what they are on: those that are sharper and narrower.

    Between the strokes of an 8 on a board there are dark places too, but wider ones. A quarter of
    the size is enough, and chalk has no grain in it.
    """
    small = halve(gaussian_blur(halve(gaussian_blur(gray, 1)), 1))
    found, widest = find_edges(small), round(WIDEST * min(small.shape))
    sharp = []
    for dark in (True, False):
        way = find_strokes(found, widest, dark)
        main, _ = _main(way)
        sharp.append(float(way.weight[main].sum()))
    return sharp[0] >= sharp[1]


def _ink(colors: Floats, dark: bool) -> GrayImage:
    """The ink of dark strokes in colors (3, H, W), or of light ones in the colors' negative; all
    0 where there are none.
    """
    # The digit's strokes, found at half the size, where there is less noise.
    colors = remove_ruled_lines(colors)
    half = halve(gaussian_blur(colors.mean(0), 1))
    main, width = _main(find_strokes(find_edges(half), round(WIDEST * min(half.shape))))
    main = main.repeat(2, 0).repeat(2, 1)
    nothing = np.zeros(main.shape, np.uint8)
    if not main.any():
        return nothing
    # Ink is what stands out from the paper and belongs to these strokes; a speck is no digit.
    strength = _strength(colors, main, round(REACH * width) + 2, dark)
    noise = 1.48 * float(np.median(np.abs(strength - np.median(strength)))) + 0.7
    usual = float(np.percentile(strength[main], 70))
    kept = _digit(strength, max(FAINTEST * usual, 3 * noise), main)
    size = max(int(kept.any(axis).sum()) for axis in (0, 1))
    if size < SMALLEST * max(kept.shape):
        return nothing
    # A pen presses unevenly, and chalk in the shadow is no bright chalk.
    around = gaussian_blur(max_filter(gaussian_blur(np.where(kept, strength, 0), 1), size // 4), 4)
    share = strength / np.maximum(around, 0.5 * usual)
    # From a fifth of the strongest ink around, which is paper, to four fifths, which is ink.
    ink = np.where(ndimage.binary_dilation(kept), np.clip((share - 0.2) / 0.6, 0, 1), 0)
    return np.round(255 * ink).astype(np.uint8)


def _strength(colors: Floats, main: Mask, reach: int, dark: bool) -> Floats:
    """How much (H, W) each place differs from the paper around it, in the main strokes' color.

    So red ink is as strong as black, blue lines under it are weaker, and noise is less.
    """
    paper = closing(colors, reach)
    contrast = paper - colors
    if dark:
        # A shadow takes as much of the paper's light as of the ink's.
        contrast *= 255 / np.maximum(paper, 16)
    own = contrast[:, main].mean(1)
    strength: Floats = np.tensordot(own / max(float(np.linalg.norm(own)), 1e-9), contrast, 1)
    above: Floats = np.maximum(strength - np.median(strength), 0)
    return above


def _main(found: Strokes) -> tuple[Mask, float]:
    """The digit's strokes (H, W), at half the picture's size, and their width in its full size."""
    # What lies near the picture's border counts for nothing in the choice.
    height, width = found.mask.shape
    across, down = round(BORDER * width), round(BORDER * height)
    inner = np.zeros_like(found.weight)
    inner[down : height - down, across : width - across] = 1
    # Of what hangs together, the digit has the most, the sharpest and the narrowest outlines.
    pieces = connected_components(ndimage.binary_dilation(found.mask, iterations=TORN))
    boxes = pieces.boxes()
    at_border = (boxes[:, :2] <= 1).any(1) | (boxes[:, 2:] >= [height - 1, width - 1]).any(1)
    score = pieces.sums(found.weight * inner) * np.where(at_border, AT_BORDER, 1)
    mask = (pieces.labels == score.argmax()) & found.mask
    edge = mask & (found.weight > 0)
    if not score.any() or not edge.any():
        return np.zeros_like(mask), 0.0
    # The width that three fifths of its outlines, by steepness, do not exceed; what is more than
    # twice as wide is no stroke of the digit.
    widths, steep = found.width[edge], (found.weight * found.width)[edge]
    order = np.argsort(widths)
    steep_so_far = np.cumsum(steep[order])
    usual = float(widths[order][np.searchsorted(steep_so_far, 0.6 * steep_so_far[-1])])
    return mask & (found.width <= 2 * usual), 2 * usual


def _digit(strength: Floats, least: float, main: Mask) -> Mask:
    """Where (H, W) there is ink that belongs to the digit, of which `main` has been found."""
    inked = strength > least
    pieces = connected_components(inked)
    ink, found = pieces.sums(np.where(inked, strength, 0)), pieces.sums(main & inked)
    if not found.any():
        return np.zeros_like(inked)
    # The component with most of the main strokes, and how far the others are from its box.
    first, boxes = int(found.argmax()), pieces.boxes()
    top, left, bottom, right = boxes[first]
    gaps = [top - boxes[:, 2], boxes[:, 0] - bottom, left - boxes[:, 3], boxes[:, 1] - right]
    gap = np.max(gaps, 0) / max(bottom - top, right - left)
    # A stroke apart lies near, within the picture, and is about as large and as dark as ink is;
    # what has been found as a main stroke itself may be farther and fainter.
    whole = (boxes[:, :2] > 1).all(1) & (boxes[:, 2:] < np.array(inked.shape) - 1).all(1)
    density = ink / np.maximum(pieces.sums(inked), 1)
    apart = (gap < NEAR) & whole & (ink > SMALL * ink[first]) & (density > 0.6 * density[first])
    same = (gap < 2 * NEAR) & (found > 0.05 * found.sum()) & (density > 0.4 * density[first])
    kept: Mask = ((apart | same) & (np.arange(pieces.count + 1) > 0))[pieces.labels]
    return kept
