"""Undo and Clear below the canvas, which act in the browser.

A server that replaced the canvas would lose a stroke drawn before its answer. So these two buttons
click the canvas' own ones, which its hidden toolbar has. The canvas cannot undo the strokes of an
earlier page, which are its background: the buttons tell the server how many of those remain.
"""

from functools import cache
from typing import Any

import streamlit as st

NEXT = "next_drawing"
"""The key of a button elsewhere on the page that also clears the canvas."""
HTML = """
<div class="lab-canvas-buttons">
  <button type="button" name="undo" title="Remove the last stroke (Ctrl+Z)">Undo</button>
  <button type="button" name="clear" title="Remove all strokes">Clear</button>
</div>
"""
SCRIPT = """
// The canvas' own pencil would turn drawing off. Its paper is white in both themes.
const STYLE = ".dc-toolbar { display: none !important; } .dc-container { background: #fff; }";

function findCanvas() {
  const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  const roots = hosts.map((host) => host.shadowRoot);
  return roots.findLast((root) => root?.querySelector(".dc-toolbar"));
}

// The canvas appears some time after this script.
function prepare(signal, retries = 200) {
  const root = findCanvas();
  if (root && !root.querySelector(".lab-style")) {
    const style = root.appendChild(document.createElement("style"));
    style.className = "lab-style";
    style.textContent = STYLE;
  }
  if (retries && !signal.aborted) setTimeout(prepare, 50, signal, retries - 1);
}

export default function ({ data, parentElement, setStateValue }) {
  const box = parentElement.querySelector(".lab-canvas-buttons");
  if (box.canvas !== data.canvas) {
    box.canvas = data.canvas;
    box.remaining = data.remaining;
  }
  const keep = (count) => {
    box.remaining = count;
    setStateValue("remaining", [data.canvas, count]);
  };
  // What follows the drawing in the browser (live.js) hears it before the server.
  const tell = (detail) => document.dispatchEvent(new CustomEvent("lab-canvas", { detail }));
  const undo = () => {
    const button = findCanvas()?.querySelector(".dc-toolbar [title=Undo]");
    if (button && !button.disabled) button.click();
    else if (box.remaining) keep(box.remaining - 1);
    else return;
    tell("undo");
  };
  const clear = () => {
    const root = findCanvas();
    if (box.remaining) {
      root.querySelector(".dc-background-canvas").style.visibility = "hidden";
      keep(0);
    }
    root?.querySelector(".dc-toolbar [title^=Reset]").click();
    tell("clear");
  };

  // Called at every rerun: remove the listeners of the call before.
  box.listeners?.abort();
  const listeners = (box.listeners = new AbortController());
  const { signal } = listeners;
  prepare(signal);
  box.querySelector("[name=undo]").addEventListener("click", undo, { signal });
  box.querySelector("[name=clear]").addEventListener("click", clear, { signal });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.(`.st-key-${data.next} button`)) clear();
  }, { signal, capture: true });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, [contenteditable=true]");
    if (typing || event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
    event.preventDefault();
    undo();
  }, { signal });
  return () => listeners.abort();
}
"""


@cache
def _element() -> Any:
    return st.components.v2.component(
        "mnistlab.canvas_buttons", html=HTML, js=SCRIPT, isolate_styles=False
    )


def show(canvas: int, n_restored: int) -> int:
    """The buttons of the canvas with this number; how many of its restored strokes remain."""
    known = _remaining(st.session_state.get("canvas_buttons"), canvas, n_restored)
    result = _element()(
        data={"canvas": canvas, "remaining": known, "next": NEXT},
        key="canvas_buttons",
        default={"remaining": None},
        on_remaining_change=lambda: None,
    )
    return _remaining(result, canvas, n_restored)


def _remaining(state: Any, canvas: int, n_restored: int) -> int:
    """What the browser says about this canvas: a value of any type, or of an earlier canvas."""
    match state and state.get("remaining"):
        case [int(number), int(count)] if number == canvas:
            return min(max(count, 0), n_restored)
    return n_restored
