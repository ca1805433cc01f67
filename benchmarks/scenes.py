"""Made-up photos of digits: paper, pens, light and a camera for `benchmarks/photos.py`.

Lengths on the paper are in heights of the digit. The scenes were fixed before the code that
reads photos was written, and were not changed for its results.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFilter

KINDS = ("plain", "ruled", "squared", "edge", "board")
"""Empty paper; lined and squared paper; paper that ends within the picture; chalk on a board."""
INKS = {
    "black": (28, 28, 32),
    "blue": (36, 52, 140),
    "red": (190, 40, 48),
    "green": (34, 112, 66),
    "pencil": (92, 92, 96),
}
CHALKS = {"white": (236, 236, 228), "yellow": (232, 216, 124)}
BOARDS = ((38, 62, 52), (46, 49, 53))
PAPERS = ((250, 249, 246), (244, 238, 222), (228, 232, 236))
LINES = ((150, 178, 214), (168, 168, 176), (196, 160, 170))
TABLES = ((92, 62, 40), (58, 58, 62), (140, 104, 70))
PENS = (0.018, 0.04, 0.075, 0.14)
"""Bounds of the widths that are told apart; a pen of 0.5 mm on digits of 28, 12, 7 and 3.6 mm."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scene:
    """What is photographed, apart from the digit itself."""

    kind: str
    pen: float
    ink: str
    shadow: bool


def chosen(kind: str, generator: np.random.Generator) -> Scene:
    """A scene of some kind of paper."""
    inks = CHALKS if kind == "board" else INKS
    pen = math.exp(generator.uniform(math.log(PENS[0]), math.log(PENS[-1])))
    return Scene(kind, pen, str(generator.choice(list(inks))), bool(generator.random() < 0.5))


def photo(strokes: list[list[list[float]]], scene: Scene, generator: np.random.Generator) -> bytes:
    """A digit in a scene, as the JPEG of a camera."""
    long = math.exp(generator.uniform(math.log(400), math.log(1280)))
    ratio = generator.choice([1.0, 0.75, 4 / 3])
    width, height = round(long * min(1, ratio)), round(long * min(1, 1 / ratio))
    lines, unit = written(strokes, width, height, generator)
    return photographed(scene, lines, unit, width, height, long, generator)


def photo_of_number(
    strokes: list[NDArray[np.float64]], scene: Scene, generator: np.random.Generator
) -> bytes:
    """Digits in a line, whose strokes are in heights of a digit, as the JPEG of a camera."""
    long = math.exp(generator.uniform(math.log(600), math.log(1600)))
    ratio = generator.choice([0.75, 4 / 3, 16 / 9])
    width, height = round(long * min(1, ratio)), round(long * min(1, 1 / ratio))
    extent = float(np.ptp(np.concatenate(strokes), axis=0).max())
    lines, unit = written(strokes, width, height, generator, (0.5, 0.8))
    return photographed(scene, lines, unit / extent, width, height, long, generator)


def photographed(
    scene: Scene,
    lines: list[NDArray[np.float64]],
    unit: float,
    width: int,
    height: int,
    long: float,
    generator: np.random.Generator,
) -> bytes:
    """The sheet with these lines, as `paper` draws it, tilted and lit, as the JPEG of a camera."""
    flat = paper(scene, lines, unit, width, height, generator)
    lit = np.asarray(tilted(flat, long * 0.04, generator), np.float32)
    lit = lit * light(scene, width, height, generator)[..., None]
    return photograph(lit, long, generator)


def written(
    strokes: Sequence[ArrayLike],
    width: int,
    height: int,
    generator: np.random.Generator,
    part: tuple[float, float] = (0.25, 0.65),
) -> tuple[list[NDArray[np.float64]], float]:
    """The strokes in the picture's pixels, a little askew, and the digit's height there: between
    two parts of the picture's shorter side.
    """
    points = [np.asarray(stroke, np.float64).reshape(-1, 2) for stroke in strokes]
    angle = math.radians(generator.uniform(-8, 8))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    points = [line @ turn for line in points]
    # About the picture's middle.
    whole = np.concatenate(points)
    low, extent = whole.min(0), np.ptp(whole, axis=0)
    unit = generator.uniform(*part) * min(width, height)
    scale = unit / max(extent.max(), 1e-9)
    room = np.array([width, height]) - extent * scale
    corner = room * generator.uniform(0.3, 0.7, 2)
    return [(line - low) * scale + corner for line in points], unit


def paper(
    scene: Scene,
    lines: list[NDArray[np.float64]],
    unit: float,
    width: int,
    height: int,
    generator: np.random.Generator,
    ruling: Floats | None = None,
) -> Image.Image:
    """The written sheet, or board, from straight above in even light; `ruling` (H, W) instead of
    lines at a random place.
    """
    from mnistlab.drawing.strokes import render_preview

    board = scene.kind == "board"
    # Bottom up: the ground with its grain, the ruling, the ink or chalk, the table around it.
    ground = np.array((BOARDS if board else PAPERS)[generator.integers(2 if board else 3)])
    sheet = np.ones((height, width, 3), np.float32) * ground
    sheet *= 1 + (0.12 if board else 0.025) * clouds(width, height, 0.1, generator)[..., None]
    if scene.kind in ("ruled", "squared"):
        if ruling is None:
            ruling = ruled(scene.kind == "squared", unit, width, height, generator)
        blend(sheet, LINES[generator.integers(len(LINES))], ruling * generator.uniform(0.35, 0.9))
    cover = (
        render_preview(lines, max(1.0, scene.pen * unit), width, height).astype(np.float32) / 255
    )
    # A pen presses unevenly; pencil and chalk leave the ground's grain free.
    cover *= 1 - generator.uniform(0, 0.25) * (0.5 + 0.5 * clouds(width, height, 0.03, generator))
    if scene.ink == "pencil" or board:
        grain = clouds(width, height, 1.5 / max(width, height), generator)
        cover *= np.clip(0.75 + 0.35 * grain, 0, 1)
    blend(sheet, (CHALKS if board else INKS)[scene.ink], cover)
    if scene.kind == "edge":
        table = TABLES[generator.integers(len(TABLES))]
        off = table_edge(np.concatenate(lines), width, height, generator)
        grain = 1 + 0.15 * clouds(width, height, 0.01, generator)
        sheet += off[..., None] * (np.array(table) * grain[..., None] - sheet)
    return Image.fromarray(np.clip(sheet, 0, 255).astype(np.uint8))


def blend(sheet: Floats, color: tuple[int, int, int], cover: NDArray[np.floating]) -> None:
    """Lay a color on a sheet, (H, W, 3), where and as densely as `cover`, (H, W), says."""
    sheet += cover[..., None] * (np.array(color, np.float32) - sheet)


def clouds(width: int, height: int, size: float, generator: np.random.Generator) -> Floats:
    """Smooth noise (H, W) within ±1 whose clouds are about that part of the longer side."""
    cells = [max(2, round(side / (size * max(width, height)))) for side in (width, height)]
    small = generator.uniform(-1, 1, (cells[1], cells[0])).astype(np.float32)
    grown = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    noise: Floats = np.clip(np.asarray(grown), -1, 1)
    return noise


def ruled(
    squared: bool, unit: float, width: int, height: int, generator: np.random.Generator
) -> Floats:
    """How densely (H, W) the printed lines cover the paper."""
    pitch = unit * (generator.uniform(0.25, 0.7) if squared else generator.uniform(0.45, 1.2))
    thick = max(1.0, pitch * generator.uniform(0.02, 0.06))
    angle = math.radians(generator.uniform(-4, 4))
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    cover = np.zeros((height, width), np.float32)
    # A pixel's way across the lines says how far it is from the middle of the nearest one.
    ways = [y * math.cos(angle) - x * math.sin(angle)]
    if squared:
        ways.append(x * math.cos(angle) + y * math.sin(angle))
    for way in ways:
        near = np.abs((way + generator.uniform(0, pitch)) % pitch - pitch / 2)
        np.maximum(cover, np.clip(thick / 2 + 0.5 - near, 0, 1), out=cover)
    return cover


def table_edge(
    points: NDArray[np.float64], width: int, height: int, generator: np.random.Generator
) -> Floats:
    """Where (H, W) the paper has ended: 1 on the table, on one or two sides of the digit."""
    cover = np.zeros((height, width), np.float32)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    for side in generator.choice(4, int(generator.integers(1, 3)), replace=False):
        angle = math.radians(90 * side + generator.uniform(-10, 10))
        out = np.array([math.cos(angle), math.sin(angle)])
        # The paper may end anywhere between the digit and the picture's last quarter on that side.
        away = x * out[0] + y * out[1]
        last = float((points @ out).max())
        border = max(last, float(away.max()) - 0.25 * float(abs(out) @ [height, width]))
        end = border + generator.uniform(0.15, 0.7) * (float(away.max()) - border)
        end = max(end, last + 0.06 * min(width, height))
        np.maximum(cover, np.clip(away - end + 0.5, 0, 1), out=cover)
    return cover


def tilted(flat: Image.Image, shift: float, generator: np.random.Generator) -> Image.Image:
    """The sheet from a hand-held camera: the picture's corners lie up to `shift` pixels inwards."""
    width, height = flat.size
    corners = np.array([[0, 0], [0, height], [width, height], [width, 0]], np.float64)
    # Inwards, so that the sheet's edge stays outside.
    inward = np.sign([width / 2, height / 2] - corners)
    quad = corners + inward * generator.uniform(0, shift, (4, 2))
    flattened = tuple(float(v) for v in quad.reshape(-1))
    return flat.transform(flat.size, Image.Transform.QUAD, flattened, Image.Resampling.BICUBIC)


def light(scene: Scene, width: int, height: int, generator: np.random.Generator) -> Floats:
    """How much light (H, W) falls on each place: a lamp at one side, a lens' dark corners, and
    the shadow of a hand or a telephone.
    """
    across, down = (np.linspace(-1, 1, side, dtype=np.float32) for side in (width, height))
    x, y = np.meshgrid(across, down)
    angle = generator.uniform(0, 2 * math.pi)
    # The lamp's light falls off to one side, the lens' with the squared distance to the middle.
    slope = (x * math.cos(angle) + y * math.sin(angle)) / math.sqrt(2)
    even = 1 + generator.uniform(0, 0.3) * slope - generator.uniform(0, 0.15) * (x**2 + y**2)
    bright = even * generator.uniform(0.65, 1.0)
    if scene.shadow:
        # Five corners around some place, in order of their direction, with a soft edge.
        dark = Image.new("L", (width, height))
        middle = np.array([width, height]) * generator.uniform(0, 1, 2)
        reach = max(width, height) * generator.uniform(0.3, 0.7, 5)
        turns = np.sort(generator.uniform(0, 2 * math.pi, 5))
        corners = [
            (middle[0] + r * math.cos(a), middle[1] + r * math.sin(a))
            for r, a in zip(reach, turns, strict=True)
        ]
        ImageDraw.Draw(dark).polygon(corners, 255)
        soft = dark.filter(
            ImageFilter.GaussianBlur(max(width, height) * generator.uniform(0.01, 0.06))
        )
        bright = bright * (1 - generator.uniform(0.2, 0.6) * np.asarray(soft) / 255)
    return bright.astype(np.float32)


def photograph(lit: Floats, long: float, generator: np.random.Generator) -> bytes:
    """The camera's image of the light, as a file: blurred, noisy, compressed."""
    picture = Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))
    picture = picture.filter(ImageFilter.GaussianBlur(long / 1000 * generator.uniform(0.3, 2)))
    noise = generator.standard_normal(lit.shape, np.float32) * np.float32(generator.uniform(1, 8))
    noisy = np.clip(np.asarray(picture, np.float32) + noise, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=int(generator.integers(35, 93)))
    return out.getvalue()
