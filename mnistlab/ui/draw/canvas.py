"""The canvas and its drawing, which survives a change of page and a reload and can be undone by
stroke.
"""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from mnistlab.drawing.canvas_message import check_canvas, picture_ink
from mnistlab.drawing.digit import (
    DEFAULT_OPTIONS,
    DigitError,
    PreparedDigit,
    PreprocessingOptions,
    digit_from_ink,
)
from mnistlab.drawing.segmentation import Segment, segment_strokes
from mnistlab.drawing.strokes import (
    MAX_POINTS,
    Stroke,
    digit_from_strokes,
    render_preview,
    stroke_lines,
    strokes_from_canvas,
)
from mnistlab.ui.common import page, stored_drawing
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
    canvas that the strokes were drawn on, that of the `brush` there, and that of the canvas where
    they are shown now are in pixels. `segment`: where the digit is in a drawing of several.
    """

    strokes: list[list[list[float]]]
    ink: NDArray[np.uint8] | None
    width: int = SIDE
    brush: float = BRUSH
    segment: Segment | None = None
    shown_width: int = SIDE

    def shown(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the strokes is on the canvas that shows them."""
        scale = _scale(self.width, self.shown_width)
        return x * scale, SIDE / 2 + (y - SIDE / 2) * scale

    def image(self) -> NDArray[np.uint8] | None:
        """The canvas as ink (H, W); None while it is empty."""
        if self.ink is not None:
            return self.ink if self.ink.any() else None
        if not self.strokes:
            return None
        return _ink(self.strokes, self.width, self.brush)

    def digit(self, options: PreprocessingOptions = DEFAULT_OPTIONS) -> PreparedDigit | None:
        """The preprocessed drawing; None if it is empty. Raises DigitError on too many points."""
        strokes: list[Stroke] = [*self.strokes]
        if strokes and options.normalize_stroke_width:
            return digit_from_strokes(strokes, options, self.width)
        stroke_lines(strokes)  # rendering too many points would take minutes
        ink = self.image()
        return None if ink is None else digit_from_ink(ink, options)

    def digits(self) -> list["Drawing"]:
        """Each digit of a drawing of several, in reading order; otherwise the drawing itself.

        Raises DigitError on too many points.
        """
        segments = segment_strokes(self.strokes) if len(self.strokes) > 1 else []
        if len(segments) < 2:
            return [self]
        return [
            replace(self, strokes=[self.strokes[n] for n in each.parts], ink=None, segment=each)
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
        state["restored"] = strokes if sum(map(len, strokes)) <= MAX_POINTS else []
        state["restored_width"] = state.get("drawn_width", width)
        state["restored_brush"] = state.get("drawn_brush", brush)
    with buttons:
        n_remaining = canvas_buttons.show(state["canvas"], len(state["restored"]))
    restored = state["restored"][:n_remaining]
    # An empty canvas is drawn on at its own scale.
    drawn_width = state.get("restored_width", width) if restored else width
    drawn_brush = state["restored_brush"] if restored else brush
    scale = _scale(drawn_width, width)
    shown, shown_brush = _scaled(restored, scale), drawn_brush * scale
    _discard_refused(width)
    with canvas_place, st.container(key="wide_paper" if is_wide else "paper"):
        canvas = st_canvas(
            stroke_width=brush,
            stroke_color="#000000",
            background_image=_paper(shown, width, shown_brush),
            width=width,
            height=SIDE,
            return_image_data=True,
            key=f"canvas{state['canvas']}",
        )
    sent = (state.get(f"canvas{state['canvas']}") or {}).get("drawing") or {}
    try:
        ink = picture_ink(sent.get("data"), width, SIDE)
    except DigitError as error:
        page.show_error(error)
        ink = None
    if ink is not None and shown:
        ink = np.maximum(ink, _ink(shown, width, shown_brush))
    # New strokes join the restored ones at the scale of those, which stay as they were: a drawing
    # that was saved is recognized by its coordinates.
    added = _scaled(strokes_from_canvas(canvas.json_data), 1 / scale)
    state["strokes"] = [*restored, *added]
    state["drawn_width"] = max(drawn_width, width) if added else drawn_width
    state["drawn_brush"] = drawn_brush
    with canvas_place:
        stored_drawing.show(state["strokes"], state["drawn_width"], drawn_brush, _restore)
    return Drawing(
        state["strokes"], ink, state["drawn_width"], state["drawn_brush"], shown_width=width
    )


def _restore(stored: object) -> None:
    """Take the drawing that the browser kept over a reload onto a new canvas."""
    state = st.session_state
    if drawing := stored_drawing.checked(stored, {SIDE: BRUSH, WIDE: FINE_BRUSH}):
        state["strokes"], state["drawn_width"], state["drawn_brush"] = drawing
        state["canvas_width"] = None


def _discard_refused(width: int) -> None:
    """Put a new canvas in place of one whose state is too large or no canvas sends, and say so."""
    state = st.session_state
    key = f"canvas{state['canvas']}"
    try:
        check_canvas(state.get(key), width, SIDE)
    except DigitError as error:
        page.show_error(error)
        del state[key]
        state["canvas"] += 1


def _scale(drawn_width: int, width: int) -> float:
    """By how much strokes have to be smaller on a canvas than on the one they were drawn on."""
    return min(1.0, width / drawn_width)


def _scaled(strokes: list[list[list[float]]], scale: float) -> list[list[list[float]]]:
    """Strokes smaller or larger, at the same height of the canvas."""
    if scale == 1:
        return strokes
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
