"""Image files: every format gives the same digit; unreadable or too large ones are errors."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from mnistlab.drawing.digit import DigitError, PreparedDigit
from mnistlab.drawing.photo import decode
from tests.drawing.photo.files import digit_from_file, heic
from tests.drawing.photo.test_ink import jpeg, pixels
from tests.drawing.test_digit import png, seven


def clear(ink: tuple[int, int, int], seen_through: int = 0) -> Image.Image:
    """Strokes of one color on nothing, whose hidden color is black."""
    strokes = np.asarray(seven().convert("L")) < 128
    drawn = np.zeros((*strokes.shape, 4), np.uint8)
    drawn[..., 3] = seen_through
    drawn[strokes] = (*ink, 255)
    return Image.fromarray(drawn)


def cut_out() -> Image.Image:
    """A gray sheet with round corners on nothing."""
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


def heic_of_size(width: int, height: int) -> bytes:
    """A HEIC photo whose header promises this size."""
    whole = bytearray(heic(seven()))
    place = whole.index(b"ispe") + 8
    whole[place : place + 8] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return bytes(whole)


GRAY = seven().convert("L")
PROFILE = bytes(range(256)) * 2000


@pytest.mark.parametrize(
    "content",
    [
        png(seven(paper="black", pen="white")),
        png(seven(), "JPEG", quality=60),
        png(seven(), "JPEG", progressive=True),
        png(seven().convert("CMYK"), "JPEG", quality=95),
        png(GRAY),
        png(seven().convert("1")),
        png(seven().convert("P")),
        png(seven().convert("LA")),
        png(seven(), "BMP"),
        png(seven(), "WEBP"),
        png(seven(), "TIFF", compression="tiff_lzw"),
        heic(seven()),
        png(clear((0, 0, 0))),
        png(clear((255, 255, 255))),
        png(clear((255, 255, 255), seen_through=40)),
        png(clear((230, 220, 60))),
        png(clear((0, 0, 0)).quantize(8), "GIF", transparency=0),
        png(cut_out()),
        png(sixteen(0, 65535)),
        png(sixteen(300, 4095)),
        png(sixteen(0, 65535), "TIFF"),
        png(Image.fromarray(np.asarray(GRAY, np.float32) / 255), "TIFF"),
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
def test_every_format_gives_about_the_same_digit(content: bytes) -> None:
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
    ("content", "message"),
    [
        (b"", "Not a readable image"),
        (b"GIF89a", "Not a readable image"),
        (b"7", "Not a readable image"),
        (b"<html>no</html>", "Not a readable image"),
        (SVG, "Not a readable image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "Not a readable image"),
        (png(seven())[:300], "Not a readable image"),
        (png(seven(), "JPEG")[:900], "Not a readable image"),
        (png(seven(), "WEBP")[:200], "Not a readable image"),
        (bomb(), "Not a readable image"),
        (heic(seven())[:400], "Not a readable image"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(200), "Not a readable image"),
        (heic_of_size(8000, 8000), "8,000 × 8,000"),
        # Rejected by the header alone, before decoding.
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
def test_unreadable_images_are_errors(content: bytes, message: str) -> None:
    with pytest.raises(DigitError, match=message):
        digit_from_file(content)


def test_a_mistake_of_ours_is_not_called_an_unreadable_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mistaken(image: Image.Image) -> None:
        raise TypeError("ours")

    content = io.BytesIO()
    Image.new("RGB", (40, 40)).save(content, "PNG")
    monkeypatch.setattr(decode, "_remove_alpha", mistaken)
    with pytest.raises(TypeError, match="ours"):
        decode.decode_image(content.getvalue(), 100)


def test_damaged_metadata_still_rotate_an_image() -> None:
    """A quarter turn, and a count of bytes (0x0117) that is a fraction."""
    entries = [(0x0112, 3, 1, 6 << 16), (0x0117, 5, 1, 38)]
    exif = struct.pack(">6s2sHIH", b"Exif", b"MM", 42, 8, len(entries))
    exif += b"".join(struct.pack(">HHII", *entry) for entry in entries)
    exif += struct.pack(">III", 0, 72, 1)
    held = png(Image.new("RGB", (40, 20)), "JPEG", exif=exif)
    with pytest.raises(struct.error):
        ImageOps.exif_transpose(Image.open(io.BytesIO(held)))
    assert decode.decode_image(held, 384).pixels.shape == (384, 192, 3)


def test_a_heic_photo_of_a_phone_held_upright_is_upright() -> None:
    held = Image.new("RGB", (64, 128))
    held.paste("white", (0, 0, 64, 32))
    exif = Image.Exif()
    exif[0x0112] = 8
    photo = heic(held.rotate(-90, expand=True), exif=exif.tobytes())
    shown = decode.decode_image(photo, 128).pixels
    assert shown.shape == (128, 64, 3) and shown[:28].min() > 200 and shown[36:].max() < 60


def test_a_large_jpeg_is_never_decoded_at_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    shrunk = []
    resize = Image.Image.resize

    def watched(self: Image.Image, *values: object, **options: object) -> Image.Image:
        shrunk.append(max(self.size))
        return resize(self, *values, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Image.Image, "resize", watched)
    assert decode.decode_image(png(seven(4000), "JPEG"), 384).pixels.shape == (384, 384, 3)
    assert max(shrunk) <= 1000


def test_damaged_files_are_a_digit_or_an_error() -> None:
    generator = np.random.default_rng(0)
    forms = ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"]
    files = [*(png(seven(90), form) for form in forms), heic(seven(90))]
    for number in range(140):
        whole = bytearray(files[number % len(files)])
        for _ in range(int(generator.integers(1, 12))):
            # Headers break in more ways than pixels.
            place = int(len(whole) * generator.random() ** 3)
            whole[place] = int(generator.integers(256))
        with contextlib.suppress(DigitError):
            assert isinstance(digit_from_file(bytes(whole)), PreparedDigit)
