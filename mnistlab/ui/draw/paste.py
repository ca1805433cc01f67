"""An image pasted from the clipboard, which Streamlit's file uploader does not support.

The browser decodes the image, applies its orientation, and sends it as a small PNG. If it cannot
decode the image, it shows an error and sends nothing.
"""

import base64
import binascii
from functools import cache
from typing import Any

import streamlit as st

from mnistlab.uploads import MEGABYTE

MAX_SIDE = 1024
"""Pixels; the browser reduces larger images before it sends them."""
MAX_CONTENT = 8 * MEGABYTE
"""Characters: such an image has at most four bytes a pixel, in base64 a third more."""
HTML = """
<div class="lab-paste" role="button" tabindex="0" aria-label="Paste an image (Control V)">
  Paste an image <kbd>Ctrl</kbd>+<kbd>V</kbd>
</div>
<div class="lab-note" role="status"></div>
"""
SCRIPT = """
async function toPng(file, side) {
  const image = await createImageBitmap(file);
  const scale = Math.min(1, side / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png").split(",")[1];
}

export default function ({ data, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector(".lab-paste");
  const status = parentElement.querySelector("[role=status]");
  const show = (text) => (status.textContent = text);

  const send = async (file) => {
    show("Reading the image…");
    try {
      setTriggerValue("pasted", await toPng(file, data));
      show("Image pasted.");
    } catch {
      show("Not a readable image. Copy a PNG or JPEG.");
    }
  };
  const onPaste = (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    const file = files.find((file) => file.type.startsWith("image/"));
    // Text pasted into a field of the page belongs to that field.
    if (!file && !box.contains(event.target)) return;
    event.preventDefault();
    if (file) send(file);
    else show("No image on the clipboard. Copy one first.");
  };
  const onClick = async () => {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((type) => type.startsWith("image/"));
        if (type) return send(await item.getType(type));
      }
      show("No image on the clipboard. Copy one first.");
    } catch {
      // Some browsers do not support this, none without https.
      show("Press Ctrl+V, or ⌘V on a Mac.");
    }
  };

  // Called at every rerun: remove the listeners of the call before.
  box.listeners?.abort();
  const listeners = (box.listeners = new AbortController());
  const { signal } = listeners;
  document.addEventListener("paste", onPaste, { signal });
  box.addEventListener("click", onClick, { signal });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onClick();
  }, { signal });
  return () => listeners.abort();
}
"""


@cache
def _element() -> Any:
    return st.components.v2.component("mnistlab.paste", html=HTML, js=SCRIPT, isolate_styles=False)


def show(key: str) -> bytes | None:
    """A box that accepts an image pasted anywhere on the page.

    The first run after a paste returns the image as a PNG of at most 1024 pixels a side, other
    runs return None.
    """
    content_key = f"{key}-content"

    def on_pasted() -> None:
        # Stored before the run: an interrupted run would lose it.
        content = st.session_state[key].get("pasted")
        if isinstance(content, str) and content:
            st.session_state[content_key] = content

    _element()(data=MAX_SIDE, key=key, on_pasted_change=on_pasted)
    content = st.session_state.pop(content_key, None)
    return None if content is None else _decode(content)


def _decode(content: object) -> bytes:
    """The bytes of a base64 text; empty, so not an image, for anything else."""
    if not isinstance(content, str) or len(content) > MAX_CONTENT:
        return b""
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return b""
