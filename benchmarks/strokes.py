"""Accuracy of a checkpoint on people's drawings: `python benchmarks/strokes.py FILE`.

FILE holds digits as pen strokes, plain or gzipped JSON: a list of `{"label": 0–9, "writer": name,
"strokes": [[[x, y], …], …]}`. Each digit is placed on the canvas with a random size, position and
brush, at whole pixels as from a mouse, in the canvas' JSON; then it is processed as on the Draw
page. `--half` keeps every other writer: thresholds are chosen on one half and measured on the
other. `--slash` keeps the zeros alone, and draws a slash through each of them. Such digits are for
measuring, never for training.
"""

import argparse
import gzip
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
CANVAS = 280
SIZES = (20, 40, 80, 160, 260)
"""Bounds in pixels of the size groups; a digit's size is its longer side."""
BRUSHES = (2, 40)


def read(file: Path) -> list[dict[str, Any]]:
    """The file's digits; ends the program with a sentence if it holds none or anything else."""
    try:
        content = file.read_bytes()
        text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        digits: list[dict[str, Any]] = json.loads(text)
        for number, digit in enumerate(digits):
            digit["strokes"] = [stroke for stroke in digit["strokes"] if stroke]
            points = np.concatenate([np.asarray(s, np.float64) for s in digit["strokes"]])
            if digit["label"] not in range(10) or points.shape[1:] != (2,):
                raise ValueError(f"digit {number} has no label 0–9 or no points [x, y]")
            if not np.isfinite(points).all():
                raise ValueError(f"digit {number} has a coordinate that is not a number")
        if not digits:
            raise ValueError("it holds no digits")
    except (OSError, EOFError, ValueError, TypeError, LookupError, RecursionError) as error:
        sys.exit(f"{file}: {error}")
    return digits


def placed(
    strokes: list[list[list[float]]], size: float, generator: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Strokes in a size, at a random place of the canvas, at whole pixels."""
    lines = [np.asarray(stroke, np.float64).reshape(-1, 2) for stroke in strokes]
    points = np.concatenate(lines)
    low, extent = points.min(0), np.ptp(points, axis=0)
    scale = size / max(extent.max(), 1e-9)
    corner = generator.uniform(0, CANVAS - extent * scale)
    return [np.round((line - low) * scale + corner).astype(np.int64) for line in lines]


def slashed(
    strokes: list[list[list[float]]], generator: np.random.Generator
) -> list[list[list[float]]]:
    """A zero with a slash from its upper right to its lower left, which may stick out."""
    points = np.concatenate([np.asarray(stroke, np.float64) for stroke in strokes])
    low, extent = points.min(0), np.ptp(points, axis=0)
    # In parts of the zero's box, from 0 to 1 in both directions.
    out = generator.uniform(-0.15, 0.2)
    drop = generator.uniform(0, 0.2, 2)
    start, end = np.array([1 + out, drop[0] - out]), np.array([-out, 1 + out - drop[1]])
    way = np.linspace(0, 1, 12)[:, None]
    line = start + way * (end - start) + generator.normal(0, 0.01, (12, 2))
    return [*strokes, (low + line * extent).tolist()]


def on_canvas(lines: list[NDArray[np.int64]], brush: int) -> dict[str, object]:
    """The drawing as the canvas tells it: curves from middle to middle, as its pencil smooths."""
    objects = []
    for line in lines:
        # A mouse that has not moved by a pixel says nothing.
        points = [line.tolist()[0], *(b for a, b in pairwise(line.tolist()) if a != b)]
        path: list[list[object]] = [["M", *points[0]]]
        for here, there in pairwise(points):
            middle = [(a + b) / 2 for a, b in zip(here, there, strict=True)]
            path.append(["Q", *here, *middle])
        path.append(["L", *points[-1]])
        objects.append({"type": "path", "path": path, "strokeWidth": brush})
    return {"version": "4.4.0", "objects": objects}


@dataclass(frozen=True)
class Result:
    """Counts of all digits, of each label, each size group and each verdict."""

    correct: Counter[object] = field(default_factory=Counter)
    count_of: Counter[object] = field(default_factory=Counter)
    wrong: dict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    """Of each label: how often each other digit was predicted."""

    def add(self, label: int, predicted: int, size: float, verdict: str) -> None:
        upper = int(np.searchsorted(SIZES, size))
        for key in ("all", label, f"{SIZES[upper - 1]}–{SIZES[upper]}", verdict):
            self.count_of[key] += 1
            self.correct[key] += predicted == label
        if predicted != label:
            self.wrong[label][predicted] += 1

    def print(self, title: str, verdicts: list[str]) -> None:
        percent = {key: 100 * self.correct[key] / n for key, n in self.count_of.items()}
        n_all = self.count_of["all"]
        print(f"{percent['all']:.2f}%  {self.correct['all']:,} of {n_all:,} {title}")
        for verdict in verdicts:
            if count := self.count_of[verdict]:
                line = f"{100 * count / n_all:6.2f}% of all"
                print(f"  {verdict:<12} {line}, {percent[verdict]:.2f}% of them correct")
        for label in range(10):
            if count := self.count_of[label]:
                most = ", ".join(f"{n} as {d}" for d, n in self.wrong[label].most_common(3))
                print(f"  {label}      {percent[label]:6.2f}%  of {count:>5}  {most}")
        for low, high in pairwise(SIZES):
            if count := self.count_of[key := f"{low}–{high}"]:
                print(f"  {key:>7} pixels {percent[key]:6.2f}%  of {count:>5}")


def parser_of(description: str) -> argparse.ArgumentParser:
    """What every benchmark of a file of strokes asks for; the description's first line is shown."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--checkpoint", type=Path, help="default: the one the page shows first")
    parser.add_argument("--seed", type=int, default=0)
    return parser


HALVES = ("both", "first", "second")


def half_of(digits: list[dict[str, Any]], half: str) -> list[dict[str, Any]]:
    """The digits of every other writer, in the order of their names; all of them for "both".

    Ends the program with a sentence if that half has no writer.
    """
    if half == "both":
        return digits
    writers = sorted({str(digit.get("writer", "")) for digit in digits})
    kept = writers[half == "second" :: 2]
    found = [digit for digit in digits if str(digit.get("writer", "")) in kept]
    if not found:
        sys.exit(f"the {half} half of the writers is empty: measure with --half both")
    return found


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--half", choices=HALVES, default="both", help="of the file's writers")
    parser.add_argument("--slash", action="store_true", help="zeros alone, with a slash each")
    options = parser.parse_args()
    digits = half_of(read(options.file), options.half)
    if options.slash:
        slashes = np.random.default_rng(options.seed)
        digits = [digit for digit in digits if digit["label"] == 0]
        for digit in digits:
            digit["strokes"] = slashed(digit["strokes"], slashes)
        if not digits:
            sys.exit(f"{options.file}: it holds no zeros")

    import torch

    from mnistlab import zoo
    from mnistlab.drawing.classifier import Classifier
    from mnistlab.drawing.digit import DigitError
    from mnistlab.drawing.prediction import Verdict
    from mnistlab.drawing.strokes import digit_from_strokes, strokes_from_canvas

    torch.set_num_threads(1)
    path = options.checkpoint or zoo.default_checkpoint()
    classifier = Classifier(path)
    generator = np.random.default_rng(options.seed)
    result = Result()
    for number, digit in enumerate(digits):
        # Every size as often: a decade of pixels is as likely to be drawn in as the next.
        size = float(np.exp(generator.uniform(*np.log([SIZES[0], SIZES[-1]]))))
        lines = placed(digit["strokes"], size, generator)
        drawing = on_canvas(lines, int(generator.integers(*BRUSHES)))
        try:
            prepared = digit_from_strokes(strokes_from_canvas(drawing))
        except DigitError as error:
            sys.exit(f"{options.file}: digit {number}: {error}")
        assert prepared is not None, "every digit has a point"
        prediction = classifier.predict(prepared)
        result.add(digit["label"], prediction.digit, size, prediction.verdict)
    result.print(f"classified correctly by {path.stem}, seed {options.seed}", [*Verdict])


if __name__ == "__main__":
    main()
