"""What a checkpoint reads in many drawings: the answers of `predict.Reader`, a batch at a time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import cpu_count

import torch

from mnistlab.data.looks import looks
from mnistlab.sketch.digit import Digit
from mnistlab.sketch.predict import Reader
from mnistlab.sketch.reading import Reading
from mnistlab.training.evaluate import logits

BATCH = 200
"""Nine looks at each: enough for several threads."""


def read_many(reader: Reader, digits: Sequence[Digit]) -> list[Reading]:
    """Read each as the reader would, but for how strange it is."""
    temperature = reader.doubt.temperature if reader.doubt else 1.0
    readings: list[Reading] = []
    # One thread for each part of a batch, not two for each operation: that hardly gains anything.
    with ThreadPoolExecutor(cpu_count(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for first in range(0, len(digits), BATCH):
            part = digits[first : first + BATCH]
            seen = torch.cat([looks(torch.from_numpy(digit.pixels.copy())) for digit in part])
            scores = logits(reader.network, seen, pool.map).view(len(part), -1, 10).mean(1)
            shares = (scores / temperature).softmax(1)
            readings += [Reading(tuple(each)) for each in shares.tolist()]
    return readings
