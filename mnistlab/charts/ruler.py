"""The receptive-field ruler: what one unit of each layer sees of a digit, as SVG.

The digit and the ruler's rows share their horizontal scale, 28 pixels wide. A row's bar is what
the unit in the middle of that layer's map sees; its ticks stand where the layer's units look, one
jump apart.
"""

import base64
import io
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistlab.arch.ledger import Ledger, Row
from mnistlab.arch.spec import INPUT_SIZE

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


def view(row: Row, unit: int | None = None) -> View:
    """What a unit sees along one axis; without a number the unit in the middle of the map."""
    place = (row.out_size - 1) // 2 if unit is None else unit
    return View(row.start + place * row.jump, row.receptive_field)


def ruler(result: Ledger, chosen: str, digit: NDArray[np.uint8] | None) -> str:
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
    return (
        f'<svg class="lab-ruler" viewBox="0 0 {width} {height}" role="group" '
        f'aria-label="Receptive fields">{"".join(parts)}</svg>'
    )


def _x(pixel: float) -> float:
    return LABEL + pixel * PIXEL


def _digit(digit: NDArray[np.uint8] | None) -> str:
    side = INPUT_SIZE * PIXEL
    ground = f'<rect x="{LABEL}" y="0" width="{side}" height="{side}" fill="#000"/>'
    if digit is None:
        # A three drawn here: without MNIST there is no real one yet.
        path = (
            "M9 8C11 4.5 18 4.5 18.5 9C18.8 12 15.5 13.4 13 13.5"
            "C16.5 13.6 20 15 19.6 18.6C19 23.5 11 24 8.5 20"
        )
        return ground + (
            f'<path d="{path}" transform="translate({LABEL} 0) scale({PIXEL})" fill="none" '
            'stroke="#fff" stroke-width="2.2" stroke-linecap="round"/>'
        )
    out = io.BytesIO()
    Image.fromarray(digit).save(out, "PNG")
    data = base64.b64encode(out.getvalue()).decode("ascii")
    return ground + (
        f'<image x="{LABEL}" y="0" width="{side}" height="{side}" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>'
    )


def _square(seen: View) -> str:
    low, high = seen.inside
    side = (high - low) * PIXEL
    shade = (
        f'<path class="lab-unseen" fill-rule="evenodd" d="M{LABEL} 0h{TOP}v{TOP}h-{TOP}z'
        f'M{_x(low)} {low * PIXEL}h{side}v{side}h-{side}z"/>'
    )
    return shade + (
        f'<rect class="lab-seen" x="{_x(low) + 1}" y="{low * PIXEL + 1}" '
        f'width="{side - 2}" height="{side - 2}"/>'
    )


def _scale(y: float) -> str:
    marks = (
        f'<text class="lab-tick" x="{_x(pixel)}" y="{y + 6}" text-anchor="middle">{pixel}</text>'
        for pixel in range(0, INPUT_SIZE + 1, 7)
    )
    return "".join(marks)


def _row(row: Row, y: float, chosen: bool, reach: bool) -> str:
    """A row's name, its bar, its units' places, and what it sees."""
    low, high = view(row).inside
    middle = y + ROW / 2
    ticks = "".join(
        f"M{_x(centre):.1f} {middle - 3}v6" for centre in _centres(row) if 0 <= centre <= INPUT_SIZE
    )
    kinds = "lab-ruler-row" + " lab-chosen" * chosen + " lab-whole" * reach
    sees = f"sees {row.receptive_field}" + (" ✓" if reach else "")
    return (
        f'<g class="{kinds}" data-layer="{escape(row.name)}" role="button" tabindex="0" '
        f'aria-pressed="{str(chosen).lower()}" aria-label="{escape(row.name)} {sees}, '
        f'jump {row.jump}"><rect class="lab-hit" x="0" y="{y}" width="100%" height="{ROW}"/>'
        f'<text x="{LABEL - 8}" y="{middle + 4}" text-anchor="end">{escape(row.name)}</text>'
        f'<rect class="lab-view" x="{_x(low)}" y="{middle - 6}" '
        f'width="{(high - low) * PIXEL}" height="12" rx="2"/>'
        f'<path class="lab-units" d="{ticks}"/>'
        f'<text x="{_x(INPUT_SIZE) + 8}" y="{middle + 4}">{sees}</text></g>'
    )


def _centres(row: Row) -> list[float]:
    """Where along one axis a row's units look: the middles of their views, in input pixels."""
    return [row.start + unit * row.jump + row.receptive_field / 2 for unit in range(row.out_size)]
