"""SVG pictures and cards on a page, whose parts can be selected by click or keyboard.

`st.html` removes SVG, so a custom component inserts the picture unchanged; it must be `Markup`. A
part with a `data-part` attribute can be selected; if it is a link, a click selects it in place, and
a click with Ctrl or the middle button opens it in a new tab.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st
from markupsafe import escape

from mnistlab.markup import Markup

SCRIPT = """
export default function ({ data, parentElement, setTriggerValue }) {
  const node = parentElement.querySelector(".picture");
  const focused = node.contains(document.activeElement) && document.activeElement.dataset.part;
  node.innerHTML = data;
  if (focused) node.querySelector(`[data-part="${focused}"]`)?.focus();
  const select = (event) => {
    const part = event.target.closest("[data-part]");
    if (part) setTriggerValue("selected", part.dataset.part);
    return part;
  };
  node.onclick = (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey && select(event)) {
      event.preventDefault();
    }
  };
  node.onkeydown = (event) => {
    if ((event.key === "Enter" || event.key === " ") && select(event)) event.preventDefault();
  };
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component(
        "mnistlab.svg", html='<div class="picture"></div>', js=SCRIPT, isolate_styles=False
    )


def show_svg(body: Markup, key: str, on_select: Callable[[str], None] = lambda name: None) -> None:
    """Show a picture; `on_select` is called with the name of the selected part."""

    def selected() -> None:
        # A browser can send anything; what is no name of a part is what nobody selected.
        name = st.session_state[key].get("selected")
        if isinstance(name, str) and f'data-part="{escape(name)}"' in body:
            on_select(name)

    _component()(data=body, key=key, on_selected_change=selected)
