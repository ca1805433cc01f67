import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistlab.sketch.digit import (
    BOX,
    SIDE,
    Digit,
    DigitError,
    digit_from_file,
    digit_from_ink,
    ink_from_canvas,
)


def png(picture: Image.Image, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def seven(size: int = 280, paper: str = "white", pen: str = "black") -> Image.Image:
    picture = Image.new("RGB", (size, size), paper)
    unit = size / 10
    points = [(2 * unit, 2 * unit), (7 * unit, 2 * unit), (4 * unit, 8 * unit)]
    ImageDraw.Draw(picture).line(points, pen, round(unit * 0.8), joint="curve")
    return picture


def centre(digit: Digit) -> tuple[float, float]:
    pixels = digit.pixels.astype(float)
    grid = np.arange(SIDE)
    return (
        float((pixels.sum(1) * grid).sum() / pixels.sum()),
        float((pixels.sum(0) * grid).sum() / pixels.sum()),
    )


def box(digit: Digit) -> tuple[int, int]:
    rows, columns = digit.pixels.any(1).nonzero()[0], digit.pixels.any(0).nonzero()[0]
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


@pytest.mark.parametrize("place", [(0, 0), (150, 20), (160, 199)])
@pytest.mark.parametrize("shape", [(100, 40), (40, 100), (9, 9), (3, 100)])
def test_ink_of_any_size_and_place_fits_the_box_with_its_mass_in_the_middle(
    place: tuple[int, int], shape: tuple[int, int]
) -> None:
    ink = np.zeros((300, 300), np.uint8)
    ink[place[0] : place[0] + shape[0], place[1] : place[1] + shape[1]] = 255
    digit = digit_from_ink(ink)
    assert digit is not None
    assert digit.cropped.shape == shape
    height, width = box(digit)
    assert max(height, width) == BOX
    assert height / width == pytest.approx(shape[0] / shape[1], rel=0.7 if min(shape) < 9 else 0.15)
    assert centre(digit) == pytest.approx((14, 14), abs=0.51)


def test_shrinking_averages_over_areas() -> None:
    ink = np.zeros((40, 40), np.uint8)
    ink[:, ::2] = 255
    ink[:, 39] = 255
    digit = digit_from_ink(ink)
    assert digit is not None
    assert set(np.unique(digit.pixels[10:18, 8:18])) == {128}, "every pixel is half ink"


def test_lopsided_ink_stays_whole() -> None:
    ink = np.zeros((100, 100), np.uint8)
    ink[0:60, 0:60] = 255
    ink[:, 95:] = 255
    ink[99, :] = 255
    digit = digit_from_ink(ink)
    assert digit is not None and box(digit) == (BOX, BOX)


def test_mnist_s_own_digits_pass_through_unchanged(mnist_folder: Path) -> None:
    raw = (mnist_folder / "t10k-images-idx3-ubyte").read_bytes()
    images = np.frombuffer(raw, np.uint8)[16:].reshape(-1, SIDE, SIDE)
    changed = 0
    for image in images[:2000]:
        digit = digit_from_ink(image)
        changed += digit is None or not np.array_equal(digit.pixels, image)
    assert changed <= 2, "a centre of mass exactly between two pixels may tip"


def test_no_ink_is_no_digit() -> None:
    assert digit_from_ink(np.zeros((280, 280), np.uint8)) is None


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


def test_one_pixel_and_a_full_canvas_give_a_digit() -> None:
    dot = np.zeros((280, 280), np.uint8)
    dot[0, 279] = 255
    for ink in (dot, np.full((280, 280), 255, np.uint8)):
        digit = digit_from_ink(ink)
        assert digit is not None and digit.pixels.shape == (28, 28)


def test_a_transparent_and_a_white_canvas_give_the_same_ink() -> None:
    white = np.asarray(seven().convert("RGBA")).copy()
    clear = white.copy()
    clear[(white[..., :3] == 255).all(2)] = 0
    assert np.array_equal(ink_from_canvas(white), ink_from_canvas(clear))


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
