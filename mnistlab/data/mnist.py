"""MNIST as resident uint8 tensors."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mnistlab.data.files import SHA256, DataError, checked, present
from mnistlab.data.kinds import Split

MEAN, STD = 0.1307, 0.3081
"""Of the training images' pixels, scaled to 0–1."""


@dataclass(frozen=True)
class Digits:
    """Images (N, 28, 28) as uint8, white on black, and labels (N,) as int64."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, part: slice) -> "Digits":
        return Digits(self.images[part], self.labels[part])

    def to(self, device: torch.device) -> "Digits":
        return Digits(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Mnist:
    """The 60,000 training and 10,000 test digits, in their official order."""

    train: Digits
    test: Digits


def load(folder: Path) -> Mnist:
    """Read the four files. Raises DataError if one is missing, was cut short or is not MNIST's."""
    if not present(folder):
        raise DataError(f"MNIST is not in {folder}; run `python -m mnistlab data` to fetch it.")
    # Fetched files were checked on arrival; a copy by hand or a full disk asks for it again.
    train_images, train_labels, test_images, test_labels = (_read(folder / name) for name in SHA256)
    return Mnist(_digits(train_images, train_labels), _digits(test_images, test_labels))


def _read(path: Path) -> bytearray:
    content = path.read_bytes()
    try:
        checked(path.name, content)
    except DataError as error:
        raise DataError(
            f"{path} is damaged: {error}. Delete it and run `python -m mnistlab data`."
        ) from None
    return bytearray(content)


def _digits(images: bytearray, labels: bytearray) -> Digits:
    """The idx header is four bytes of type and four for each size."""
    return Digits(
        images=torch.frombuffer(images, dtype=torch.uint8, offset=16).view(-1, 28, 28),
        labels=torch.frombuffer(labels, dtype=torch.uint8, offset=8).long(),
    )


@dataclass(frozen=True)
class Parts:
    """What a run reads; `test` is None where the test images already served to validate."""

    train: Digits
    validation: Digits
    test: Digits | None


def divide(mnist: Mnist, split: Split, subset: int | None = None) -> Parts:
    """Divide MNIST; a `subset` keeps that many training digits, for a quick look."""
    if split is Split.ARTICLE:
        return Parts(mnist.train[:subset], mnist.test, None)
    if split is Split.ALL:
        return Parts(mnist.train[:subset], mnist.train[50_000:], mnist.test)
    return Parts(mnist.train[:50_000][:subset], mnist.train[50_000:], mnist.test)


def normalise(images: Tensor) -> Tensor:
    """Turn (N, 28, 28) uint8 into (N, 1, 28, 28) float32 with MNIST's mean 0 and deviation 1."""
    return images.unsqueeze(1).float().sub_(255 * MEAN).div_(255 * STD)
