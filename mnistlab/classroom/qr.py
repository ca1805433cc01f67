"""Addresses as QR codes: for a terminal, and as an image for pages."""

import io

import segno

TERMINAL_BORDER, IMAGE_BORDER = 2, 3
"""Modules of quiet zone. ISO 18004 asks for 4; phones need 2, and a terminal has few lines."""


def terminal_qr(text: str) -> str:
    """The code in half blocks, two modules a character, for dark and for light terminals."""
    out = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out, border=TERMINAL_BORDER, compact=True)
    return out.getvalue()


def image_qr(text: str) -> str:
    """The code as the address (`data:`) of an SVG image, black on white in both themes."""
    code = segno.make(text, error="m", micro=False)
    return str(code.svg_data_uri(scale=4, border=IMAGE_BORDER, light="#fff", dark="#000"))
