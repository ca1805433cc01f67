"""Drawings (SVG in HTML) on a page, whose parts can be chosen by a click or the keyboard.

`st.html` takes SVG out. Here the drawing is handed to an element that puts it in as it is, so it
must be `Markup`; a part that carries `data-layer` can be chosen.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from mnistlab.markup import Markup

SCRIPT = """
export default function ({ data, parentElement, setTriggerValue }) {
  const node = parentElement.querySelector(".drawing");
  const focused = node.contains(document.activeElement) && document.activeElement.dataset.layer;
  node.innerHTML = data;
  if (focused) node.querySelector(`[data-layer="${focused}"]`)?.focus();
  const choose = (event) => {
    const part = event.target.closest("[data-layer]");
    if (part) setTriggerValue("chosen", part.dataset.layer);
    return part;
  };
  node.onclick = choose;
  node.onkeydown = (event) => {
    if ((event.key === "Enter" || event.key === " ") && choose(event)) event.preventDefault();
  };
}
"""


@cache
def _element() -> Any:
    return st.components.v2.component(
        "mnistlab.drawing", html='<div class="drawing"></div>', js=SCRIPT, isolate_styles=False
    )


def show_svg(body: Markup, key: str, on_choose: Callable[[str], None] = lambda name: None) -> None:
    """Show a drawing; `on_choose` is called with the name of the part that was chosen."""

    def chosen() -> None:
        if name := st.session_state[key].chosen:
            on_choose(name)

    _element()(data=body, key=key, on_chosen_change=chosen)
