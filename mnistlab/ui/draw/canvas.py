"""The canvas and its drawing, which survives a change of page and can be undone by stroke."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from mnistlab.drawing.digit import (
    DEFAULT_OPTIONS,
    PreparedDigit,
    PreprocessingOptions,
    digit_from_ink,
    ink_from_canvas,
)
from mnistlab.drawing.segmentation import Segment, segment_strokes
from mnistlab.drawing.strokes import (
    MAX_POINTS,
    Stroke,
    digit_from_strokes,
    render_preview,
    strokes_from_canvas,
)
from mnistlab.ui.draw import canvas_buttons

SIDE = 280
WIDE = 700
"""Width in pixels of the canvas for a number; `style.css` shrinks it on a narrower screen."""
BRUSH, FINE_BRUSH = 22, 12
"""Pixels; eight digits on the wide canvas are smaller than one."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawing, or a digit of it: strokes if they are known, and ink (H, W) if it has been sent.

    A drawing restored onto a new canvas has only strokes until the next stroke. The `width` of the
    canvas and that of the `brush` are in pixels. `segment`: where the digit is in a drawing of
    several.
    """

    strokes: list[list[list[float]]]
    ink: NDArray[np.uint8] | None
    width: int = SIDE
    brush: float = BRUSH
    segment: Segment | None = None

    def image(self) -> NDArray[np.uint8] | None:
        """The canvas as ink (H, W); None while it is empty."""
        if self.ink is not None:
            return self.ink if self.ink.any() else None
        if not self.strokes:
            return None
        return _ink(self.strokes, self.width, self.brush)

    def digit(self, options: PreprocessingOptions = DEFAULT_OPTIONS) -> PreparedDigit | None:
        """The preprocessed drawing; None if it is empty. Raises DigitError on too many points."""
        if self.strokes and (options.normalize_stroke_width or self.ink is None):
            strokes: list[Stroke] = [*self.strokes]
            return digit_from_strokes(strokes, options, self.width)
        return None if self.ink is None else digit_from_ink(self.ink, options)

    def digits(self) -> list["Drawing"]:
        """Each digit of a drawing of several, in reading order; otherwise the drawing itself.

        Raises DigitError on too many points.
        """
        segments = segment_strokes(self.strokes) if len(self.strokes) > 1 else []
        if len(segments) < 2:
            return [self]
        return [
            Drawing([self.strokes[n] for n in each.parts], None, self.width, self.brush, each)
            for each in segments
        ]


def show(new_page: bool, offer_number: bool = False) -> Drawing:
    """The canvas with its buttons; `new_page`: the canvas was not on the page before this run.

    `offer_number`: with a toggle for a wide canvas.
    """
    # Importing it registers its component with the running app.
    from streamlit_drawable_canvas import st_canvas

    state = st.session_state
    canvas_place = st.container()
    button_place = st.container(horizontal=True, vertical_alignment="center")
    with button_place:
        buttons = st.container(width="content")
        is_wide = offer_number and st.toggle(
            "Number",
            key="number",
            bind="query-params",
            help="A wide canvas for a number of up to eight digits.",
        )
    width, brush = (WIDE, FINE_BRUSH) if is_wide else (SIDE, BRUSH)
    if new_page or state.get("canvas_width") != width:
        # A canvas loses its strokes with its page. A new one has them as its background: as its
        # initial drawing, they would come back with the canvas' own Clear.
        state["canvas"] = state.get("canvas", 0) + 1
        state["canvas_width"] = width
        strokes = state.get("strokes", [])
        strokes = strokes if sum(map(len, strokes)) <= MAX_POINTS else []
        scale = _scale(strokes, width)
        state["restored"] = _scaled(strokes, scale) if scale != 1 else strokes
        # As thick as it was drawn.
        state["restored_brush"] = min(brush, state.get("drawn_brush", brush)) * scale
    with buttons:
        n_remaining = canvas_buttons.show(state["canvas"], len(state["restored"]))
    restored = state["restored"][:n_remaining]
    with canvas_place, st.container(key="wide_paper" if is_wide else "paper"):
        canvas = st_canvas(
            stroke_width=brush,
            stroke_color="#000000",
            background_image=_paper(restored, width, state["restored_brush"]),
            width=width,
            height=SIDE,
            return_image_data=True,
            key=f"canvas{state['canvas']}",
        )
    ink = None if canvas.image_data is None else ink_from_canvas(canvas.image_data)
    if ink is not None and restored:
        ink = np.maximum(ink, _ink(restored, width, state["restored_brush"]))
    state["strokes"] = [*restored, *strokes_from_canvas(canvas.json_data)]
    state["drawn_brush"] = state["restored_brush"] if restored else brush
    return Drawing(state["strokes"], ink, width, state["drawn_brush"])


def _scale(strokes: list[list[list[float]]], width: int) -> float:
    """By how much the strokes of a wider canvas have to be smaller to fit; 1 if they fit."""
    right = max((x for stroke in strokes for x, _ in stroke), default=0.0)
    return width / WIDE if right > width else 1.0


def _scaled(strokes: list[list[list[float]]], scale: float) -> list[list[list[float]]]:
    """Strokes smaller or larger, at the same height of the canvas."""
    middle = SIDE / 2
    return [[[x * scale, middle + (y - middle) * scale] for x, y in each] for each in strokes]


def _ink(strokes: list[list[list[float]]], width: int, brush: float) -> NDArray[np.uint8]:
    """Strokes as the canvas shows them, as ink (SIDE, width)."""
    lines = [np.asarray(stroke, np.float64) for stroke in strokes]
    return render_preview(lines, brush, width, SIDE)


def _paper(strokes: list[list[list[float]]], width: int, brush: float) -> Image.Image:
    """White paper with strokes."""
    if not strokes:
        return Image.new("L", (1, 1), 255)
    return Image.fromarray(255 - _ink(strokes, width, brush))
