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
from mnistlab.drawing.strokes import (
    MAX_POINTS,
    Stroke,
    digit_from_strokes,
    render_preview,
    strokes_from_canvas,
)
from mnistlab.ui.draw import canvas_buttons

SIDE = 280
BRUSH = 22


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawing: its strokes if they are known, and its ink (H, W) if the canvas has sent it.

    A drawing restored onto a new canvas has only strokes until the next stroke.
    """

    strokes: list[list[list[float]]]
    ink: NDArray[np.uint8] | None

    def image(self) -> NDArray[np.uint8] | None:
        """The canvas as ink (H, W); None while it is empty."""
        if self.ink is not None:
            return self.ink if self.ink.any() else None
        if not self.strokes:
            return None
        return _ink(self.strokes)

    def digit(self, options: PreprocessingOptions = DEFAULT_OPTIONS) -> PreparedDigit | None:
        """The preprocessed drawing; None if it is empty. Raises DigitError on too many points."""
        if self.strokes and (options.normalize_stroke_width or self.ink is None):
            strokes: list[Stroke] = [*self.strokes]
            return digit_from_strokes(strokes, options, SIDE)
        return None if self.ink is None else digit_from_ink(self.ink, options)


def show(new_page: bool) -> Drawing:
    """The canvas with its buttons; `new_page`: the canvas was not on the page before this run."""
    # Importing it registers its component with the running app.
    from streamlit_drawable_canvas import st_canvas

    state = st.session_state
    if new_page:
        # A canvas loses its strokes with its page. A new one has them as its background: as its
        # initial drawing, they would come back with the canvas' own Clear.
        state["canvas"] = state.get("canvas", 0) + 1
        strokes = state.get("strokes", [])
        state["restored"] = strokes if sum(map(len, strokes)) <= MAX_POINTS else []
    canvas_place = st.container()
    n_remaining = canvas_buttons.show(state["canvas"], len(state["restored"]))
    restored = state["restored"][:n_remaining]
    with canvas_place:
        canvas = st_canvas(
            stroke_width=BRUSH,
            stroke_color="#000000",
            background_image=_paper(restored),
            width=SIDE,
            height=SIDE,
            return_image_data=True,
            key=f"canvas{state['canvas']}",
        )
    ink = None if canvas.image_data is None else ink_from_canvas(canvas.image_data)
    if ink is not None and restored:
        ink = np.maximum(ink, _ink(restored))
    state["strokes"] = [*restored, *strokes_from_canvas(canvas.json_data)]
    return Drawing(state["strokes"], ink)


def _ink(strokes: list[list[list[float]]]) -> NDArray[np.uint8]:
    """Strokes as the canvas shows them, as ink (SIDE, SIDE)."""
    lines = [np.asarray(stroke, np.float64) for stroke in strokes]
    return render_preview(lines, BRUSH, SIDE, SIDE)


def _paper(strokes: list[list[list[float]]]) -> Image.Image:
    """White paper with strokes."""
    return Image.fromarray(255 - _ink(strokes)) if strokes else Image.new("L", (1, 1), 255)
