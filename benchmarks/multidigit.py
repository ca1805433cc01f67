"""Numbers of 1 to 8 digits, drawn on the wide canvas: `python benchmarks/multidigit.py FILE`.

FILE holds digits as pen strokes, as for `benchmarks/strokes.py`. A number is made of one writer's
digits with random sizes, gaps, heights above the line and a slope, at whole pixels, in the canvas'
JSON; then it is segmented and classified as on the Draw page. A number counts as read if all of its
digits are right, and no others are there; as segmented, if each of its digits has strokes of its
own; and the single digits of the file as kept whole, if they are not taken for several.

The lengths in `mnistlab/drawing/segmentation.py` were chosen on every second writer, from the first
on; the others are the ones reported. (It is not called numbers.py: Python has a module of that
name, which numpy imports.)
"""

import argparse
import sys
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from strokes import HALVES, ROOT, half_of, on_canvas, parser_of, read

sys.path.insert(0, str(ROOT))

LENGTHS = range(1, 9)
WIDTH, HEIGHT = 700, 280
"""The wide canvas, in pixels."""
BORDER, BRUSH = 12, 12
SIZES = (0.85, 1.15)
"""Of each digit, relative to the writer's other digits."""
GAPS = (-0.1, 0.6)
"""Between the boxes of two digits, in heights of a digit; below 0 they overlap."""
MIN_DISTANCE = 0.08
"""Between the strokes of two digits: they never touch."""
JITTER = 0.06
"""Standard deviation of the height above the line."""
SLOPE = 4
"""Degrees, either way."""

Lines = list[NDArray[np.float64]]


def by_writer(digits: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Each writer's digits, scaled such that the median one is 1 high."""
    writers: dict[str, list[dict[str, Any]]] = {}
    for digit in digits:
        writers.setdefault(str(digit.get("writer", "")), []).append(digit)
    for own in (writers := dict(sorted(writers.items()))).values():
        lines = [[np.asarray(s, np.float64) for s in digit["strokes"]] for digit in own]
        unit = max(float(np.median([np.ptp(np.concatenate(each)[:, 1]) for each in lines])), 1e-9)
        for digit, each in zip(own, lines, strict=True):
            digit["lines"] = [line / unit for line in each]
    return list(writers.values())


def written(
    digits: list[dict[str, Any]],
    generator: np.random.Generator,
    min_distance: float = MIN_DISTANCE,
) -> list[Lines]:
    """Each digit's strokes (N, 2) at its place in the number, in heights of a digit."""
    placed: list[Lines] = []
    right = 0.0
    for digit in digits:
        whole = np.concatenate(digit["lines"])
        corner = np.array([whole[:, 0].min(), whole[:, 1].max()])
        up = generator.normal(0, JITTER)
        scale = generator.uniform(*SIZES)
        lines = [(line - corner) * scale + [0, up] for line in digit["lines"]]
        step = np.array([right + generator.uniform(*GAPS) if placed else 0.0, 0.0])
        # Moved to the right until it is free of the digit before it.
        while placed and _distance(placed[-1], [line + step for line in lines]) < min_distance:
            step[0] += 0.02
        placed.append([line + step for line in lines])
        right = max(right, float(np.concatenate(placed[-1])[:, 0].max()))
    slope = np.tan(np.radians(generator.uniform(-SLOPE, SLOPE)))
    return [[line + line[:, :1] * [0, slope] for line in lines] for lines in placed]


def _distance(first: Lines, second: Lines) -> float:
    """The smallest distance between points that lie closely along two digits."""
    dense = []
    for lines in (first, second):
        points = []
        for line in lines:
            steps = np.linspace(0, 1, 6)[:, None, None]
            points.append((line[:-1] + steps * np.diff(line, axis=0)).reshape(-1, 2))
            points.append(line)
        dense.append(np.concatenate(points))
    return float(np.sqrt(((dense[0][:, None] - dense[1][None]) ** 2).sum(2)).min())


def on_wide_canvas(number: list[Lines], generator: np.random.Generator) -> list[Lines]:
    """The number at a random place and size that fits the canvas, at whole pixels."""
    points = np.concatenate([line for lines in number for line in lines])
    low, extent = points.min(0), np.ptp(points, axis=0)
    room = np.array([WIDTH, HEIGHT]) - 2 * BORDER
    largest = float((room / np.maximum(extent, 1e-9)).min())
    # A digit is 60 to 200 pixels high, if the number then fits.
    scale = min(largest, generator.uniform(60, 200))
    corner = BORDER + generator.uniform(0, np.maximum(room - extent * scale, 0))
    return [[np.round((line - low) * scale + corner) for line in lines] for lines in number]


def options_from_command_line() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--number", type=int, default=800, help="how many numbers; default: 800")
    parser.add_argument(
        "--half",
        choices=HALVES,
        default="second",
        help="of the writers; lengths were chosen on the first",
    )
    return parser.parse_args()


def main() -> None:
    options = options_from_command_line()
    digits = read(options.file)
    writers = by_writer(half_of(digits, options.half))

    import torch

    from mnistlab import zoo
    from mnistlab.drawing.classifier import Classifier
    from mnistlab.drawing.segmentation import segment_strokes
    from mnistlab.drawing.strokes import digit_from_strokes, strokes_from_canvas
    from mnistlab.stats.score import Score

    torch.set_num_threads(1)
    path = options.checkpoint or zoo.default_checkpoint()
    classifier = Classifier(path)
    generator = np.random.default_rng(options.seed)
    misread, bad_cuts, count_of = Counter[int](), 0, Counter[int]()
    for turn in range(options.number):
        length = LENGTHS[turn % len(LENGTHS)]
        writer = writers[generator.integers(len(writers))]
        chosen = [writer[place] for place in generator.integers(0, len(writer), length)]
        number = on_wide_canvas(written(chosen, generator), generator)
        drawing = on_canvas([line.astype(np.int64) for lines in number for line in lines], BRUSH)
        # As on the page.
        strokes = strokes_from_canvas(drawing)
        segments = segment_strokes(strokes)
        prepared = [digit_from_strokes([strokes[p] for p in each.parts]) for each in segments]
        predictions = classifier.predict_all([each for each in prepared if each])
        # Which digit each stroke is of, in the order of drawing.
        owner = [place for place, lines in enumerate(number) for _ in lines]
        found = [{owner[part] for part in each.parts} for each in segments]
        count_of[length] += 1
        misread[length] += [each.digit for each in predictions] != [d["label"] for d in chosen]
        bad_cuts += found != [{place} for place in range(length)]
    rows = {f"{n} digit{'s' * (n > 1)}": Score(misread[n], count_of[n]) for n in count_of}
    mean = np.mean([row.accuracy for row in rows.values()])
    rows["segmented"] = Score(bad_cuts, options.number)
    own = [digit for each in writers for digit in each]
    split = sum(len(segment_strokes(digit["strokes"])) > 1 for digit in own)
    rows["kept whole"] = Score(split, len(own))
    print(f"{100 * mean:.2f}%  of numbers read, the mean over their lengths; {path.stem}", end=", ")
    print(f"seed {options.seed}, {len(writers)} writers (half: {options.half})")
    for name, row in rows.items():
        print(f"  {name:<12} {row}")


if __name__ == "__main__":
    main()
