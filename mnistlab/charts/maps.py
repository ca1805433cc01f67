"""The maps of a layer beside the drawing, with what one unit of them sees, as SVG and pictures."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistlab.arch.ledger import Row
from mnistlab.arch.spec import INPUT_SIZE
from mnistlab.charts.ruler import view

PIXEL = 9
SIDE = INPUT_SIZE * PIXEL
MAP = 76
"""Side of a map in the picture, whatever its size."""
GAP = 8
COLUMNS = 8


def greys(maps: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
    """Maps (C, H, W) as grey pictures (H, W) of one scale: black for the least, or for 0."""
    low, high = min(0.0, float(maps.min())), float(maps.max())
    scaled = (maps - low) / max(high - low, 1e-9) * 255
    return list(scaled.round().astype(np.uint8))


def seen(drawing: NDArray[np.uint8], row: Row, place: tuple[int, int]) -> str:
    """The drawing (28, 28) with the square that a unit (row, column of its map) sees; every unit
    can be chosen by a click where it looks.
    """
    top, left = (view(row, unit) for unit in place)
    (y0, y1), (x0, x1) = top.inside, left.inside
    frame = (
        f'<path class="lab-unseen" fill-rule="evenodd" d="M0 0h{SIDE}v{SIDE}h-{SIDE}z'
        f"M{x0 * PIXEL} {y0 * PIXEL}h{(x1 - x0) * PIXEL}v{(y1 - y0) * PIXEL}"
        f'h-{(x1 - x0) * PIXEL}z"/><rect class="lab-seen" x="{x0 * PIXEL + 1}" '
        f'y="{y0 * PIXEL + 1}" width="{(x1 - x0) * PIXEL - 2}" height="{(y1 - y0) * PIXEL - 2}"/>'
    )
    step = row.jump * PIXEL
    first = (row.start + row.receptive_field / 2) * PIXEL - step / 2
    units = "".join(
        f'<rect class="lab-hit" data-layer="{y}:{x}" x="{first + x * step:g}" '
        f'y="{first + y * step:g}" width="{step}" height="{step}"/>'
        for y in range(row.out_size)
        for x in range(row.out_size)
    )
    return (
        f'<svg class="lab-seeing" viewBox="0 0 {SIDE} {SIDE}" role="img" aria-label="The unit at '
        f'row {place[0]}, column {place[1]} sees {x1 - x0} by {y1 - y0} pixels of the drawing">'
        f"{_image(drawing, 0, 0, SIDE)}{frame}{units}</svg>"
    )


def layer(maps: NDArray[np.float32], place: tuple[int, int]) -> str:
    """All maps (C, H, W) of a layer, the unit at `place` marked in each."""
    count, size = len(maps), maps.shape[-1]
    columns = min(COLUMNS, count)
    wide = columns * (MAP + GAP) - GAP
    tall = -(-count // columns) * (MAP + GAP) - GAP
    cell = MAP / size
    parts = []
    for number, grey in enumerate(greys(maps)):
        x, y = (number % columns) * (MAP + GAP), (number // columns) * (MAP + GAP)
        parts.append(_image(grey, x, y, MAP))
        parts.append(
            f'<rect class="lab-seen" x="{x + place[1] * cell:g}" y="{y + place[0] * cell:g}" '
            f'width="{cell:g}" height="{cell:g}"/>'
        )
    return (
        f'<svg class="lab-layer" viewBox="-2 -2 {wide + 4} {tall + 4}" style="max-width:{wide}px" '
        f'role="img" aria-label="{count} maps of {size} by {size}">{"".join(parts)}</svg>'
    )


def _image(grey: NDArray[np.uint8], x: float, y: float, side: float) -> str:
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG")
    data = base64.b64encode(out.getvalue()).decode("ascii")
    return (
        f'<image x="{x:g}" y="{y:g}" width="{side}" height="{side}" preserveAspectRatio="none" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>'
    )
