import time

import numpy as np
import pytest
from PIL import Image

from mnistlab.sketch.digit import DigitError
from mnistlab.sketch.photo import digit_from_file
from tests.sketch.test_digit import png, seven


def test_specks_that_average_out_to_nothing_are_no_digit() -> None:
    specks = Image.new("L", (1000, 1000), 255)
    specks.putpixel((3, 3), 0)
    specks.putpixel((990, 990), 0)
    with pytest.raises(DigitError, match="empty"):
        digit_from_file(png(specks))


def test_a_photo_taken_sideways_is_read_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn a quarter clockwise to show
    sideways = seven().transpose(Image.Transpose.ROTATE_90)
    upright = digit_from_file(png(seven(), "JPEG", quality=95)).pixels.astype(float)
    turned = digit_from_file(png(sideways, "JPEG", quality=95, exif=exif)).pixels
    assert np.abs(turned - upright).mean() < 3


def test_light_on_dark_reads_as_dark_on_light() -> None:
    dark = digit_from_file(png(seven(paper="black", pen="white")))
    light = digit_from_file(png(seven()))
    assert np.array_equal(dark.pixels, light.pixels)


@pytest.mark.parametrize(
    "content",
    [
        png(seven(), "JPEG", quality=95),
        png(seven().convert("L")),
        png(seven().convert("1")),
        png(seven().convert("P")),
        png(seven().convert("LA")),
        png(seven(), "GIF"),
        png(Image.fromarray(np.asarray(seven().convert("L")).astype(np.uint16) * 257)),
    ],
)
def test_every_common_kind_of_picture_gives_about_the_same_digit(content: bytes) -> None:
    plain = digit_from_file(png(seven())).pixels.astype(float)
    assert np.abs(digit_from_file(content).pixels - plain).mean() < 6


def test_a_phone_s_photo_is_shrunk_first_and_reads_the_same() -> None:
    small, large = (digit_from_file(png(seven(size))) for size in (1000, 4000))
    assert np.abs(small.pixels.astype(float) - large.pixels).mean() < 6


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a picture"),
        (b"GIF89a", "not a picture"),
        (b"<html>no</html>", "not a picture"),
        (png(seven())[:300], "not a picture"),
        (png(Image.new("1", (20_000, 10))), "20,000 × 10"),
        (png(Image.new("1", (8000, 8000))), "8,000 × 8,000"),
        (png(Image.new("1", (15_000, 15_000))), "too large|15,000"),
        (png(Image.new("L", (50, 50), 255)), "empty"),
        (png(Image.new("L", (50, 50), 0)), "empty"),
    ],
)
def test_what_is_no_readable_picture_is_refused_in_a_sentence(content: bytes, said: str) -> None:
    started = time.monotonic()
    with pytest.raises(DigitError, match=said):
        digit_from_file(content)
    # Against decoding what should only be looked at: the largest takes seconds when decoded.
    assert time.monotonic() - started < 5
