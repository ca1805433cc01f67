"""A sheet of synthetic digits: `python benchmarks/synthetic.py docs/synthetic.png`.

A row for each digit, which goes through its variants in the order of the table, again and again.
"""

import argparse
import sys
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
COLUMNS = 24
MARGIN = 2
"""Pixels between two images."""
GAP_GRAY = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    options = parser.parse_args()

    from mnistlab.pen.digit_variants import VARIANTS
    from mnistlab.pen.raster import digit_image
    from mnistlab.pen.synthetic import draw_variant

    generator = np.random.default_rng(0)
    border = [(MARGIN, 0), (MARGIN, 0)]
    rows = [
        [
            np.pad(digit_image(draw_variant(v, generator)), border, constant_values=GAP_GRAY)
            for v in islice(cycle(variants), COLUMNS)
        ]
        for variants in VARIANTS.values()
    ]
    Image.fromarray(np.block(rows)).save(options.file, optimize=True)
    print(f"{sum(map(len, VARIANTS.values()))} variants, {10 * COLUMNS} digits: {options.file}")


if __name__ == "__main__":
    main()
