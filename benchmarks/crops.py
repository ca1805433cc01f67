"""Made-up pictures of digits that were cut out of something: `benchmarks/photos.py --kinds`.

What is left of a form's box along the edges, a whole box, digits cut close, small crops of ruled
paper, and files of 28×28 pixels as MNIST has them. Lengths are fractions of the digit's height
unless they say otherwise.
"""

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scenes import Floats, Scene, light, paper, photograph, tilted, written

CROPS = ("sliver", "close", "box", "boxphoto", "ruledcrop", "online", "28x28")
"""Lines along one or two edges; cut through the ink; a whole box, scanned and photographed; lines
anywhere, and one at the digit's foot, head or middle."""
PEN = (0.035, 0.13)
DETAIL = 4
"""Pictures are drawn this many times as large, then reduced, as a scanner averages."""
GRAYS = {"black": 20, "blue": 70, "pencil": 110}


def chosen_crop(kind: str, generator: np.random.Generator) -> Scene:
    """A scene of one of the `CROPS`."""
    pen = math.exp(generator.uniform(math.log(PEN[0]), math.log(PEN[1])))
    ink = str(generator.choice(list(GRAYS)))
    return Scene(kind, pen, ink, bool(kind == "boxphoto" and generator.random() < 0.5))


def crop(strokes: list[list[list[float]]], scene: Scene, generator: np.random.Generator) -> bytes:
    """A digit in one of the `CROPS`, as a file."""
    if scene.kind == "28x28":
        from mnistlab.drawing.strokes import digit_from_strokes

        digit = digit_from_strokes(strokes)
        assert digit is not None
        return png(Image.fromarray(digit.pixels))
    if scene.kind in ("ruledcrop", "online"):
        return ruled_crop(strokes, scene, generator)
    return cut(strokes, scene, generator)


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def ruled_crop(
    strokes: list[list[list[float]]], scene: Scene, generator: np.random.Generator
) -> bytes:
    """A digit that fills most of a small camera picture of lined paper."""
    long = math.exp(generator.uniform(math.log(80), math.log(240)))
    width, height = round(long * generator.uniform(0.7, 1)), round(long)
    lines, unit = written(strokes, width, height, generator, (0.6, 0.85))
    ruled = Scene("ruled", scene.pen, scene.ink, scene.shadow)
    ruling = line_at(lines, unit, width, height, generator) if scene.kind == "online" else None
    flat = paper(ruled, lines, unit, width, height, generator, ruling)
    lit = np.asarray(tilted(flat, long * 0.04, generator), np.float32)
    return photograph(lit * light(ruled, width, height, generator)[..., None], long, generator)


def line_at(
    lines: list[NDArray[np.float64]],
    unit: float,
    width: int,
    height: int,
    generator: np.random.Generator,
) -> Floats:
    """How densely (H, W) printed lines cover the paper when one lies on a stroke of the digit."""
    low, high = ends(lines)
    pitch = unit * generator.uniform(0.45, 1.2)
    thick = max(1.0, pitch * generator.uniform(0.02, 0.06))
    part = float(generator.choice([0, 0.5, 1], p=[0.2, 0.2, 0.6])) + generator.uniform(-0.05, 0.05)
    slope = math.tan(math.radians(generator.uniform(-4, 4)))
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    away = y - (low[1] + part * (high[1] - low[1])) - slope * (x - (low[0] + high[0]) / 2)
    near = np.abs((away + pitch / 2) % pitch - pitch / 2)
    cover: Floats = np.clip(thick / 2 + 0.5 - near, 0, 1).astype(np.float32)
    return cover


def cut(strokes: list[list[list[float]]], scene: Scene, generator: np.random.Generator) -> bytes:
    """A digit cut out of a form: with what `scene.kind` leaves of its box."""
    unit = math.exp(generator.uniform(math.log(30), math.log(180))) * DETAIL
    if scene.kind == "boxphoto":
        unit = generator.uniform(120, 400) * DETAIL / 2
    lines = upright(strokes, unit, generator)
    low, high = ends(lines)
    # Paper around the digit: almost none, or up to half a digit on each side.
    least, most = (-0.04, 0.04) if scene.kind == "close" else (0.08, 0.5)
    space = generator.uniform(least, most, 4) * unit
    if scene.kind.startswith("box"):
        space = np.repeat(generator.uniform(0.12, 0.4), 4) * unit
        # A box is no wider than it must be, but not for a one: at least half as wide as high.
        narrow = max(0.0, 0.5 * float(high[1] - low[1]) - float(high[0] - low[0]))
        space[[0, 2]] += narrow / 2
        space[:2] += (shift := generator.uniform(-0.08, 0.08, 2) * unit)
        space[2:] -= shift
    corner = low - space[:2]
    size = high + space[2:] - corner
    lines = [line - corner for line in lines]
    white, dark = int(generator.integers(235, 256)), int(generator.integers(0, 130))
    thick = max(1.0, generator.uniform(0.015, 0.06) * unit)
    if not scene.kind.startswith("box"):
        canvas = drawn(lines, size, scene, unit, white)
        if scene.kind == "sliver":
            for side in generator.choice(4, int(generator.integers(1, 3)), replace=False):
                sliver(canvas, int(side), thick, dark, generator)
        return png(reduced(canvas))
    # Around the box: the form, empty. Half of the boxes are a little askew.
    around = generator.uniform(0.06, 0.4) * unit + thick
    lines = [line + around for line in lines]
    canvas = drawn(lines, size + 2 * around, scene, unit, white)
    box = [around - thick, around - thick, around + size[0], around + size[1]]
    ImageDraw.Draw(canvas).rectangle([float(v) for v in box], outline=dark, width=round(thick))
    if generator.random() < 0.5:
        canvas = canvas.rotate(generator.uniform(-5, 5), Image.Resampling.BILINEAR, fillcolor=white)
    flat = reduced(canvas).convert("RGB")
    if scene.kind == "box":
        return png(flat)
    width, height = flat.size
    long = float(max(width, height))
    lit = np.asarray(tilted(flat, long * 0.03, generator), np.float32)
    return photograph(lit * light(scene, width, height, generator)[..., None], long, generator)


def upright(
    strokes: list[list[list[float]]], unit: float, generator: np.random.Generator
) -> list[NDArray[np.float64]]:
    """The strokes, a little askew, `unit` pixels long."""
    angle = math.radians(generator.uniform(-6, 6))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    lines = [np.asarray(stroke, np.float64).reshape(-1, 2) @ turn for stroke in strokes]
    low, high = ends(lines)
    return [(line - low) * unit / max(float((high - low).max()), 1e-9) for line in lines]


def ends(lines: list[NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = np.concatenate(lines)
    return points.min(0), points.max(0)


def drawn(
    lines: list[NDArray[np.float64]],
    size: NDArray[np.float64],
    scene: Scene,
    unit: float,
    white: int,
) -> Image.Image:
    """The digit on white paper, in gray."""
    from mnistlab.drawing.strokes import render_preview

    width, height = (max(20 * DETAIL, round(float(side))) for side in size)
    cover = render_preview(lines, scene.pen * unit, width, height) / 255
    gray = white + cover * (GRAYS[scene.ink] - white)
    return Image.fromarray(np.round(gray).astype(np.uint8))


def sliver(
    canvas: Image.Image, side: int, thick: float, dark: int, generator: np.random.Generator
) -> None:
    """A line along an edge, seldom parallel to it, and not always all the way."""
    width, height = canvas.size
    length, depth = (width, height) if side % 2 else (height, width)
    start, end = 0.0, float(length)
    if generator.random() < 0.4:
        start, end = (
            sorted(generator.uniform(0, length, 2))
            if generator.random() < 0.3
            else (0, 0.7 * length)
        )
    near, far = generator.uniform(0, thick, 2) - generator.uniform(0, 0.5) * thick
    outline = [(start, near - thick), (end, far - thick), (end, far), (start, near)]
    # Measured from the left edge, or turned to another one.
    if side >= 2:
        outline = [(along, depth - away) for along, away in outline]
    points = [(a, b) if side % 2 else (b, a) for a, b in outline]
    ImageDraw.Draw(canvas).polygon([(float(x), float(y)) for x, y in points], fill=dark)


def reduced(canvas: Image.Image) -> Image.Image:
    size = tuple(max(16, round(side / DETAIL)) for side in canvas.size)
    return canvas.resize((size[0], size[1]), Image.Resampling.BOX)
