"""An image pasted in a real browser, on a page with only the paste box."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import end, healthy, serve

SCRIPT = """
import hashlib, io
import streamlit as st
from PIL import Image
from mnistlab.ui.draw import paste

st.text_input("name", key="name")
picture = paste.show("picture") if st.toggle("shown", True) else None
st.session_state["count"] = st.session_state.get("count", 0) + (picture is not None)
if picture:
    opened = Image.open(io.BytesIO(picture))
    color = opened.convert("RGB").getpixel((0, 0))
    st.session_state["seen"] = f"{opened.format} {opened.width}x{opened.height} {color}"
st.markdown(f"{st.session_state['count']} pasted: {st.session_state.get('seen')}")
"""
PASTE = """
([selector, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const data = new DataTransfer();
  if (type.startsWith("image/")) data.items.add(new File([bytes], "picture", { type }));
  else data.setData(type, "no picture");
  const about = { clipboardData: data, bubbles: true, cancelable: true };
  const event = new ClipboardEvent("paste", about);
  document.querySelector(selector).dispatchEvent(event);
  return event.defaultPrevented;
}
"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    script = tmp_path / "paste.py"
    script.write_text(SCRIPT, "utf-8")
    app = serve(tmp_path, script)
    yield app.url
    end(app)


def encode(width: int, height: int, form: str = "PNG", **options: object) -> str:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (10, 120, 240)).save(out, form, **options)
    return base64.b64encode(out.getvalue()).decode()


def paste(page: Page, selector: str, type_: str, content: str = "") -> bool:
    accepted: bool = page.evaluate(PASTE, [selector, type_, content])
    return accepted


def test_an_image_is_pasted_with_the_keyboard_reduced_and_returned_once(
    url: str, page: Page
) -> None:
    page.goto(url)
    box = page.get_by_role("button", name="Paste an image")
    expect(box).to_be_visible()
    expect(page.get_by_text("0 pasted")).to_be_visible()
    box.focus()
    expect(box).to_be_focused()
    assert paste(page, ".lab-paste", "image/png", encode(3000, 1500))
    expect(page.get_by_text("1 pasted: PNG 1024x512 (10, 120, 240)")).to_be_visible()
    healthy(page)

    # A rerun does not return it again, and listeners are not doubled.
    page.get_by_label("name").fill("Ada")
    page.get_by_label("name").press("Enter")
    healthy(page)
    expect(page.get_by_text("1 pasted")).to_be_visible()
    exif = Image.Exif()
    exif[0x0112] = 6
    assert paste(page, "body", "image/jpeg", encode(40, 20, "JPEG", exif=exif))
    expect(page.get_by_text("2 pasted: PNG 20x40")).to_be_visible()
    healthy(page)
    expect(page.get_by_text("2 pasted")).to_be_visible()


def test_other_content_is_an_error_and_is_not_sent(url: str, page: Page) -> None:
    page.goto(url)
    status = page.get_by_role("status").filter(has_text="image")
    expect(page.get_by_role("button", name="Paste an image")).to_be_visible()
    assert paste(page, ".lab-paste", "text/plain")
    expect(status).to_be_visible()
    first = status.inner_text()
    assert paste(page, ".lab-paste", "image/png", base64.b64encode(b"no").decode())
    expect(status).not_to_have_text(first)
    assert not paste(page, "input", "text/plain"), "pasted text belongs to its field"
    healthy(page)
    expect(page.get_by_text("0 pasted")).to_be_visible()


def test_a_page_without_the_box_ignores_pastes(url: str, page: Page) -> None:
    page.goto(url)
    expect(page.get_by_role("button", name="Paste an image")).to_be_visible()
    page.get_by_text("shown").click()
    expect(page.get_by_role("button", name="Paste an image")).to_have_count(0)
    healthy(page)
    assert not paste(page, "body", "image/png", encode(40, 20))
    healthy(page)
    expect(page.get_by_text("0 pasted")).to_be_visible()
