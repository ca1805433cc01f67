"""Accuracy on photos of digits: `python benchmarks/photos.py FILE`.

FILE holds digits as pen strokes, as for `benchmarks/strokes.py`. A sample of them is
rendered with simulated paper, pens and cameras (`benchmarks/scenes.py`), or as if cut out of a form
or a page (`benchmarks/crops.py`, `--kinds`); the file is then processed as on the Draw page.
`--half` keeps every other writer, so that thresholds are chosen on one half and measured on the
other.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from crops import CROPS, chosen_crop, crop
from scenes import KINDS, PENS, Scene, chosen, photo
from strokes import HALVES, ROOT, half_of, parser_of, read

sys.path.insert(0, str(ROOT))

NOT_ONE = -1
"""Stands for the prediction of a photo in which no digit was found, or several."""


def sample(
    digits: list[dict[str, Any]], number: int, seed: int, kinds: Sequence[str]
) -> list[tuple[dict[str, Any], Scene, np.random.Generator]]:
    """Digits with a scene and a chance of their own, each kind of paper in turn."""
    order = np.random.default_rng(seed).permutation(len(digits))[:number]
    generators = [np.random.default_rng([seed, int(place)]) for place in order]
    return [
        (digits[place], scene_of(kinds[turn % len(kinds)], generator), generator)
        for turn, (place, generator) in enumerate(zip(order, generators, strict=True))
    ]


def scene_of(kind: str, generator: np.random.Generator) -> Scene:
    return chosen_crop(kind, generator) if kind in CROPS else chosen(kind, generator)


def options_from_command_line() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--number", type=int, default=500, help="how many digits; default: 500")
    parser.add_argument("--kinds", nargs="+", choices=(*KINDS, *CROPS), default=KINDS)
    parser.add_argument("--half", choices=HALVES, default="both")
    parser.add_argument("--keep", type=Path, help="a folder for the misclassified photos")
    return parser.parse_args()


def main() -> None:
    options = options_from_command_line()
    digits = half_of(read(options.file), options.half)

    import torch

    from mnistlab import zoo
    from mnistlab.drawing.classifier import Classifier
    from mnistlab.drawing.digit import DigitError, digit_from_ink
    from mnistlab.drawing.multidigit.photo_digits import read_digits
    from mnistlab.drawing.prediction import Verdict
    from mnistlab.drawing.strokes import digit_from_strokes

    torch.set_num_threads(1)
    path = options.checkpoint or zoo.default_checkpoint()
    classifier = Classifier(path)
    correct: Counter[str] = Counter()
    count_of: Counter[str] = Counter()
    verdicts: Counter[tuple[Verdict, bool]] = Counter()
    seconds: list[float] = []
    for number, (digit, scene, generator) in enumerate(
        sample(digits, options.number, options.seed, options.kinds)
    ):
        render = crop if scene.kind in CROPS else photo
        label, content = digit["label"], render(digit["strokes"], scene, generator)
        started = time.perf_counter()
        try:
            found = read_digits(content)
            prepared = None if found.digits else digit_from_ink(found.photo.ink)
            prediction = classifier.predict(prepared) if prepared else None
            predicted = prediction.digit if prediction else NOT_ONE
            if prediction:
                verdicts[prediction.verdict, predicted == label] += 1
        except DigitError:
            predicted = NOT_ONE
        seconds.append(time.perf_counter() - started)
        for key in groups(scene):
            count_of[key] += 1
            correct[key] += predicted == label
        strokes = digit_from_strokes(digit["strokes"])
        correct["strokes"] += strokes is not None and classifier.predict(strokes).digit == label
        if options.keep and predicted != label:
            options.keep.mkdir(parents=True, exist_ok=True)
            name = f"{number:04d}-{scene.kind}-{label}-as-{predicted}.{file_type(content)}"
            (options.keep / name).write_bytes(content)
    print_result(correct, count_of, seconds, f"{path.stem}, seed {options.seed}")
    for verdict in Verdict:
        right, wrong = verdicts[verdict, True], verdicts[verdict, False]
        print(f"  {verdict}: {right + wrong} photos, {right} of them with the right digit")


def print_result(
    correct: Counter[str], count_of: Counter[str], seconds: list[float], title: str
) -> None:
    count = len(seconds)
    print(f"{100 * correct['all'] / count:.2f}%  {correct['all']} of {count} photos", end=" ")
    print(f"classified correctly by {title}", end="; ")
    print(f"{1000 * np.median(seconds):.0f} ms each, at most {1000 * max(seconds):.0f}")
    print(f"{100 * correct['strokes'] / count:.2f}%  of the strokes themselves")
    for key in sorted(count_of.keys() - {"all"}):
        name = key.partition(" ")[2]
        print(f"  {name:<16} {100 * correct[key] / count_of[key]:6.2f}%  of {count_of[key]:>5}")


def file_type(content: bytes) -> str:
    return "png" if content.startswith(b"\x89PNG") else "jpg"


def groups(scene: Scene) -> list[str]:
    """What a photo is counted under, in the order of the printed lines."""
    width = PENS[max(int(np.searchsorted(PENS, scene.pen)) - 1, 0)]
    return [
        "all",
        f"1{(*KINDS, *CROPS).index(scene.kind):02d} {scene.kind}",
        f"2{scene.shadow:d} {'a shadow' if scene.shadow else 'no shadow'}",
        f"3{PENS.index(width)} pen from {100 * width:.1f}%",
        f"4 {scene.ink}",
    ]


if __name__ == "__main__":
    main()
