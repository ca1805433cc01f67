"""A few of MNIST's images, straight from its files and without torch."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnistlab.data.files import DataError

PREFIX = {"train": "train", "test": "t10k"}
HEADERS = {"images": 16, "labels": 8}
SIDE = 28


def images_at(
    folder: Path, part: Literal["train", "test"], indices: Iterable[int]
) -> NDArray[np.uint8]:
    """The images at these indices of the official order: (N, 28, 28), white on black.

    Raises DataError if MNIST is not in the folder or its file ends before an index.
    """
    path = folder / f"{PREFIX[part]}-images-idx3-ubyte"
    return _items(path, indices, HEADERS["images"], SIDE * SIDE).reshape(-1, SIDE, SIDE)


def labels_at(
    folder: Path, part: Literal["train", "test"], indices: Iterable[int]
) -> NDArray[np.uint8]:
    """The labels (N,) at these indices. Raises DataError like `images_at`."""
    path = folder / f"{PREFIX[part]}-labels-idx1-ubyte"
    return _items(path, indices, HEADERS["labels"], 1)[:, 0]


def _items(path: Path, indices: Iterable[int], header: int, size: int) -> NDArray[np.uint8]:
    """Items of `size` bytes, one a row."""
    wanted = list(indices)
    out = np.empty((len(wanted), size), np.uint8)
    try:
        with path.open("rb") as file:
            for row, index in enumerate(wanted):
                file.seek(header + index * size)
                out[row] = np.frombuffer(file.read(size), np.uint8)
    except (OSError, ValueError):
        raise DataError(
            f"{path} is not there or damaged; delete it and run `python -m mnistlab data`."
        ) from None
    return out
