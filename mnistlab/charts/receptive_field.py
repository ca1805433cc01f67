"""The receptive field of each layer's center unit, over an image, as SVG.

The image and the layers' bars share a horizontal scale of 28 pixels. A bar is the receptive field
of the center unit of that layer's map; ticks mark the centers of all its units, one effective
stride apart.
"""

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistlab.arch.spec import INPUT_SIZE
from mnistlab.arch.summary import LayerSummary, NetworkSummary
from mnistlab.markup import Markup, fill, join

PIXEL = 10
LABEL = 96
RIGHT = 70
ROW = 21
TOP = INPUT_SIZE * PIXEL


@dataclass(frozen=True)
class Field:
    """One unit's receptive field along one axis: first pixel and width.

    Pixels count from 0; it may extend beyond the image, where it covers padding.
    """

    first_pixel: int
    width: int

    @property
    def inside(self) -> tuple[int, int]:
        """The first pixel inside the image, and the one after the last."""
        return max(0, self.first_pixel), min(INPUT_SIZE, self.first_pixel + self.width)


def unit_field(row: LayerSummary, unit: int | None = None) -> Field:
    """The receptive field of a unit along one axis; by default of the map's center unit."""
    index = (row.out_size - 1) // 2 if unit is None else unit
    return Field(row.first_pixel + index * row.effective_stride, row.receptive_field)


def receptive_field_picture(
    result: NetworkSummary, selected: str, image: NDArray[np.uint8] | None
) -> Markup:
    """An image (28, 28) with the selected layer's receptive field, and a bar per layer below."""
    rows = result.rows
    height = TOP + 22 + ROW * len(rows)
    parts = [_image(image)]
    row = next((row for row in rows if row.name == selected), rows[0])
    parts.append(_square(unit_field(row)))
    parts.append(_scale(TOP + 8))
    covering = next((r.name for r in rows if r.receptive_field >= INPUT_SIZE), None)
    for index, one in enumerate(rows):
        y = TOP + 22 + ROW * index
        parts.append(_row(one, y, one.name == row.name, one.name == covering))
    width = LABEL + INPUT_SIZE * PIXEL + RIGHT
    return fill(
        '<svg class="lab-ruler" viewBox="0 0 {} {}" role="group" '
        'aria-label="Receptive fields">{}</svg>',
        *(width, height, join(parts)),
    )


def _x(pixel: float) -> float:
    return LABEL + pixel * PIXEL


def _image(image: NDArray[np.uint8] | None) -> Markup:
    background = fill('<rect x="{}" y="0" width="{}" height="{}" fill="#000"/>', LABEL, TOP, TOP)
    if image is None:
        # A sketch of a 3, until MNIST is downloaded.
        return background + fill(
            '<path d="M9 8C11 4.5 18 4.5 18.5 9C18.8 12 15.5 13.4 13 13.5'
            'C16.5 13.6 20 15 19.6 18.6C19 23.5 11 24 8.5 20" '
            'transform="translate({} 0) scale({})" fill="none" '
            'stroke="#fff" stroke-width="2.2" stroke-linecap="round"/>',
            *(LABEL, PIXEL),
        )
    return background + pixelated(image, LABEL, 0, TOP)


def pixelated(gray: NDArray[np.uint8], x: float, y: float, side: float) -> Markup:
    """A gray image (H, W) as a square SVG image at (x, y), without interpolation."""
    out = io.BytesIO()
    Image.fromarray(gray).save(out, "PNG")
    return fill(
        '<image x="{:g}" y="{:g}" width="{}" height="{}" preserveAspectRatio="none" '
        'style="image-rendering:pixelated" href="data:image/png;base64,{}"/>',
        x,
        y,
        side,
        side,
        base64.b64encode(out.getvalue()).decode("ascii"),
    )


def _square(field: Field) -> Markup:
    low, high = field.inside
    x, y, side = _x(low), low * PIXEL, (high - low) * PIXEL
    return fill(
        '<path class="lab-unseen" fill-rule="evenodd" d="M{} 0h{}v{}h-{}z{}"/>'
        '<rect class="lab-seen" x="{}" y="{}" width="{}" height="{}"/>',
        *(LABEL, TOP, TOP, TOP, f"M{x} {y}h{side}v{side}h-{side}z"),
        *(x + 1, y + 1, side - 2, side - 2),
    )


def _scale(y: float) -> Markup:
    mark = '<text class="lab-tick" x="{}" y="{}" text-anchor="middle">{}</text>'
    return join(fill(mark, _x(pixel), y + 6, pixel) for pixel in range(0, INPUT_SIZE + 1, 7))


def _row(row: LayerSummary, y: float, selected: bool, covers: bool) -> Markup:
    """A layer's name, bar, unit centers and receptive field; marked if it is the first to cover
    the image.
    """
    low, high = unit_field(row).inside
    middle = y + ROW / 2
    ticks = "".join(
        f"M{_x(center):.1f} {middle - 3}v6" for center in _centers(row) if 0 <= center <= INPUT_SIZE
    )
    kinds = "lab-ruler-row" + " lab-chosen" * selected + " lab-whole" * covers
    size = f"{row.receptive_field} px" + (" ✓" if covers else "")
    return fill(
        '<g class="{kinds}" data-part="{name}" role="button" tabindex="0" '
        'aria-pressed="{pressed}" aria-label="{name} {size}, effective stride {effective_stride}">'
        '<rect class="lab-hit" x="0" y="{y}" width="100%" height="{row}"/>'
        '<text x="{label}" y="{base}" text-anchor="end">{name}</text>'
        '<rect class="lab-view" x="{x}" y="{top}" width="{width}" height="12" rx="2"/>'
        '<path class="lab-units" d="{ticks}"/><text x="{right}" y="{base}">{size}</text></g>',
        kinds=kinds,
        name=row.name,
        pressed=str(selected).lower(),
        size=size,
        effective_stride=row.effective_stride,
        y=y,
        row=ROW,
        label=LABEL - 8,
        base=middle + 4,
        x=_x(low),
        top=middle - 6,
        width=(high - low) * PIXEL,
        ticks=ticks,
        right=_x(INPUT_SIZE) + 8,
    )


def _centers(row: LayerSummary) -> list[float]:
    """The centers of a layer's units along one axis, in image pixels."""
    return [
        row.first_pixel + unit * row.effective_stride + row.receptive_field / 2
        for unit in range(row.out_size)
    ]
