"""An image file of one digit as a drawing: its ink, and what the network is given of it."""

import io

import pillow_heif
from PIL import Image

from mnistlab.drawing.digit import (
    DEFAULT_OPTIONS,
    PreparedDigit,
    PreprocessingOptions,
    digit_from_ink,
)
from mnistlab.drawing.photo.photo import read_photo
from mnistlab.pen.raster import GrayImage


def ink_from_photo(content: bytes, options: PreprocessingOptions = DEFAULT_OPTIONS) -> GrayImage:
    photo = read_photo(content)
    return photo.ink if options.normalize_stroke_width else photo.ink_as_found


def digit_from_file(
    content: bytes, options: PreprocessingOptions = DEFAULT_OPTIONS
) -> PreparedDigit:
    digit = digit_from_ink(ink_from_photo(content, options), options)
    assert digit is not None
    return digit


def heic(picture: Image.Image, **options: object) -> bytes:
    """A photo as iPhones save it."""
    out = io.BytesIO()
    pillow_heif.from_pillow(picture).save(out, **options)
    return out.getvalue()
