"""MNIST as resident uint8 tensors."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mnistlab.data.files import SHA256, DataError, present
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
    """Read the four files. Raises DataError if they are missing or cut short."""
    if not present(folder):
        raise DataError(f"MNIST is not in {folder}; run `python -m mnistlab data` to fetch it.")
    train_images, train_labels, test_images, test_labels = SHA256
    return Mnist(
        train=_digits(folder / train_images, folder / train_labels, 60_000),
        test=_digits(folder / test_images, folder / test_labels, 10_000),
    )


def _digits(images: Path, labels: Path, count: int) -> Digits:
    # The idx header is 4 bytes of type and 4 for each size. Contents were checked on arrival; the
    # length is checked again because a full disk or a copy by hand can still have cut a file.
    pixels, classes = bytearray(images.read_bytes()[16:]), bytearray(labels.read_bytes()[8:])
    for path, body, size in ((images, pixels, count * 784), (labels, classes, count)):
        if len(body) != size:
            raise DataError(
                f"{path} is damaged ({len(body):,} bytes of {size:,}); delete it and run "
                "`python -m mnistlab data`."
            )
    return Digits(
        images=torch.frombuffer(pixels, dtype=torch.uint8).view(count, 28, 28),
        labels=torch.frombuffer(classes, dtype=torch.uint8).long(),
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
    return Parts(mnist.train[:50_000][:subset], mnist.train[50_000:], mnist.test)


def normalise(images: Tensor) -> Tensor:
    """Turn (N, 28, 28) uint8 into (N, 1, 28, 28) float32 with MNIST's mean 0 and deviation 1."""
    return images.unsqueeze(1).float().sub_(255 * MEAN).div_(255 * STD)
