"""Feature maps as images and SVG, and the receptive field of one of their units."""

import numpy as np
from numpy.typing import NDArray

from mnistlab.arch.spec import INPUT_SIZE
from mnistlab.arch.summary import LayerSummary
from mnistlab.charts.receptive_field import pixelated, unit_field
from mnistlab.markup import Markup, fill, join

PIXEL = 9
SIDE = INPUT_SIZE * PIXEL
MAP = 76
"""Side of a map in the SVG, whatever its resolution."""
GAP = 8
COLUMNS = 8


def grayscale(maps: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
    """Feature maps (C, H, W) as gray images (H, W) of one scale; black is 0, or a lower minimum."""
    low, high = min(0.0, float(maps.min())), float(maps.max())
    scaled = (maps - low) / max(high - low, 1e-9) * 255
    return list(scaled.round().astype(np.uint8))


def receptive_field_of_unit(
    drawing: NDArray[np.uint8], row: LayerSummary, unit: tuple[int, int]
) -> Markup:
    """The drawing (28, 28) with the receptive field of a unit (row, column of its map).

    A click selects the unit whose receptive field has its center there.
    """
    # The receptive field in pixels, cut off at the image's borders, then in SVG units.
    top, left = (unit_field(row, position) for position in unit)
    (y0, y1), (x0, x1) = top.inside, left.inside
    x, y, width, height = (PIXEL * n for n in (x0, y0, x1 - x0, y1 - y0))
    # A path of two rectangles, filled between them: everything outside the field is dimmed.
    frame = fill(
        '<path class="lab-unseen" fill-rule="evenodd" d="M0 0h{}v{}h-{}z{}"/>'
        '<rect class="lab-seen" x="{}" y="{}" width="{}" height="{}"/>',
        *(SIDE, SIDE, SIDE, f"M{x} {y}h{width}v{height}h-{width}z"),
        *(x + 1, y + 1, width - 2, height - 2),
    )
    # A clickable square for each unit, as wide as the effective stride, so that they do not
    # overlap; each is centered on its unit's receptive field.
    step = row.effective_stride * PIXEL
    first = (row.first_pixel + row.receptive_field / 2) * PIXEL - step / 2
    hit = '<rect class="lab-hit" data-part="{}:{}" x="{:g}" y="{:g}" width="{}" height="{}"/>'
    units = join(
        fill(hit, i, j, first + j * step, first + i * step, step, step)
        for i in range(row.out_size)
        for j in range(row.out_size)
    )
    return fill(
        '<svg class="lab-seeing" viewBox="0 0 {} {}" role="img" aria-label="Unit at '
        'row {}, column {}: receptive field of {} by {} pixels">{}{}{}</svg>',
        *(SIDE, SIDE, *unit, x1 - x0, y1 - y0),
        *(pixelated(drawing, 0, 0, SIDE), frame, units),
    )


def layer_maps(maps: NDArray[np.float32], unit: tuple[int, int]) -> Markup:
    """All feature maps (C, H, W) of a layer, with one unit (row, column) outlined in each."""
    # A grid of maps; the last row and column have no gap after them.
    count, size = len(maps), maps.shape[-1]
    columns = min(COLUMNS, count)
    width = columns * (MAP + GAP) - GAP
    height = -(-count // columns) * (MAP + GAP) - GAP
    # The side of a unit in SVG units: maps of every resolution are drawn equally large.
    cell = MAP / size
    parts = []
    for number, gray in enumerate(grayscale(maps)):
        x, y = (number % columns) * (MAP + GAP), (number // columns) * (MAP + GAP)
        parts.append(pixelated(gray, x, y, MAP))
        parts.append(
            fill(
                '<rect class="lab-seen" x="{:g}" y="{:g}" width="{:g}" height="{:g}"/>',
                *(x + unit[1] * cell, y + unit[0] * cell, cell, cell),
            )
        )
    return fill(
        '<svg class="lab-layer" viewBox="-2 -2 {} {}" style="max-width:{}px" '
        'role="img" aria-label="{} feature maps of {} by {}">{}</svg>',
        *(width + 4, height + 4, width, count, size, size, join(parts)),
    )
