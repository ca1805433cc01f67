"""The canvas and its drawing, which survives a change of page and can be undone by stroke."""

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
HIDE_TOOLBAR = """
export default function () {
  const hide = (retries) => {
    for (const host of document.querySelectorAll("[data-testid=stBidiComponentIsolated]")) {
      const root = host.shadowRoot;
      if (!root?.querySelector(".dc-toolbar") || root.querySelector(".lab-no-toolbar")) continue;
      const style = root.appendChild(document.createElement("style"));
      style.className = "lab-no-toolbar";
      style.textContent = ".dc-toolbar { display: none !important; }";
    }
    if (retries) setTimeout(hide, 50, retries - 1);
  };
  hide(100);
}
"""
"""Hides the canvas' own toolbar: its pencil turns drawing off, and the page has Undo and Clear that
are always visible. The canvas appears some time after the script, so the script retries."""


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
        lines = [np.asarray(stroke, np.float64) for stroke in self.strokes]
        return render_preview(lines, BRUSH, SIDE, SIDE)

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
        # A canvas loses its strokes with its page, so a new one gets them as its initial drawing.
        # Only once: a canvas whose initial drawing changes starts over.
        _replace_canvas(state.get("drawing"))
    canvas = st_canvas(
        stroke_width=BRUSH,
        stroke_color="#000000",
        background_color="#ffffff",
        width=SIDE,
        height=SIDE,
        initial_drawing=state["restored"],
        return_image_data=True,
        key=f"canvas{state['canvas']}",
    )
    _hide_toolbar()(data=state["canvas"], key="hide_toolbar")
    state["drawing"] = canvas.json_data or state["restored"]
    if canvas.image_data is not None:
        state["ink"] = ink_from_canvas(canvas.image_data)
    strokes = strokes_from_canvas(state["drawing"])
    drawing = Drawing(strokes, state.get("ink"))
    with st.container(horizontal=True, gap="small"):
        st.button("Undo", icon=":material/undo:", on_click=_undo, disabled=not strokes)
        st.button("Clear", icon=":material/delete:", on_click=_replace_canvas)
    return drawing


@cache
def _hide_toolbar() -> Any:
    return st.components.v2.component(
        "mnistlab.hide_toolbar", js=HIDE_TOOLBAR, isolate_styles=False
    )


def _replace_canvas(drawing: dict[str, Any] | None = None) -> None:
    """Replace the canvas by a new one (another key) with this drawing, or empty."""
    state = st.session_state
    state["canvas"] = state.get("canvas", 0) + 1
    state["drawing"] = state["restored"] = drawing
    state["ink"] = None


def _undo() -> None:
    """Remove the last stroke."""
    drawing = st.session_state["drawing"]
    strokes = drawing["objects"][:-1]
    _replace_canvas({**drawing, "objects": strokes} if strokes else None)
