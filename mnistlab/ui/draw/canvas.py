"""The canvas and what is on it, which outlives the page and can be taken back step by step."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnistlab.drawing.digit import (
    DEFAULT_OPTIONS,
    PreparedDigit,
    PreprocessingOptions,
    digit_from_ink,
    ink_from_canvas,
)
from mnistlab.drawing.strokes import Stroke, digit_from_strokes, render_preview, strokes_from_canvas

SIDE = 280
BRUSH = 22
BARE = """
export default function () {
  const hide = (left) => {
    for (const host of document.querySelectorAll("[data-testid=stBidiComponentIsolated]")) {
      const root = host.shadowRoot;
      if (!root?.querySelector(".dc-toolbar") || root.querySelector(".lab-bare")) continue;
      const style = root.appendChild(document.createElement("style"));
      style.className = "lab-bare";
      style.textContent = ".dc-toolbar { display: none !important; }";
    }
    if (left) setTimeout(hide, 50, left - 1);
  };
  hide(100);
}
"""
"""Hides the canvas' own toolbar: its pencil switches drawing off until it is pressed again, and the
lab has an Undo and a Clear that are always in view. A canvas comes some time after the script."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is drawn: strokes where the canvas tells them, and its pixels where it has sent them.

    Of a drawing that was put back onto a canvas, the strokes alone are known until the next one.
    """

    strokes: list[list[list[float]]]
    ink: NDArray[np.uint8] | None

    def picture(self) -> NDArray[np.uint8] | None:
        """The canvas as it looks, as ink (H, W); None while it is empty."""
        if self.ink is not None:
            return self.ink if self.ink.any() else None
        if not self.strokes:
            return None
        lines = [np.asarray(stroke, np.float64) for stroke in self.strokes]
        return render_preview(lines, BRUSH, SIDE, SIDE)

    def digit(self, steps: PreprocessingOptions = DEFAULT_OPTIONS) -> PreparedDigit | None:
        """The drawing made 28×28; None if there is none. Raises DigitError on too many points."""
        if self.strokes and (steps.normalize_stroke_width or self.ink is None):
            strokes: list[Stroke] = [*self.strokes]
            return digit_from_strokes(strokes, steps, SIDE)
        return None if self.ink is None else digit_from_ink(self.ink, steps)


def show(entered: bool) -> Drawing:
    """The canvas with its buttons; `entered` says that the visitor has just come to the page."""
    # It registers itself with the running app as soon as it is imported.
    from streamlit_drawable_canvas import st_canvas

    get = st.session_state
    if entered:
        # A canvas forgets its strokes with its page; what it held is given to a new one, once,
        # because a canvas that is fed its own drawing starts over at every stroke.
        _renew(get.get("drawing"))
    canvas = st_canvas(
        stroke_width=BRUSH,
        stroke_color="#000000",
        background_color="#ffffff",
        width=SIDE,
        height=SIDE,
        initial_drawing=get["restored"],
        return_image_data=True,
        key=f"canvas{get['canvas']}",
    )
    _bare()(data=get["canvas"], key="bare")
    get["drawing"] = canvas.json_data or get["restored"]
    if canvas.image_data is not None:
        get["ink"] = ink_from_canvas(canvas.image_data)
    strokes = strokes_from_canvas(get["drawing"])
    drawing = Drawing(strokes, get.get("ink"))
    with st.container(horizontal=True, gap="small"):
        st.button("Undo", icon=":material/undo:", on_click=_undo, disabled=not strokes)
        st.button("Clear", icon=":material/delete:", on_click=_renew)
    return drawing


@cache
def _bare() -> Any:
    return st.components.v2.component("mnistlab.bare_canvas", js=BARE, isolate_styles=False)


def _renew(drawing: dict[str, Any] | None = None) -> None:
    """Put a new canvas in the old one's place, with a drawing on it or none."""
    get = st.session_state
    get["canvas"] = get.get("canvas", 0) + 1
    get["drawing"] = get["restored"] = drawing
    get["ink"] = None


def _undo() -> None:
    """Take the last stroke back."""
    drawing = st.session_state["drawing"]
    left = drawing["objects"][:-1]
    _renew({**drawing, "objects": left} if left else None)
