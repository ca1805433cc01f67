"""The digits in a photo of several: ink like that of the main digit, segmented and read one by one.

`drawing.photo` finds one digit in a picture. Here its ink says what the others look like: their
connected components are segmented (`drawing.segmentation`), and each digit, alone in a crop of the
picture, goes the way of a photo of one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.photo.decode import Colors, decode_image
from mnistlab.drawing.photo.ink import BLUR, SIDE, find_ink
from mnistlab.drawing.photo.line_removal import remove_ruled_lines
from mnistlab.drawing.photo.morphology import (
    Floats,
    Mask,
    closing,
    connected_components,
    gaussian_blur,
)
from mnistlab.drawing.photo.photo import Photo, read_photo
from mnistlab.drawing.photo.stroke_width import normalize_stroke_width
from mnistlab.drawing.segmentation import MAX_PARTS, Segment, segment
from mnistlab.pen.raster import GrayImage

MIN_CONTRAST = 0.45
"""Of the main digit's median contrast; fainter pixels are no ink."""
MIN_DENSITY = 0.65
"""Of the main digit's mean contrast; a fainter component is a shadow or a printed line."""
MAX_WIDTH = 2.2
"""Of the main digit's stroke width."""
SIZES = (0.4, 2.0)
"""Of the main digit's height: bounds of the other digits' heights."""
MIN_PART = 0.15
"""Of the main digit's height; a smaller component is a speck."""
CORE = 1.1
"""Of the mean depth: pixels that are as far from the paper are in the middle of a stroke."""
MARGIN = 0.5
"""Paper around a digit in its crop, of the digit's longer side."""
CROP_SIDE = 96
"""Pixels of a digit's longer side in its crop, if the file has as many."""
MAX_SIDE = 1536
"""Longer side in pixels of the picture that crops are taken from."""
MAX_DIGITS = 100
"""Digits of a photo; each takes as long as a photo of one."""


@dataclass(frozen=True, eq=False)
class PhotoDigit:
    """A digit of a photo: its ink, scaled to MNIST's stroke width, and its place in the photo."""

    ink: GrayImage
    segment: Segment


@dataclass(frozen=True, eq=False)
class PhotoDigits:
    """A photo, and its digits in reading order if they are several; otherwise none."""

    photo: Photo
    digits: list[PhotoDigit]


def read_digits(content: bytes) -> PhotoDigits:
    """Read an image file of one digit or several.

    Raises DigitError if there is none, or if there are more than MAX_DIGITS.
    """
    photo = read_photo(content)
    # MNIST's images are of one digit each, also one whose strokes are apart.
    if photo.is_unchanged:
        return PhotoDigits(photo, [])
    found = find_components(photo.pixels, photo.ink_as_found)
    segments = digits_like_main(found) if found else []
    if len(segments) > MAX_DIGITS:
        raise DigitError(
            f"The image has {len(segments)} digits; the limit is {MAX_DIGITS}. Crop the image."
        )
    digits = _crops(content, photo, found, segments) if found and len(segments) > 1 else []
    return PhotoDigits(photo, digits if len(digits) > 1 else [])


@dataclass(frozen=True, eq=False)
class InkComponents:
    """Components of ink: `labels` (H, W), 0 for paper; the numbers of those that may be digits.

    `main`: of each of them, how many of its pixels are the main digit's. `boxes` (N, 4): each one's
    left, top, right and bottom. `depth` (H, W): each pixel's distance to the paper. `height`: the
    main digit's, in pixels.
    """

    labels: NDArray[np.int32]
    numbers: list[int]
    main: list[int]
    boxes: NDArray[np.int64]
    depth: NDArray[np.float64]
    height: int


def find_components(pixels: Colors, main_ink: GrayImage) -> InkComponents | None:
    """The ink in a picture (H, W, 3) that is like the main digit's (H, W), which is as `find_ink`
    finds it; None if there is no other, or too little of the main digit's.
    """
    ink = main_ink > 127
    rows = np.flatnonzero(ink.any(1))
    if not len(rows):
        return None
    height = int(rows[-1] - rows[0]) + 1
    pixels = pixels[: ink.shape[0], : ink.shape[1]]
    contrast = _contrast(pixels, ink)
    # As strong as the main digit, which is above the noise.
    noise = 1.48 * float(np.median(np.abs(contrast - np.median(contrast))))
    typical = float(np.median(contrast[ink]))
    mask = contrast > max(MIN_CONTRAST * typical, 4 * noise)
    components = connected_components(mask)
    if components.count < 2:
        return None
    boxes, area = components.boxes(), np.maximum(components.sums(mask), 1)
    sizes = boxes[:, 2:] - boxes[:, :2]
    inside = (boxes[:, :2] > 1).all(1) & (boxes[:, 2:] < np.array(mask.shape) - 1).all(1)
    # The mean distance of a stroke's pixels to the paper is a quarter of its width.
    depth = ndimage.distance_transform_edt(mask)
    width = components.sums(depth) / area
    density = components.sums(np.where(mask, contrast, 0)) / area
    own = ink & mask
    if not own.any():
        return None
    main = components.sums(own)
    is_like_main = (
        (sizes.max(1) >= MIN_PART * height)
        & (sizes.max(1) <= SIZES[1] * height)
        & (width <= MAX_WIDTH * depth[own].mean())
        & (density >= MIN_DENSITY * contrast[own].mean())
    )
    chosen = (inside & is_like_main) | (main > 0.5 * area)
    chosen[0] = False
    numbers = np.flatnonzero(chosen)
    return InkComponents(
        components.labels,
        numbers.tolist(),
        main[numbers].astype(int).tolist(),
        boxes[numbers][:, [1, 0, 3, 2]],
        depth,
        height,
    )


def _contrast(pixels: Colors, ink: Mask) -> Floats:
    """How much darker, or lighter if the main ink is, each pixel (H, W) is than the paper there."""
    around = ndimage.binary_dilation(ink, iterations=4) & ~ndimage.binary_dilation(ink)
    gray = pixels.mean(2)
    dark = gray[ink].mean() < gray[around].mean() if around.any() else True
    colors = gaussian_blur(pixels.transpose(2, 0, 1).astype(np.float32), BLUR)
    without_lines = remove_ruled_lines(colors if dark else 255 - colors).mean(0)
    # Paper is what remains when strokes are closed; a shadow dims both by the same factor.
    reach = 2 + round(3.2 * float(ndimage.distance_transform_edt(ink)[ink].mean()))
    paper = closing(without_lines, reach)
    contrast: Floats = (paper - without_lines) * (255 / np.maximum(paper, 16) if dark else 1)
    return contrast


def digits_like_main(found: InkComponents) -> list[Segment]:
    """The segments of the components that are about as high as the main digit.

    The parts are places in `found.numbers`.
    """
    # Of more parts `segment` would make one digit.
    if not 2 <= len(found.numbers) <= MAX_PARTS:
        return []
    # The middle of strokes: between edges, digits written with a thick pen would seem to touch.
    parts = []
    for number, (left, top, right, bottom) in zip(found.numbers, found.boxes.tolist(), strict=True):
        box = slice(top, bottom), slice(left, right)
        own, depth = found.labels[box] == number, found.depth[box]
        least = min(CORE * depth[own].mean(), depth[own].max())
        y, x = np.nonzero(own & (depth >= least))
        parts.append(np.stack([x + left, y + top], 1).astype(np.float64))
    digits = []
    for each in segment(parts):
        boxes = found.boxes[list(each.parts)]
        left, top = boxes[:, :2].min(0).tolist()
        right, bottom = boxes[:, 2:].max(0).tolist()
        is_main = any(found.main[part] for part in each.parts)
        if is_main or SIZES[0] * found.height <= bottom - top <= SIZES[1] * found.height:
            digits.append(Segment(each.parts, (left, top, right, bottom), each.line))
    return digits


def _crops(
    content: bytes, photo: Photo, found: InkComponents, segments: list[Segment]
) -> list[PhotoDigit]:
    """Each segment's digit, from a crop without the others; what turns out to be none is omitted.

    Crops are taken from a larger picture than the photo's, in which the segments were found.
    """
    longer = [max(s.box[2] - s.box[0], s.box[3] - s.box[1]) for s in segments]
    wanted = max(photo.pixels.shape[:2]) * CROP_SIDE / float(np.median(longer))
    side = round(min(max(wanted, SIDE), MAX_SIDE))
    # What is missing of a truncated file is cropped at each size on its own: no scale would fit.
    is_larger = side > SIDE and not photo.is_truncated
    large = decode_image(content, side).pixels if is_larger else photo.pixels
    # The shorter side of a strip is rounded to few pixels, so each axis has its own scale.
    down, across = (large.shape[axis] / photo.pixels.shape[axis] for axis in (0, 1))
    height, width = found.labels.shape
    digits = []
    for each, length in zip(segments, longer, strict=True):
        left, top, right, bottom = each.box
        margin = round(MARGIN * length)
        x = slice(max(0, int(left) - margin), min(width, int(right) + margin))
        y = slice(max(0, int(top) - margin), min(height, int(bottom) + margin))
        # The ink of the others, and some pixels of their edges.
        labels = found.labels[y, x]
        own = np.isin(labels, [found.numbers[part] for part in each.parts])
        others = ndimage.binary_dilation((labels > 0) & ~own, iterations=3)
        others &= ~ndimage.binary_dilation(own, iterations=2)
        crop = large[
            round(y.start * down) : round(y.stop * down),
            round(x.start * across) : round(x.stop * across),
        ]
        mask = np.asarray(Image.fromarray(others).resize(crop.shape[1::-1]))
        try:
            ink = find_ink(_without(crop, mask))
        except DigitError:
            continue
        digits.append(PhotoDigit(normalize_stroke_width(ink), each))
    return digits


def _without(crop: Colors, mask: Mask) -> Colors:
    """A picture (H, W, 3) whose masked pixels have the color of the nearest unmasked one."""
    if not mask.any() or mask.all():
        return crop
    nearest = ndimage.distance_transform_edt(mask, return_distances=False, return_indices=True)
    filled: Colors = crop[nearest[0], nearest[1]]
    return filled
