"""The receptive-field ruler: what one unit of each layer sees of a digit, as SVG.

The digit and the ruler's rows share their horizontal scale, 28 pixels wide. A row's bar is what
the unit in the middle of that layer's map sees; its ticks stand where the layer's units look, one
jump apart.
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
class View:
    """The square of the input that one unit sees: first pixel and side, both may leave the input.

    Pixels are counted from 0; `start` is negative where padding is seen.
    """

    start: int
    side: int

    @property
    def inside(self) -> tuple[int, int]:
        """The first pixel and the pixel after the last that lie in the input."""
        return max(0, self.start), min(INPUT_SIZE, self.start + self.side)


def view(row: LayerSummary, unit: int | None = None) -> View:
    """What a unit sees along one axis; without a number the unit in the middle of the map."""
    place = (row.out_size - 1) // 2 if unit is None else unit
    return View(row.first_pixel + place * row.effective_stride, row.receptive_field)


def receptive_field_picture(
    result: NetworkSummary, chosen: str, digit: NDArray[np.uint8] | None
) -> Markup:
    """The digit (28, 28) with the chosen row's square on it, and every row's bar below."""
    rows = result.rows
    height = TOP + 22 + ROW * len(rows)
    parts = [_digit(digit)]
    row = next((row for row in rows if row.name == chosen), rows[0])
    parts.append(_square(view(row)))
    parts.append(_scale(TOP + 8))
    reach = next((r.name for r in rows if r.receptive_field >= INPUT_SIZE), None)
    for number, one in enumerate(rows):
        y = TOP + 22 + ROW * number
        parts.append(_row(one, y, one.name == row.name, one.name == reach))
    width = LABEL + INPUT_SIZE * PIXEL + RIGHT
    return fill(
        '<svg class="lab-ruler" viewBox="0 0 {} {}" role="group" '
        'aria-label="Receptive fields">{}</svg>',
        *(width, height, join(parts)),
    )


def _x(pixel: float) -> float:
    return LABEL + pixel * PIXEL


def _digit(digit: NDArray[np.uint8] | None) -> Markup:
    ground = fill('<rect x="{}" y="0" width="{}" height="{}" fill="#000"/>', LABEL, TOP, TOP)
    if digit is None:
        # A three drawn here: without MNIST there is no real one yet.
        return ground + fill(
            '<path d="M9 8C11 4.5 18 4.5 18.5 9C18.8 12 15.5 13.4 13 13.5'
            'C16.5 13.6 20 15 19.6 18.6C19 23.5 11 24 8.5 20" '
            'transform="translate({} 0) scale({})" fill="none" '
            'stroke="#fff" stroke-width="2.2" stroke-linecap="round"/>',
            *(LABEL, PIXEL),
        )
    return ground + pixelated(digit, LABEL, 0, TOP)


def pixelated(gray: NDArray[np.uint8], x: float, y: float, side: float) -> Markup:
    """A gray image (H, W) as a square SVG image at a place, its pixels sharp."""
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


def _square(seen: View) -> Markup:
    low, high = seen.inside
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


def _row(row: LayerSummary, y: float, chosen: bool, reach: bool) -> Markup:
    """A row's name, its bar, its units' places, and what it sees."""
    low, high = view(row).inside
    middle = y + ROW / 2
    ticks = "".join(
        f"M{_x(center):.1f} {middle - 3}v6" for center in _centers(row) if 0 <= center <= INPUT_SIZE
    )
    kinds = "lab-ruler-row" + " lab-chosen" * chosen + " lab-whole" * reach
    sees = f"sees {row.receptive_field}" + (" ✓" if reach else "")
    return fill(
        '<g class="{kinds}" data-layer="{name}" role="button" tabindex="0" '
        'aria-pressed="{pressed}" aria-label="{name} {sees}, effective stride {effective_stride}">'
        '<rect class="lab-hit" x="0" y="{y}" width="100%" height="{row}"/>'
        '<text x="{label}" y="{base}" text-anchor="end">{name}</text>'
        '<rect class="lab-view" x="{x}" y="{top}" width="{width}" height="12" rx="2"/>'
        '<path class="lab-units" d="{ticks}"/><text x="{right}" y="{base}">{sees}</text></g>',
        kinds=kinds,
        name=row.name,
        pressed=str(chosen).lower(),
        sees=sees,
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
    """Where along one axis a row's units look: the middles of their views, in input pixels."""
    return [
        row.first_pixel + unit * row.effective_stride + row.receptive_field / 2
        for unit in range(row.out_size)
    ]
