"""Photos: ten digits on every kind of paper, whatever the pen, however the camera was held."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter

from mnistlab import zoo
from mnistlab.data.mnist import load
from mnistlab.drawing.classifier import Classifier
from mnistlab.drawing.digit import DigitError, PreprocessingOptions
from mnistlab.drawing.photo.stroke_width import normalize_stroke_width
from mnistlab.pen.raster import SIDE
from tests.drawing.photo.files import digit_from_file, ink_from_photo
from tests.drawing.test_digit import png
from tests.drawing.test_strokes import thickness
from tests.drawn_digits import DIGITS

PAPER, TABLE, BOARD = (238, 234, 224), (90, 64, 44), (40, 62, 54)
BLUE, RED, PENCIL, CHALK = (40, 50, 140), (190, 40, 48), (104, 104, 108), (232, 230, 220)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(zoo.default_checkpoint())


def jpeg(photo: np.ndarray) -> bytes:
    return png(Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8)), "JPEG", quality=70)


def written(
    digit: int, paper: Image.Image, pen: int = 8, ink: tuple[int, int, int] = BLUE
) -> Image.Image:
    """A digit 170 pixels high written on a sheet of 480 × 360."""
    draw = ImageDraw.Draw(paper)
    for stroke in DIGITS[digit]:
        points = [(120 + 0.85 * x, 55 + 0.85 * y) for x, y in stroke]
        draw.line(points, ink, pen, joint="curve")
        for x, y in points:
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), ink)
    return paper


def sheet(color: tuple[int, int, int] = PAPER) -> Image.Image:
    return Image.new("RGB", (480, 360), color)


def ruled(squared: bool = False) -> Image.Image:
    paper = sheet()
    draw = ImageDraw.Draw(paper)
    for step in range(20, 600, 55):
        draw.line([(-5, step), (485, step + 14)], (140, 170, 210), 2)
        if squared:
            draw.line([(step, -5), (step - 10, 365)], (140, 170, 210), 2)
    return paper


def on_table() -> Image.Image:
    paper = sheet(TABLE)
    ImageDraw.Draw(paper).polygon([(40, -5), (485, -5), (485, 330), (60, 310)], PAPER)
    return paper


def photographed(paper: Image.Image, seed: int = 0, shadow: bool = True) -> bytes:
    """A sheet in the light of a lamp at its side, under a hand's shadow; unsharp, noisy, packed."""
    width, height = paper.size
    light = np.linspace(1.0, 0.6, width)[None, :] * np.linspace(0.8, 1.0, height)[:, None]
    if shadow:
        dark = Image.new("L", paper.size)
        ImageDraw.Draw(dark).polygon([(200, -60), (560, -60), (330, 190)], 255)
        light = light * (1 - 0.45 * np.asarray(dark.filter(ImageFilter.GaussianBlur(9))) / 255)
    seen = np.asarray(paper.filter(ImageFilter.GaussianBlur(1)), np.float64) * light[..., None]
    return jpeg(seen + np.random.default_rng(seed).normal(0, 4, seen.shape))


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize(
    ("paper", "pen", "ink"),
    [
        (sheet, 8, BLUE),
        (sheet, 3, RED),
        (sheet, 22, PENCIL),
        (ruled, 8, BLUE),
        (lambda: ruled(squared=True), 6, RED),
        (on_table, 8, BLUE),
        (lambda: sheet(BOARD), 8, CHALK),
        (lambda: sheet(BOARD), 22, CHALK),
    ],
    ids=["sheet", "fine", "broad", "ruled", "squared", "table", "board", "broad chalk"],
)
def test_ten_digits_are_classified_on_every_paper(
    classifier: Classifier,
    digit: int,
    paper: Callable[[], Image.Image],
    pen: int,
    ink: tuple[int, int, int],
) -> None:
    content = photographed(written(digit, paper(), pen, ink), seed=digit)
    assert classifier.predict(digit_from_file(content)).digit == digit


def test_mnist_s_own_images_are_classified_dark_or_light_and_cropped(
    classifier: Classifier, mnist_folder: Path
) -> None:
    test = load(mnist_folder).test
    right = {"light": 0, "dark": 0, "close": 0}
    for image, label in zip(test.images[:30].numpy(), test.labels[:30].tolist(), strict=True):
        pixels = image.reshape(SIDE, SIDE)
        rows, columns = pixels.any(1).nonzero()[0], pixels.any(0).nonzero()[0]
        close = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        for name, gray in (("light", pixels), ("dark", 255 - pixels), ("close", close)):
            try:
                digit = digit_from_file(png(Image.fromarray(gray)))
            # A one that was cut close is nothing but ink.
            except DigitError:
                continue
            right[name] += classifier.predict(digit).digit == label
    assert min(right.values()) >= 28 and min(right["light"], right["dark"]) >= 29, right


def pixels(content: bytes) -> np.ndarray:
    return digit_from_file(content).pixels.astype(float)


def test_stroke_width_becomes_mnist_s_unless_it_is_not_normalized() -> None:
    def median(pen: int, steps: PreprocessingOptions) -> float:
        digits = [digit_from_file(png(written(n, sheet(), pen)), steps) for n in (1, 2, 4, 7)]
        return thickness(torch.stack([torch.from_numpy(d.pixels.copy()) for d in digits]))

    for pen in (2, 8, 30):
        assert median(pen, PreprocessingOptions()) == pytest.approx(2.45, abs=0.3), pen
    fine, usual, broad = (
        median(pen, PreprocessingOptions(normalize_stroke_width=False)) for pen in (2, 8, 30)
    )
    assert fine < usual < 2 < 2.8 < broad


def test_without_cropping_the_whole_picture_is_fitted() -> None:
    content = png(written(7, sheet()))
    cropped, whole = (
        digit_from_file(content, PreprocessingOptions(crop=crop)) for crop in (True, False)
    )
    assert whole.cropped.shape[1] / whole.cropped.shape[0] == pytest.approx(480 / 360, rel=0.05)
    assert whole.scaled.any() and whole.scaled.any(1).sum() < cropped.scaled.any(1).sum()


def test_a_stroke_apart_stays_and_specks_and_lines_do_not() -> None:
    five = sheet()
    draw = ImageDraw.Draw(five)
    draw.line([(200, 90), (195, 170), (240, 165), (265, 200), (250, 250), (195, 255)], BLUE, 9)
    alone = ink_from_photo(png(five))
    draw.line([(225, 84), (290, 82)], BLUE, 9)
    whole = ink_from_photo(png(five))
    wide, narrow = (np.ptp(np.flatnonzero(ink.any(0))) for ink in (whole, alone))
    assert wide > 1.1 * narrow
    before = pixels(png(five))
    for x, y in ((30, 30), (440, 320), (60, 300)):
        draw.ellipse((x, y, x + 6, y + 6), BLUE)
    draw.line([(0, 330), (480, 340)], (120, 150, 200), 2)
    assert np.abs(pixels(png(five)) - before).max() <= 40


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photo_is_rotated_by_its_exif_orientation(turn: int) -> None:
    upright = written(4, sheet())
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = turn
    as_held = upright.transpose(undo[turn]) if turn in undo else upright
    for form in ("PNG", "TIFF"):
        held = ink_from_photo(png(as_held, form, exif=exif))
        assert np.array_equal(held, ink_from_photo(png(upright))), form


def test_two_specks_are_no_digit() -> None:
    specks = Image.new("L", (1000, 1000), 255)
    specks.putpixel((3, 3), 0)
    specks.putpixel((500, 500), 0)
    with pytest.raises(DigitError, match="digit"):
        digit_from_file(png(specks))


def test_a_stroke_on_a_printed_line_of_a_small_crop_stays() -> None:
    def foot_of_a_two(line: tuple[int, int, int] | None) -> float:
        paper = Image.new("RGB", (240, 300), PAPER)
        draw = ImageDraw.Draw(paper)
        if line:
            draw.line([(0, 250), (240, 250)], line, 3)
        points = [(50, 60), (110, 40), (160, 70), (150, 130), (35, 250), (205, 250)]
        draw.line(points, (20, 20, 30), 7, joint="curve")
        content = photographed(paper, shadow=False)
        ink = ink_from_photo(content, PreprocessingOptions(normalize_stroke_width=False))
        return float((ink[300:340] > 127).any(0).sum())

    # The foot is more than half of what is on the line.
    assert foot_of_a_two((150, 178, 214)) > 0.95 * foot_of_a_two(None) > 150


@pytest.mark.parametrize(("width", "is_open"), [(16, True), (40, True), (6, False)])
def test_the_loop_of_a_narrow_digit_stays_open_and_a_gap_in_the_ink_does_not(
    width: int, is_open: bool
) -> None:
    ring = Image.new("L", (width, 100))
    ImageDraw.Draw(ring).rectangle((0, 0, width - 1, 99), outline=255, width=2)
    normalized = normalize_stroke_width(np.pad(np.asarray(ring), 20))
    inside = normalized[normalized.shape[0] // 2] < 64
    columns = np.flatnonzero(~inside)
    assert inside[columns[0] : columns[-1]].any() == is_open
