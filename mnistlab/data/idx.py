"""Single images and labels from MNIST's idx files, without torch."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnistlab.data.dataset import MNIST, ImageFiles
from mnistlab.data.download import DataError

HEADERS = {"images": 16, "labels": 8}
"""Bytes before an idx file's data: four for type and rank, four for each dimension."""
Part = Literal["train", "test"]


def read_images(folder: Path, part: Part, indices: Iterable[int]) -> NDArray[np.uint8]:
    """The images at these indices of the official order: (N, 28, 28), white on black.

    Raises DataError if MNIST is not in the folder or its file ends before an index.
    """
    path, side = folder / _files(part).images.name, MNIST.image_size
    return _items(path, indices, HEADERS["images"], side * side).reshape(-1, side, side)


def read_labels(folder: Path, part: Part, indices: Iterable[int]) -> NDArray[np.uint8]:
    """The labels (N,) at these indices. Raises DataError like `read_images`."""
    path = folder / _files(part).labels.name
    return _items(path, indices, HEADERS["labels"], 1)[:, 0]


def _files(part: Part) -> ImageFiles:
    return MNIST.train if part == "train" else MNIST.test


def _items(path: Path, indices: Iterable[int], header: int, size: int) -> NDArray[np.uint8]:
    """Items of `size` bytes, one a row."""
    rows = list(indices)
    items = np.empty((len(rows), size), np.uint8)
    try:
        with path.open("rb") as file:
            for row, index in enumerate(rows):
                file.seek(header + index * size)
                items[row] = np.frombuffer(file.read(size), np.uint8)
    except (OSError, ValueError):
        raise DataError(
            f"{path.name} is missing or damaged. Download {MNIST.name} again to replace it."
        ) from None
    return items
