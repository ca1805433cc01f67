"""Made-up photos of numbers of 2 to 6 digits: `python benchmarks/photo_numbers.py FILE`.

FILE holds digits as pen strokes, as for `benchmarks/strokes.py`. The numbers are made as for
`benchmarks/multidigit.py`, with more room between the digits, and photographed as for
`benchmarks/photos.py`. A number counts as read if all of its digits are right, and no others are
there; as counted, if as many digits were found. What finds digits in a photo was developed with the
first half of the writers; the second is reported.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
from multidigit import by_writer, written
from scenes import KINDS, chosen, photo_of_number
from strokes import HALVES, ROOT, half_of, parser_of, read

sys.path.insert(0, str(ROOT))

LENGTHS = range(2, 7)
ROOM = 0.15
"""Paper between the ink of two digits at least, in heights of a digit."""


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--number", type=int, default=300, help="how many photos; default: 300")
    parser.add_argument("--half", choices=HALVES, default="second", help="of the writers")
    options = parser.parse_args()
    digits = read(options.file)
    writers = by_writer(half_of(digits, options.half))

    import torch

    from mnistlab import zoo
    from mnistlab.drawing.classifier import Classifier
    from mnistlab.drawing.digit import DigitError, digit_from_ink
    from mnistlab.drawing.multidigit.photo_digits import read_digits
    from mnistlab.stats.score import Score

    torch.set_num_threads(1)
    path = Path(options.checkpoint or zoo.default_checkpoint())
    classifier = Classifier(path)
    generator = np.random.default_rng(options.seed)
    misread, count_of, miscounted = Counter[str](), Counter[str](), 0
    for turn in range(options.number):
        length = LENGTHS[turn % len(LENGTHS)]
        kind = KINDS[turn // len(LENGTHS) % len(KINDS)]
        writer = writers[generator.integers(len(writers))]
        own = [writer[place] for place in generator.integers(0, len(writer), length)]
        scene = chosen(kind, generator)
        number = written(own, generator, scene.pen + ROOM)
        content = photo_of_number([line for lines in number for line in lines], scene, generator)
        try:
            found = read_digits(content)
            inks = [digit.ink for digit in found.digits] or [found.photo.ink]
        except DigitError:
            inks = []
        prepared = [digit for ink in inks if (digit := digit_from_ink(ink)) is not None]
        predictions = classifier.predict_all(prepared)
        count_of[kind] += 1
        misread[kind] += [each.digit for each in predictions] != [each["label"] for each in own]
        miscounted += len(predictions) != length
    rows = {kind: Score(misread[kind], count_of[kind]) for kind in count_of}
    rows |= {"all": Score(sum(misread.values()), options.number)}
    rows |= {"counted": Score(miscounted, options.number)}
    print(f"{path.stem}, seed {options.seed}, {len(writers)} writers (half: {options.half})")
    for name, row in rows.items():
        print(f"  {name:<12} {row}")


if __name__ == "__main__":
    main()
