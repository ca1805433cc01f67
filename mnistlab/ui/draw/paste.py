"""A picture pasted from the clipboard, which Streamlit's own uploader does not take.

The browser opens the picture, turns it upright, and sends it as a small PNG; what it cannot open it
says itself, and nothing is sent.
"""

import base64
import binascii
from functools import cache
from typing import Any

import streamlit as st

MAX_SIDE = 1024
"""Pixels; the browser makes larger pictures smaller before it sends them."""
HTML = """
<div class="lab-paste" role="button" tabindex="0" aria-label="Paste a picture here (Control V)">
  Paste a picture here <kbd>Ctrl</kbd>+<kbd>V</kbd>
</div>
<div class="lab-note" role="status"></div>
"""
SCRIPT = """
async function shrunk(file, side) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png").split(",")[1];
}

export default function ({ data, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector(".lab-paste");
  const status = parentElement.querySelector("[role=status]");
  const say = (text) => (status.textContent = text);

  const take = async (file) => {
    say("Reading the picture …");
    try {
      setTriggerValue("pasted", await shrunk(file, data));
      say("The picture was pasted.");
    } catch {
      say("What was pasted is not a picture that can be read; copy a PNG or a JPEG.");
    }
  };
  const pasted = (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    const file = files.find((one) => one.type.startsWith("image/"));
    const here = box.contains(event.target);
    // A text that is pasted into a field of the page is none of ours.
    if (!file && !here) return;
    event.preventDefault();
    if (file) take(file);
    else say("There is no picture on the clipboard; copy one first.");
  };
  const ask = async () => {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((one) => one.startsWith("image/"));
        if (type) return take(await item.getType(type));
      }
      say("There is no picture on the clipboard; copy one first.");
    } catch {
      // Not asked for by every browser, nor on an address without https.
      say("Press Ctrl+V, or ⌘V on a Mac.");
    }
  };

  // Called again at every run of the page: the ears of the call before are taken off.
  box.ears?.abort();
  const ears = (box.ears = new AbortController());
  const heard = { signal: ears.signal };
  document.addEventListener("paste", pasted, heard);
  box.addEventListener("click", ask, heard);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    ask();
  }, heard);
  return () => ears.abort();
}
"""


@cache
def _element() -> Any:
    return st.components.v2.component("mnistlab.paste", html=HTML, js=SCRIPT, isolate_styles=False)


def show(key: str) -> bytes | None:
    """A box that takes a picture from the clipboard, here or anywhere on the page.

    The picture's bytes, a PNG of at most 1024 pixels a side, are returned once, by the first run
    after it was pasted; None otherwise. Whoever wants it longer keeps it.
    """
    kept = f"{key}-pasted"

    def pasted() -> None:
        # Kept at once: a run that is broken off before it comes here would lose it.
        if content := st.session_state[key].pasted:
            st.session_state[kept] = content

    _element()(data=MAX_SIDE, key=key, on_pasted_change=pasted)
    content = st.session_state.pop(kept, None)
    return None if content is None else _decoded(content)


def _decoded(content: object) -> bytes:
    """What the browser sent; nothing at all, which is no picture, if that was no base64."""
    try:
        return base64.b64decode(str(content), validate=True)
    except (binascii.Error, ValueError):
        return b""
