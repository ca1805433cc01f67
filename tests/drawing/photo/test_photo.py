"""A photo with its frame, a JPEG without its end, HEIC, and the center lines of a photo's ink."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFile

from mnistlab import zoo
from mnistlab.data.thinning import thin
from mnistlab.drawing.classifier import Classifier
from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.photo.center_lines import center_lines
from mnistlab.drawing.photo.photo import FRAME_COLOR, read_photo
from mnistlab.drawing.strokes import digit_from_strokes
from mnistlab.pen.raster import rasterize
from tests.drawing.photo.files import digit_from_file
from tests.drawing.test_digit import png
from tests.drawn_digits import DIGITS


def photo_of(digit: int, width: int = 600, height: int = 480, quality: int = 90) -> bytes:
    picture = Image.new("RGB", (width, height), "beige")
    for points in DIGITS[digit]:
        ImageDraw.Draw(picture).line([(250 + x, 70 + y) for x, y in points], "navy", 14)
    grain = np.random.default_rng(0).normal(0, 3, (height, width, 3))
    noisy = np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=quality)
    return out.getvalue()


def test_the_frame_encloses_the_digit_where_it_is_in_the_photo() -> None:
    photo = read_photo(photo_of(4))
    scale = photo.pixels.shape[1] / 600
    points = np.concatenate([np.asarray(stroke) for stroke in DIGITS[4]]) + np.array([250, 70])
    low, high = points.min(0) * scale, points.max(0) * scale
    assert np.abs(np.array(photo.box[:2]) - low).max() < 14 * scale
    assert np.abs(np.array(photo.box[2:]) - high).max() < 14 * scale
    framed = photo.framed()
    assert framed.shape == photo.pixels.shape
    assert not photo.is_truncated and not photo.is_unchanged
    drawn = (framed == FRAME_COLOR).all(2)
    left, top, right, bottom = photo.box
    assert drawn.any() and not drawn[top:bottom, left:right].any()


@pytest.mark.parametrize("dark_on_light", [False, True])
def test_a_file_as_mnist_has_its_images_stays_as_it_is(dark_on_light: bool) -> None:
    drawn = digit_from_strokes(DIGITS[5])
    assert drawn is not None
    content = png(Image.fromarray(255 - drawn.pixels if dark_on_light else drawn.pixels))
    prepared, photo = digit_from_file(content), read_photo(content)
    assert prepared.is_unchanged and photo.is_unchanged
    assert np.array_equal(prepared.pixels, drawn.pixels)
    assert np.array_equal(photo.ink, drawn.pixels)
    rows = np.flatnonzero((drawn.pixels > 32).any(1)) * photo.pixels.shape[0] / 28
    assert photo.box[1] == pytest.approx(rows[0], abs=1)
    assert center_lines(photo.ink)


def test_other_files_of_28_by_28_are_read_like_any_photo() -> None:
    drawn = digit_from_strokes(DIGITS[5])
    assert drawn is not None
    content = png(Image.fromarray(np.roll(drawn.pixels, 2, 1)))
    prepared = digit_from_file(content)
    assert not prepared.is_unchanged
    assert Classifier(zoo.default_checkpoint()).predict(prepared).digit == 5


@pytest.mark.parametrize("fraction", [0.999, 0.9, 0.8])
def test_a_jpeg_without_its_end_is_read_as_far_as_it_goes(fraction: float) -> None:
    content = photo_of(7)
    whole, cut = read_photo(content), read_photo(content[: int(fraction * len(content))])
    assert cut.is_truncated and not whole.is_truncated
    assert cut.pixels.shape[0] > 0.7 * whole.pixels.shape[0]
    assert np.abs(np.array(cut.box) - whole.box).max() <= 3
    assert not ImageFile.LOAD_TRUNCATED_IMAGES, "other threads decode as before"


@pytest.mark.parametrize("fraction", [0.001, 0.02, 0.2])
def test_a_jpeg_of_which_most_is_missing_is_an_error(fraction: float) -> None:
    content = photo_of(7)
    with pytest.raises(DigitError):
        read_photo(content[: int(fraction * len(content))])


def test_a_thinned_line_is_one_pixel_wide_and_keeps_its_ends_and_hole() -> None:
    ring = np.pad(np.hypot(*np.mgrid[-30:31, -30:31]) - 20 < 5, 3)
    ring[33 - 12 : 33 + 13, 33 - 12 : 33 + 13] &= np.hypot(*np.mgrid[-12:13, -12:13]) > 12  # a hole
    skeleton = thin(ring)
    assert 100 < skeleton.sum() < 180 and skeleton[33, 33] == ring[33, 33] == 0
    bar = np.zeros((20, 60), bool)
    bar[7:13, 5:55] = True
    assert thin(bar).any(0).sum() > 40 and thin(bar).sum(0).max() == 1


@pytest.mark.parametrize("digit", range(10))
def test_the_center_lines_are_the_digit(digit: int) -> None:
    lines = center_lines(read_photo(photo_of(digit)).ink)
    prepared = digit_from_strokes(lines)
    drawn = digit_from_strokes(DIGITS[digit])
    assert prepared is not None and drawn is not None
    assert Classifier(zoo.default_checkpoint()).predict(prepared).digit == digit
    # Nearly as much ink as the strokes that were photographed.
    assert abs(int(prepared.pixels.sum()) / int(drawn.pixels.sum()) - 1) < 0.15


def test_center_lines_of_a_dot_and_of_nothing() -> None:
    assert center_lines(np.zeros((9, 9), np.uint8)) == []
    dot = rasterize([np.array([[20.0, 20.0]])], 8, 40)
    lines = center_lines(dot)
    assert lines and np.abs(np.concatenate([np.asarray(x) for x in lines]) - 20).max() < 5
