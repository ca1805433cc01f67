"""Photos: ten digits on every kind of paper, whatever the pen; every kind of file; what is none."""

import contextlib
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter

from mnistlab import zoo
from mnistlab.data.mnist import load
from mnistlab.sketch import picture
from mnistlab.sketch.digit import SIDE, Digit, DigitError, Steps
from mnistlab.sketch.photo import digit_from_file, ink_from_photo
from mnistlab.sketch.predict import Reader
from tests.digits import DIGITS
from tests.sketch.test_digit import png, seven
from tests.sketch.test_strokes import thickness

PAPER, TABLE, BOARD = (238, 234, 224), (90, 64, 44), (40, 62, 54)
BLUE, RED, PENCIL, CHALK = (40, 50, 140), (190, 40, 48), (104, 104, 108), (232, 230, 220)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(zoo.reader())


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


def sheet(colour: tuple[int, int, int] = PAPER) -> Image.Image:
    return Image.new("RGB", (480, 360), colour)


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
def test_ten_digits_are_read_on_every_paper(
    reader: Reader,
    digit: int,
    paper: Callable[[], Image.Image],
    pen: int,
    ink: tuple[int, int, int],
) -> None:
    content = photographed(written(digit, paper(), pen, ink), seed=digit)
    assert reader.read(digit_from_file(content)).digit == digit


def test_mnist_s_own_pictures_are_read_dark_or_light_and_cut_close(
    reader: Reader, mnist_folder: Path
) -> None:
    test = load(mnist_folder).test
    right = {"light": 0, "dark": 0, "close": 0}
    for image, label in zip(test.images[:30].numpy(), test.labels[:30].tolist(), strict=True):
        pixels = image.reshape(SIDE, SIDE)
        rows, columns = pixels.any(1).nonzero()[0], pixels.any(0).nonzero()[0]
        close = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        for name, grey in (("light", pixels), ("dark", 255 - pixels), ("close", close)):
            try:
                digit = digit_from_file(png(Image.fromarray(grey)))
            # A one that was cut close is nothing but ink.
            except DigitError:
                continue
            right[name] += reader.read(digit).digit == label
    assert min(right.values()) >= 28 and min(right["light"], right["dark"]) >= 29, right


def pixels(content: bytes) -> np.ndarray:
    return digit_from_file(content).pixels.astype(float)


def test_strokes_become_as_thick_as_mnist_s_unless_they_are_left_alone() -> None:
    def median(pen: int, steps: Steps) -> float:
        digits = [digit_from_file(png(written(n, sheet(), pen)), steps) for n in (1, 2, 4, 7)]
        return thickness(torch.stack([torch.from_numpy(d.pixels.copy()) for d in digits]))

    for pen in (2, 8, 30):
        assert median(pen, Steps()) == pytest.approx(2.45, abs=0.3), pen
    fine, usual, broad = (median(pen, Steps(anew=False)) for pen in (2, 8, 30))
    assert fine < usual < 2 < 2.8 < broad


def test_without_cropping_the_whole_picture_is_fitted() -> None:
    content = png(written(7, sheet()))
    cropped, whole = (digit_from_file(content, Steps(crop=crop)) for crop in (True, False))
    assert whole.cropped.shape[1] / whole.cropped.shape[0] == pytest.approx(480 / 360, rel=0.05)
    assert whole.scaled.any() and whole.scaled.any(1).sum() < cropped.scaled.any(1).sum()


def test_a_stroke_apart_stays_and_specks_and_lines_do_not() -> None:
    five = sheet()
    draw = ImageDraw.Draw(five)
    draw.line([(200, 90), (195, 170), (240, 165), (265, 200), (250, 250), (195, 255)], BLUE, 9)
    alone = ink_from_photo(png(five))
    draw.line([(225, 84), (290, 82)], BLUE, 9)
    whole = ink_from_photo(png(five))
    assert np.ptp(whole.any(0).nonzero()) > 1.1 * np.ptp(alone.any(0).nonzero())
    before = pixels(png(five))
    for x, y in ((30, 30), (440, 320), (60, 300)):
        draw.ellipse((x, y, x + 6, y + 6), BLUE)
    draw.line([(0, 330), (480, 340)], (120, 150, 200), 2)
    assert np.abs(pixels(png(five)) - before).max() <= 40


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photo_is_read_upright_however_the_camera_was_held(turn: int) -> None:
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


def clear(ink: tuple[int, int, int], seen_through: int = 0) -> Image.Image:
    """Strokes of one colour on nothing, whose hidden colour is black."""
    strokes = np.asarray(seven().convert("L")) < 128
    drawn = np.zeros((*strokes.shape, 4), np.uint8)
    drawn[..., 3] = seen_through
    drawn[strokes] = (*ink, 255)
    return Image.fromarray(drawn)


def cut_out() -> Image.Image:
    """A grey sheet with round corners on nothing."""
    paper = seven(paper="#b0b0b0").convert("RGBA")
    cover = Image.new("L", paper.size)
    ImageDraw.Draw(cover).rounded_rectangle((0, 0, 279, 279), 50, 255)
    paper.putalpha(cover)
    return paper


def sixteen(low: int, high: int) -> Image.Image:
    share = np.asarray(seven().convert("L")) / 255
    return Image.fromarray((low + share * (high - low)).astype(np.uint16))


def moving(form: str) -> bytes:
    """A seven, then an empty sheet."""
    return png(seven(), form, save_all=True, append_images=[seven(pen="white")] * 3)


GREY = seven().convert("L")
PROFILE = bytes(range(256)) * 2000


@pytest.mark.parametrize(
    "content",
    [
        png(seven(paper="black", pen="white")),
        png(seven(), "JPEG", quality=60),
        png(seven(), "JPEG", progressive=True),
        png(seven().convert("CMYK"), "JPEG", quality=95),
        png(GREY),
        png(seven().convert("1")),
        png(seven().convert("P")),
        png(seven().convert("LA")),
        png(seven(), "BMP"),
        png(seven(), "WEBP"),
        png(seven(), "TIFF", compression="tiff_lzw"),
        png(clear((0, 0, 0))),
        png(clear((255, 255, 255))),
        png(clear((255, 255, 255), seen_through=40)),
        png(clear((230, 220, 60))),
        png(clear((0, 0, 0)).quantize(8), "GIF", transparency=0),
        png(cut_out()),
        png(sixteen(0, 65535)),
        png(sixteen(300, 4095)),
        png(sixteen(0, 65535), "TIFF"),
        png(Image.fromarray(np.asarray(GREY, np.float32) / 255), "TIFF"),
        moving("GIF"),
        moving("WEBP"),
        moving("PNG"),
        png(seven(), "JPEG", icc_profile=PROFILE, quality=95),
        png(seven(), "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\xff" * 9, quality=95),
        png(seven(4000)),
        png(seven(3000), "JPEG"),
        png(seven(60)),
    ],
    ids=lambda content: f"{len(content)} bytes",
)
def test_every_kind_of_picture_gives_about_the_same_digit(content: bytes) -> None:
    assert np.abs(pixels(content) - pixels(png(seven()))).mean() < 6


def bomb() -> bytes:
    """A small PNG whose profile unpacks to 200 megabytes."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    chunk = b"iCCP" + b"profile\x00\x00" + packed
    whole, header = png(seven()), 33
    length, check = (len(chunk) - 4).to_bytes(4, "big"), zlib.crc32(chunk).to_bytes(4, "big")
    return whole[:header] + length + chunk + check + whole[header:]


def header_only(width: int, height: int) -> bytes:
    """A PNG that ends where its pixels should begin."""
    whole = bytearray(png(Image.new("L", (1, 1))))
    whole[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    whole[29:33] = zlib.crc32(whole[12:29]).to_bytes(4, "big")
    return bytes(whole[:41])


def grain() -> bytes:
    noise = np.random.default_rng(0).normal(200, 5, (360, 480, 3))
    return jpeg(noise * np.linspace(1, 0.6, 480)[None, :, None])


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L9 9"/></svg>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a picture"),
        (b"GIF89a", "not a picture"),
        (b"7", "not a picture"),
        (b"<html>no</html>", "not a picture"),
        (SVG, "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (png(seven())[:300], "not a picture"),
        (png(seven(), "JPEG")[:900], "not a picture"),
        (png(seven(), "WEBP")[:200], "not a picture"),
        (bomb(), "not a picture"),
        # Told from the header alone: nothing of that size is opened.
        (header_only(20_000, 10), "20,000 × 10"),
        (header_only(8000, 8000), "8,000 × 8,000"),
        (header_only(20_000, 20_000), "too large"),
        (png(Image.new("RGB", (1, 1))), "digit"),
        (png(Image.new("RGB", (1, 900), "white")), "narrow"),
        (png(Image.new("L", (50, 50), 255)), "digit"),
        (png(Image.new("L", (50, 50), 0)), "digit"),
        (png(Image.new("RGB", (700, 500), (200, 30, 90))), "digit"),
        (png(Image.new("RGBA", (50, 50))), "transparent"),
        (png(Image.fromarray(np.full((50, 50), 700, np.uint16))), "digit"),
        (grain(), "digit"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_is_no_readable_picture_is_refused_in_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(DigitError, match=said):
        digit_from_file(content)


def test_two_specks_are_no_digit() -> None:
    specks = Image.new("L", (1000, 1000), 255)
    specks.putpixel((3, 3), 0)
    specks.putpixel((500, 500), 0)
    with pytest.raises(DigitError, match="digit"):
        digit_from_file(png(specks))


def test_a_large_camera_s_jpeg_is_never_decoded_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    shrunk = []
    resize = Image.Image.resize

    def watched(self: Image.Image, *values: object, **options: object) -> Image.Image:
        shrunk.append(max(self.size))
        return resize(self, *values, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Image.Image, "resize", watched)
    assert picture.opened(png(seven(4000), "JPEG"), 384).shape == (384, 384, 3)
    assert max(shrunk) <= 1000


def test_broken_files_are_a_digit_or_a_sentence() -> None:
    chance = np.random.default_rng(0)
    forms = ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"]
    for number in range(120):
        whole = bytearray(png(seven(90), forms[number % len(forms)]))
        for _ in range(int(chance.integers(1, 12))):
            # Headers break in more ways than pixels.
            place = int(len(whole) * chance.random() ** 3)
            whole[place] = int(chance.integers(256))
        with contextlib.suppress(DigitError):
            assert isinstance(digit_from_file(bytes(whole)), Digit)
