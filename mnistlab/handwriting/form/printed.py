"""The form as a picture, and as a PDF to print."""

import io
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from mnistlab.handwriting.form.layout import HEIGHT, WIDTH, Line, Paper, shapes

INCH = 25.4
DPI = 600
"""Of the PDF: one bit per pixel, as printers print."""


def render(paper: Paper, dpi: float = DPI) -> Image.Image:
    """The page as a picture of gray pixels (mode L), black on white."""
    scale = dpi / INCH
    page_width, page_height = paper.size
    left, top = (page_width - WIDTH) / 2, (page_height - HEIGHT) / 2
    image = Image.new("L", (round(page_width * scale), round(page_height * scale)), 255)
    pen = ImageDraw.Draw(image)
    for shape in shapes():
        x, y = (left + shape.x) * scale, (top + shape.y) * scale
        if isinstance(shape, Line):
            font = _font(shape.height * scale)
            pen.text((x, y), shape.text, 0, font, anchor="mt" if shape.is_centered else "lt")
        else:
            # Pillow's corners are both inside; a line is at least one pixel wide.
            right, bottom = x + shape.width * scale - 1, y + shape.height * scale - 1
            corners = (
                round(x),
                round(y),
                max(round(right), round(x)),
                max(round(bottom), round(y)),
            )
            pen.rectangle(corners, 0 if shape.is_ink else 255)
    return image


def pdf(paper: Paper) -> bytes:
    """The page as a PDF of its size."""
    out = io.BytesIO()
    page = render(paper).point([0] * 128 + [255] * 128, "1")
    page.save(out, "PDF", resolution=DPI, title="mnistlab: handwriting form")
    return out.getvalue()


@lru_cache(32)
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
