"""The printed box that a digit stands in, as on a form: a whole one, or what a crop left of it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from mnistlab.drawing.photo.decode import Colors
from mnistlab.drawing.photo.line_removal import local_contrast
from mnistlab.drawing.photo.morphology import Components, Floats, Mask, connected_components

SLIVER_DEPTH = 1 / 12
"""Fraction of the image's longer side: what is left of a line lies this close to the edge."""
SLIVER_CONTRAST = 16
"""Of 255: pixels of a line, and of its unsharp edge, differ this much from paper of one color."""
MAX_HALF_LINE = 0.05
"""Half the largest width of a box's lines, as a fraction of the image's shorter side."""
MIN_LINE_CONTRAST = 0.3
"""Of the strongest contrast; fainter lines are not taken for ink anyway."""
MIN_BOX = 0.3
"""Fraction of the image's sides that a box has at least."""
MIN_CONTENT = 0.3
"""Fraction of the root of the box's area that its content is long or wide at least."""
AREA_TOLERANCE = 0.15
"""A box differs this much, at most, in area from the quadrilateral through its corners."""
MIN_COVERED = 0.85
"""Fraction of each side of a box that is printed: noise leaves gaps."""
SAMPLES = 64
"""Points on each side of a box at which its line is looked for."""
SEARCH = 5
"""Pixels from a side within which its line begins: printed lines bend in a photo."""

Corners = NDArray[np.float64]


def without_slivers(image: Colors, paper: Colors) -> Colors:
    """An image (H, W, 3) of paper of one color, (3,), without the lines along its edges.

    They are thin components that touch an edge and stay close to the edges. If other ink touches
    two edges or more, the image was cut close around a digit, and they may be strokes of it.
    """
    height, width = image.shape[:2]
    differs = np.abs(image.astype(np.int16) - paper.astype(np.int16)).max(2) > SLIVER_CONTRAST
    components = connected_components(differs)
    labels = components.labels
    edges = [np.unique(edge) for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1])]
    # A component is thin if all of it lies within the band along the four edges.
    depth = round(SLIVER_DEPTH * max(height, width))
    down, across = min(depth, height // 4), min(depth, width // 4)
    deep = np.zeros(components.count + 1, np.bool_)
    deep[labels[down : height - down, across : width - across]] = True
    touching = np.zeros_like(deep)
    touching[np.concatenate(edges)] = True
    thin = touching & ~deep
    thin[0] = False
    n_cut = sum(bool((deep[edge] & (edge > 0)).any()) for edge in edges)
    if n_cut >= 2 or not thin.any():
        return image
    cleaned = image.copy()
    cleaned[ndimage.binary_dilation(thin[labels], iterations=2)] = paper
    return cleaned


def inside_of_box(gray: Floats) -> Mask | None:
    """The inside (H, W) of the printed box around a digit in an image (H, W), dark on light; None
    without a box.

    A box has four straight sides, and something in it that is large enough for a digit.
    """
    height, width = gray.shape
    # Ink, whatever the light.
    contrast = local_contrast(gray, round(MAX_HALF_LINE * min(height, width)))
    contrast -= np.median(contrast)
    noise = 1.48 * float(np.median(np.abs(contrast))) + 1.5
    strongest = float(np.percentile(contrast, 99.5))
    inked = contrast > max(MIN_LINE_CONTRAST * strongest, 4 * noise)
    components = connected_components(ndimage.binary_dilation(inked, iterations=1))
    # The smallest region with four corners, four printed sides and a content.
    found: list[tuple[float, Mask]] = []
    for region in _candidates(components):
        corners = _corners(region)
        area = _area(corners)
        if abs(region.sum() / max(area, 1.0) - 1) > AREA_TOLERANCE:
            continue
        thickness = _line_thickness(inked, corners)
        if thickness is None:
            continue
        inside = _shrunk(corners, thickness + 2, (height, width))
        rows, columns = np.nonzero(inside & inked)
        extent = max(np.ptp(rows), np.ptp(columns)) if len(rows) else 0
        if extent >= MIN_CONTENT * np.sqrt(area):
            found.append((area, inside))
    return min(found, key=lambda each: each[0])[1] if found else None


def _candidates(components: Components) -> Iterator[Mask]:
    """The filled components, and their filled holes, that are large enough for a box."""
    size = np.array(components.labels.shape)
    for label, box in enumerate(components.boxes()):
        if label == 0 or ((box[2:] - box[:2]) < MIN_BOX * size).any():
            continue
        component = components.labels == label
        filled = ndimage.binary_fill_holes(component)
        yield filled
        holes = connected_components(filled & ~component)
        for hole, corners in enumerate(holes.boxes()):
            if hole and ((corners[2:] - corners[:2]) >= MIN_BOX * size).all():
                yield ndimage.binary_fill_holes(holes.labels == hole)


def _corners(region: Mask) -> Corners:
    """The corners (4, 2), as x and y, of a region that is nearly an upright rectangle.

    They lie farthest in the diagonal directions, up to a rotation of 45°.
    """
    y, x = np.nonzero(region)
    places = [(x + y).argmin(), (y - x).argmin(), (x + y).argmax(), (y - x).argmax()]
    return np.array([(x[place], y[place]) for place in places], np.float64)


def _area(corners: Corners) -> float:
    """The area of a polygon with corners (N, 2): the shoelace formula (Meister, 1769)."""
    x, y = corners.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def _line_thickness(inked: Mask, corners: Corners) -> float | None:
    """How far the printed lines of a box reach inward from its sides; None if a side has none."""
    middle = corners.mean(0)
    height, width = inked.shape
    reach = []
    for start, end in zip(corners, np.roll(corners, -1, 0), strict=True):
        along = end - start
        inward = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
        inward *= np.sign(inward @ (middle - start))
        # Ink (samples, steps) at places from some pixels outside the side to well inside of it.
        steps = np.arange(-SEARCH, min(height, width) // 4)
        t = np.linspace(0.04, 0.96, SAMPLES)
        places = start + t[:, None, None] * along + steps[:, None] * inward
        column = np.clip(np.rint(places[..., 0]).astype(int), 0, width - 1)
        row = np.clip(np.rint(places[..., 1]).astype(int), 0, height - 1)
        ink = inked[row, column]
        # The line is the first ink of each sample; it must begin near the side.
        begins = ink[:, : 2 * SEARCH + 1].argmax(1)
        covered = ink[:, : 2 * SEARCH + 1].any(1)
        if covered.mean() < MIN_COVERED:
            return None
        after = ~ink & (np.arange(len(steps)) > begins[:, None])
        reach.append(float(np.percentile((after.argmax(1) - SEARCH)[covered], 75)))
    return max(max(reach), 0.0)


def _shrunk(corners: Corners, by: float, shape: tuple[int, int]) -> Mask:
    """The inside (H, W) of a box, `by` pixels from its sides."""
    image = Image.new("L", (shape[1], shape[0]))
    ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in corners], fill=1)
    mask = np.asarray(image) > 0
    # Nothing outside the image counts as inside.
    distance = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    inside: Mask = distance > by
    return inside
