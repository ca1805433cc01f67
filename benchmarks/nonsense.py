"""How often a checkpoint rejects other inputs than digits: `python benchmarks/nonsense.py [FILE]`.

Scribbles, loose strokes, straight lines, dots, a square, a triangle and a cross are generated here,
and letters and symbols by `benchmarks/shapes.py`. With a FILE of pen strokes (see
benchmarks/strokes.py) also two of its digits side by side, and its digits themselves, which should
not be rejected. `--half` keeps every other writer's. None of it is used to fit the detector, which
learns from MNIST and from drawings that other code makes up (`mnistlab/uncertainty/nondigits.py`;
it has examples of each kind here but the letter alpha, drawn otherwise).
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
from shapes import shape, templates  # noqa: E402
from strokes import HALVES, half_of, read  # noqa: E402

Lines = list[NDArray[np.float64]]
SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], float)
TRIANGLE = np.array([[0, 1], [0.5, 0], [1, 1], [0, 1]], float)
CROSS = [np.array([[0, 0], [1, 1]], float), np.array([[1, 0], [0, 1]], float)]


def curve(points: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """A smooth line through the neighborhood of some random points."""
    knots = generator.uniform(0, 1, (points, 2))
    steps = np.linspace(0, points - 1, points * 12)
    each = [np.interp(steps, np.arange(points), knots[:, axis]) for axis in (0, 1)]
    smooth = [np.convolve(np.pad(one, 4, "edge"), np.ones(9) / 9, "valid") for one in each]
    return np.stack(smooth, 1)


def wobbly(line: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    return line * [generator.uniform(0.6, 1), 1] + generator.normal(0, 0.02, line.shape)


def scribble(generator: np.random.Generator) -> Lines:
    return [curve(int(generator.integers(6, 25)), generator)]


def loose_strokes(generator: np.random.Generator) -> Lines:
    count = int(generator.integers(3, 8))
    return [
        curve(int(generator.integers(2, 5)), generator) + generator.uniform(-0.3, 0.3, 2)
        for _ in range(count)
    ]


def straight_lines(generator: np.random.Generator) -> Lines:
    return [generator.uniform(0, 1, (2, 2)) for _ in range(int(generator.integers(3, 8)))]


def dots(generator: np.random.Generator) -> Lines:
    return [generator.uniform(0, 1, (1, 2)) for _ in range(int(generator.integers(1, 6)))]


def square(generator: np.random.Generator) -> Lines:
    return [wobbly(SQUARE, generator)]


def triangle(generator: np.random.Generator) -> Lines:
    return [wobbly(TRIANGLE, generator)]


def cross(generator: np.random.Generator) -> Lines:
    return [wobbly(line, generator) for line in CROSS]


def pair(digits: list[dict[str, Any]]) -> Callable[[np.random.Generator], Lines]:
    """Two digits side by side, each of height 1."""

    def unit(digit: dict[str, Any]) -> tuple[Lines, float]:
        lines = [np.asarray(stroke, float) for stroke in digit["strokes"]]
        points = np.concatenate(lines)
        low, extent = points.min(0), np.ptp(points, axis=0)
        scale = max(extent.max(), 1e-9)
        return [(line - low) / scale for line in lines], extent[0] / scale

    def draw(generator: np.random.Generator) -> Lines:
        one, other = (digits[int(n)] for n in generator.integers(0, len(digits), 2))
        (left, wide), (right, _) = unit(one), unit(other)
        gap = wide + generator.uniform(0.1, 0.5)
        return [*left, *(line + np.array([gap, 0.0]) for line in right)]

    return draw


def kinds(digits: list[dict[str, Any]]) -> Iterator[tuple[str, Callable[..., Lines]]]:
    for draw in (scribble, loose_strokes, straight_lines, dots, square, triangle, cross):
        yield draw.__name__.replace("_", " "), draw
    if digits:
        yield "two digits", pair(digits)
    for name in templates():
        yield f"shape {name}", shape(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, nargs="?", help="digits as pen strokes")
    parser.add_argument("--checkpoint", type=Path, help="default: the one the page shows first")
    parser.add_argument("--number", type=int, default=500, help="of each kind; default: 500")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--half", choices=HALVES, default="both")
    options = parser.parse_args()
    digits = half_of(read(options.file), options.half) if options.file else []

    import torch

    from mnistlab import zoo
    from mnistlab.drawing.classifier import Classifier
    from mnistlab.drawing.prediction import Verdict
    from mnistlab.drawing.strokes import digit_from_strokes

    torch.set_num_threads(1)
    path = options.checkpoint or zoo.default_checkpoint()
    classifier = Classifier(path)
    if classifier.uncertainty is None:
        sys.exit(f"{path} has no uncertainty model. Fit one: python -m mnistlab calibrate {path}")
    generator = np.random.default_rng(options.seed)

    def report(name: str, drawings: list[Lines]) -> float:
        """Print a line; the fraction that is noticed as not a digit."""
        verdicts: Counter[Verdict] = Counter()
        for lines in drawings:
            digit = digit_from_strokes([line.tolist() for line in lines])
            assert digit is not None
            verdicts[classifier.predict(digit).verdict] += 1
        parts = (
            f"{100 * verdicts[v] / len(drawings):6.2f}% {v}"
            for v in (Verdict.NOT_A_DIGIT, Verdict.UNCERTAIN)
        )
        print(f"  {name:<15} {'   '.join(parts)}   of {len(drawings):,}", flush=True)
        return verdicts[Verdict.NOT_A_DIGIT] / len(drawings)

    print(f"classified by {path.stem}, seed {options.seed}")
    shape_fractions = []
    for name, draw in kinds(digits):
        fraction = report(name, [draw(generator) for _ in range(options.number)])
        if name.startswith("shape"):
            shape_fractions.append(fraction)
    mean = float(np.mean(shape_fractions))
    print(f"  mean of {len(shape_fractions)} letters and symbols: {100 * mean:.1f}% not a digit")
    if digits:
        report("its digits", [[np.asarray(s, float) for s in one["strokes"]] for one in digits])


if __name__ == "__main__":
    main()
