"""MNIST as uint8 tensors in memory, and its splits."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mnistlab.data.dataset import MNIST, DataFile
from mnistlab.data.download import DataError, verify_checksum
from mnistlab.data.options import Split


@dataclass(frozen=True)
class LabeledImages:
    """Images (N, 28, 28) as uint8, white on black, and labels (N,) as int64."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice) -> "LabeledImages":
        return LabeledImages(self.images[index], self.labels[index])

    def to(self, device: torch.device) -> "LabeledImages":
        return LabeledImages(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Mnist:
    """The training and test images in their official order."""

    train: LabeledImages
    test: LabeledImages


def load(folder: Path) -> Mnist:
    """Load the four files. Raises DataError if one is missing, truncated or not MNIST's."""
    # Checked again, because files can be copied by hand, or truncated on a full disk.
    train, test = (
        _labeled_images(_read(folder, part.images), _read(folder, part.labels))
        for part in (MNIST.train, MNIST.test)
    )
    return Mnist(train, test)


def _read(folder: Path, file: DataFile) -> bytearray:
    path = folder / file.name
    if not path.is_file():
        raise DataError(f"{file.name} is missing. Download {MNIST.name} first.")
    content = path.read_bytes()
    try:
        verify_checksum(file, content)
    except DataError as error:
        raise DataError(
            f"{path.name} is damaged: {error}. Download {MNIST.name} again to replace it."
        ) from None
    return bytearray(content)


def _labeled_images(images: bytearray, labels: bytearray) -> LabeledImages:
    """Tensors without the idx header: four bytes for type and rank, four for each dimension."""
    side = MNIST.image_size
    return LabeledImages(
        images=torch.frombuffer(images, dtype=torch.uint8, offset=16).view(-1, side, side),
        labels=torch.frombuffer(labels, dtype=torch.uint8, offset=8).long(),
    )


@dataclass(frozen=True)
class DataSplits:
    """The images of a run; `test` is None if the test images are used for validation."""

    train: LabeledImages
    validation: LabeledImages
    test: LabeledImages | None


def split_mnist(mnist: Mnist, split: Split, train_size: int | None = None) -> DataSplits:
    """Split MNIST; `train_size` limits the number of training images, for quick runs."""
    train = mnist.train[: split.n_train][:train_size]
    if split is Split.ARTICLE:
        return DataSplits(train, mnist.test, None)
    return DataSplits(train, mnist.train[MNIST.n_holdout_train :], mnist.test)


def normalize(images: Tensor) -> Tensor:
    """Convert (N, 28, 28) uint8 to (N, 1, 28, 28) float32; MNIST then has mean 0 and SD 1."""
    return images.unsqueeze(1).float().sub_(255 * MNIST.mean).div_(255 * MNIST.std)
