"""Photos of filled forms: `python benchmarks/form.py FILE`.

FILE holds digits as pen strokes, as for `benchmarks/strokes.py`. Each form is filled with one
writer's digits, with one of three pens, and photographed (`benchmarks/filled_forms.py`); the photo
then goes the Handwriting page's way. A form counts as read if each of its hundred boxes was found
within a millimeter of where it is, every digit in it was noticed, and no other.

The lengths in `mnistlab/handwriting/form` were chosen on every second writer, from the first on;
the others are the ones reported.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from strokes import HALVES, ROOT, half_of, parser_of, read

sys.path.insert(0, str(ROOT))

MAX_DISTANCE = 1.0
"""Millimeters between where a box is and where it was found."""


def options_from_command_line() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--number", type=int, default=45, help="how many forms; default: 45")
    parser.add_argument(
        "--half",
        choices=HALVES,
        default="second",
        help="of the writers; lengths were chosen on the first",
    )
    parser.add_argument("--keep", type=Path, help="a folder for the photos that were not read")
    return parser.parse_args()


def main() -> None:
    options = options_from_command_line()
    digits = read(options.file)
    digits = half_of(digits, options.half)
    writers = sorted({str(digit.get("writer", "")) for digit in digits})

    import torch
    from filled_forms import PENS, filled_form

    from mnistlab import zoo
    from mnistlab.drawing.classifier import Classifier
    from mnistlab.drawing.digit import DigitError
    from mnistlab.drawing.strokes import digit_from_strokes
    from mnistlab.handwriting.form.boxes import BoxState
    from mnistlab.handwriting.form.form_photo import read_form
    from mnistlab.handwriting.form.layout import Paper
    from mnistlab.stats.score import Score

    torch.set_num_threads(1)
    path = options.checkpoint or zoo.default_checkpoint()
    classifier = Classifier(path)
    seconds: list[float] = []
    refused: Counter[str] = Counter()
    wrong, count_of = Counter[str](), Counter[str]()
    farthest: list[float] = []
    for number in range(options.number):
        generator = np.random.default_rng([options.seed, number])
        writer = writers[number % len(writers)]
        own = [digit for digit in digits if str(digit.get("writer", "")) == writer]
        pen, paper = [*PENS][number % len(PENS)], [*Paper][number % 2]
        form = filled_form(own, pen, paper, generator)
        for key in ("forms", f"forms, {pen}"):
            count_of[key] += 1
        started = time.perf_counter()
        try:
            photo = read_form(form.content)
        except DigitError as error:
            photo, is_read = None, False
            refused[str(error)] += 1
        seconds.append(time.perf_counter() - started)
        if photo:
            distances = form.distances(np.array([box.middle for box in photo.boxes]))
            farthest.append(float(distances.max()))
            is_read = bool(distances.max() <= MAX_DISTANCE)
            for box, digit, distance in zip(photo.boxes, form.digits, distances, strict=True):
                noticed = (box.state is BoxState.DIGIT) == (digit is not None)
                is_read &= noticed
                count_of["boxes, written or empty"] += 1
                wrong["boxes, written or empty"] += not noticed
                if digit is None or not box.strokes:
                    continue
                count_of["digits in the right box"] += 1
                wrong["digits in the right box"] += distance > MAX_DISTANCE
                for key, strokes in ((path.stem, box.strokes), ("strokes", digit["strokes"])):
                    prepared = digit_from_strokes(strokes)
                    right = prepared and classifier.predict(prepared).digit == box.label
                    count_of[f"classified: {key}"] += 1
                    wrong[f"classified: {key}"] += not right
                    if key != "strokes":
                        count_of[f"classified: {key}, {pen}"] += 1
                        wrong[f"classified: {key}, {pen}"] += not right
        if not is_read:
            wrong["forms"] += 1
            wrong[f"forms, {pen}"] += 1
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{number:03d}.jpg").write_bytes(form.content)
    print(f"{100 * (1 - wrong['forms'] / options.number):.2f}%  of forms read", end="; ")
    print(f"seed {options.seed}, {len(writers)} writers (half: {options.half})", end="; ")
    print(f"{np.median(seconds):.2f} s each, at most {max(seconds):.2f}")
    print(f"  farthest box: {np.median(farthest or [0]):.2f} mm in the median form", end=", ")
    print(f"{max(farthest, default=0):.2f} at most")
    for name in sorted(count_of):
        print(f"  {name:<34} {Score(wrong[name], count_of[name])}")
    for text, count in refused.items():
        print(f"  {count} × {text}")


if __name__ == "__main__":
    main()
