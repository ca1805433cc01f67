"""The maps of a layer beside the drawing, with what one unit of them sees, as SVG and pictures."""

import numpy as np
from numpy.typing import NDArray

from mnistlab.arch.spec import INPUT_SIZE
from mnistlab.arch.summary import LayerSummary
from mnistlab.charts.receptive_field import pixelated, unit_field
from mnistlab.markup import Markup, fill, join

PIXEL = 9
SIDE = INPUT_SIZE * PIXEL
MAP = 76
"""Side of a map in the picture, whatever its size."""
GAP = 8
COLUMNS = 8


def grays(maps: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
    """Maps (C, H, W) as gray pictures (H, W) of one scale: black for the least, or for 0."""
    low, high = min(0.0, float(maps.min())), float(maps.max())
    scaled = (maps - low) / max(high - low, 1e-9) * 255
    return list(scaled.round().astype(np.uint8))


def seen(drawing: NDArray[np.uint8], row: LayerSummary, place: tuple[int, int]) -> Markup:
    """The drawing (28, 28) with the square that a unit (row, column of its map) sees; every unit
    can be chosen by a click where it looks.
    """
    top, left = (unit_field(row, unit) for unit in place)
    (y0, y1), (x0, x1) = top.inside, left.inside
    x, y, width, height = (PIXEL * n for n in (x0, y0, x1 - x0, y1 - y0))
    frame = fill(
        '<path class="lab-unseen" fill-rule="evenodd" d="M0 0h{}v{}h-{}z{}"/>'
        '<rect class="lab-seen" x="{}" y="{}" width="{}" height="{}"/>',
        *(SIDE, SIDE, SIDE, f"M{x} {y}h{width}v{height}h-{width}z"),
        *(x + 1, y + 1, width - 2, height - 2),
    )
    step = row.effective_stride * PIXEL
    first = (row.first_pixel + row.receptive_field / 2) * PIXEL - step / 2
    hit = '<rect class="lab-hit" data-layer="{}:{}" x="{:g}" y="{:g}" width="{}" height="{}"/>'
    units = join(
        fill(hit, down, along, first + along * step, first + down * step, step, step)
        for down in range(row.out_size)
        for along in range(row.out_size)
    )
    return fill(
        '<svg class="lab-seeing" viewBox="0 0 {} {}" role="img" aria-label="The unit at '
        'row {}, column {} sees {} by {} pixels of the drawing">{}{}{}</svg>',
        *(SIDE, SIDE, *place, x1 - x0, y1 - y0),
        *(pixelated(drawing, 0, 0, SIDE), frame, units),
    )


def layer(maps: NDArray[np.float32], place: tuple[int, int]) -> Markup:
    """All maps (C, H, W) of a layer, the unit at `place` marked in each."""
    count, size = len(maps), maps.shape[-1]
    columns = min(COLUMNS, count)
    wide = columns * (MAP + GAP) - GAP
    tall = -(-count // columns) * (MAP + GAP) - GAP
    cell = MAP / size
    parts = []
    for number, gray in enumerate(grays(maps)):
        x, y = (number % columns) * (MAP + GAP), (number // columns) * (MAP + GAP)
        parts.append(pixelated(gray, x, y, MAP))
        parts.append(
            fill(
                '<rect class="lab-seen" x="{:g}" y="{:g}" width="{:g}" height="{:g}"/>',
                *(x + place[1] * cell, y + place[0] * cell, cell, cell),
            )
        )
    return fill(
        '<svg class="lab-layer" viewBox="-2 -2 {} {}" style="max-width:{}px" '
        'role="img" aria-label="{} maps of {} by {}">{}</svg>',
        *(wide + 4, tall + 4, wide, count, size, size, join(parts)),
    )
