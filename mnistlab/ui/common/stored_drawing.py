"""The drawing in the browser's tab, which gives it back after a reload.

A reload begins a new session on the server. The browser keeps the strokes in its `sessionStorage`,
which is the tab's alone and ends with it, and sends them to a session that has seen none.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import streamlit as st

from mnistlab.drawing.canvas_message import stored_strokes

KEY = "stored_drawing"
HAS_DRAWN = "has_drawn"
"""Whether this session has had strokes, or been sent some."""
SCRIPT = """
const NAME = "lab-drawing";

export default function ({ data, setTriggerValue }) {
  try {
    const stored = sessionStorage.getItem(NAME);
    if (!data.isNew) sessionStorage.setItem(NAME, JSON.stringify(data.drawing));
    else if (stored) setTriggerValue("stored", JSON.parse(stored));
  } catch {
    // A browser may refuse to store anything; then a reload loses the drawing.
  }
}
"""
Strokes = list[list[list[float]]]


def show(strokes: Strokes, width: int, brush: float, restore: Callable[[Any], None]) -> None:
    """Let the browser keep the strokes, and the width of their canvas and brush in pixels.

    `restore` is called with what it kept before a reload.
    """
    state = st.session_state
    state[HAS_DRAWN] = state.get(HAS_DRAWN, False) or bool(strokes)

    def take() -> None:
        # Strokes that were drawn meanwhile are newer.
        if not state[HAS_DRAWN]:
            state[HAS_DRAWN] = True
            restore(state[KEY].get("stored"))

    _element()(
        data={
            "isNew": not state[HAS_DRAWN],
            "drawing": {"strokes": strokes, "width": width, "brush": brush},
        },
        key=KEY,
        width=1,
        height=1,
        on_stored_change=take,
    )


@cache
def _element() -> Any:
    return st.components.v2.component("mnistlab.stored_drawing", js=SCRIPT, isolate_styles=False)


def checked(stored: object, sizes: Mapping[int, float]) -> tuple[Strokes, int, float] | None:
    """Strokes, width and brush that a browser kept; None for anything else.

    `sizes`: the widths of the canvases, and their brushes.
    """
    match stored:
        case {"strokes": strokes, "width": int(width), "brush": int(brush) | float(brush)}:
            lines = stored_strokes(strokes)
            if lines and width in sizes and brush in sizes.values():
                return lines, width, brush
    return None
