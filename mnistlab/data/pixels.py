"""A few of MNIST's images, straight from its files and without torch."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnistlab.data.files import DataError

PREFIX = {"train": "train", "test": "t10k"}
HEADER = 16
SIDE = 28


def images_at(
    folder: Path, part: Literal["train", "test"], indices: Iterable[int]
) -> NDArray[np.uint8]:
    """The images at these indices of the official order: (N, 28, 28), white on black.

    Raises DataError if MNIST is not in the folder or its file ends before an index.
    """
    path = folder / f"{PREFIX[part]}-images-idx3-ubyte"
    wanted = list(indices)
    out = np.empty((len(wanted), SIDE, SIDE), np.uint8)
    try:
        with path.open("rb") as file:
            for row, index in enumerate(wanted):
                file.seek(HEADER + index * SIDE * SIDE)
                pixels = np.frombuffer(file.read(SIDE * SIDE), np.uint8)
                out[row] = pixels.reshape(SIDE, SIDE)
    except (OSError, ValueError):
        raise DataError(
            f"{path} is not there or damaged; delete it and run `python -m mnistlab data`."
        ) from None
    return out
