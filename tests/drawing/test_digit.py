import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistlab.data.idx import read_images
from mnistlab.drawing.digit import (
    PreparedDigit,
    PreprocessingOptions,
    digit_from_ink,
    ink_from_canvas,
    is_mnist_image,
)
from mnistlab.pen.raster import BOX, SIDE


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


def center(digit: PreparedDigit) -> tuple[float, float]:
    pixels = digit.pixels.astype(float)
    grid = np.arange(SIDE)
    return (
        float((pixels.sum(1) * grid).sum() / pixels.sum()),
        float((pixels.sum(0) * grid).sum() / pixels.sum()),
    )


def box(digit: PreparedDigit) -> tuple[int, int]:
    rows, columns = (np.flatnonzero(digit.pixels.any(axis)) for axis in (1, 0))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


@pytest.mark.parametrize("place", [(0, 0), (150, 20), (160, 199)])
@pytest.mark.parametrize("shape", [(100, 40), (40, 100), (9, 9), (3, 100)])
def test_ink_of_any_size_and_position_fits_the_box_with_its_mass_in_the_middle(
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
    assert center(digit) == pytest.approx((14, 14), abs=0.51)


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
    assert changed <= 2, "a center of mass exactly between two pixels may tip"


def test_no_ink_is_no_digit() -> None:
    assert digit_from_ink(np.zeros((280, 280), np.uint8)) is None


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


def test_an_image_as_mnist_has_them_stays_as_it_is(mnist_folder: Path) -> None:
    images = read_images(mnist_folder, "test", range(500))
    assert all(map(is_mnist_image, images))
    digit = digit_from_ink(images[7])
    assert digit is not None and digit.is_unchanged
    assert np.array_equal(digit.pixels, images[7])
    # With a step turned off, the others are done.
    off = digit_from_ink(images[7], PreprocessingOptions(center=False))
    assert off is not None and not off.is_unchanged


def test_28_by_28_alone_does_not_make_an_image_mnist_s() -> None:
    usual = digit_from_ink(255 - np.asarray(seven().convert("L")))
    assert usual is not None and not usual.is_unchanged
    assert is_mnist_image(usual.pixels)
    jpeg_noise = np.random.default_rng(0).integers(0, 30, (SIDE, SIDE)).astype(np.uint8)
    assert is_mnist_image(np.maximum(usual.pixels, jpeg_noise))
    others = {
        "off center": np.roll(usual.pixels, 3, 1),
        "small": np.pad(usual.scaled[::2, ::2], ((9, 9), (9, 28 - 9 - usual.scaled.shape[1] // 2))),
        "inverted": 255 - usual.pixels,
        "faint": usual.pixels // 4,
        "empty": np.zeros((SIDE, SIDE), np.uint8),
        "large": np.pad(usual.pixels, 1),
    }
    assert [name for name, image in others.items() if is_mnist_image(image)] == []
