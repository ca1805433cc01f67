"""MNIST as resident uint8 tensors."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mnistlab.data.dataset import MNIST, DataFile
from mnistlab.data.download import DataError, is_downloaded, verify_checksum
from mnistlab.data.options import Split


@dataclass(frozen=True)
class LabeledImages:
    """Images (N, 28, 28) as uint8, white on black, and labels (N,) as int64."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, part: slice) -> "LabeledImages":
        return LabeledImages(self.images[part], self.labels[part])

    def to(self, device: torch.device) -> "LabeledImages":
        return LabeledImages(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Mnist:
    """The training and the test images, in their official order."""

    train: LabeledImages
    test: LabeledImages


def load(folder: Path) -> Mnist:
    """Read the four files. Raises DataError if one is missing, was cut short or is not MNIST's."""
    if not is_downloaded(folder):
        raise DataError(f"MNIST is not in {folder}; run `python -m mnistlab data` to fetch it.")
    # Fetched files were checked on arrival; a copy by hand or a full disk asks for it again.
    train, test = (
        _labeled_images(_read(folder, part.images), _read(folder, part.labels))
        for part in (MNIST.train, MNIST.test)
    )
    return Mnist(train, test)


def _read(folder: Path, file: DataFile) -> bytearray:
    path = folder / file.name
    content = path.read_bytes()
    try:
        verify_checksum(file, content)
    except DataError as error:
        raise DataError(
            f"{path} is damaged: {error}. Delete it and run `python -m mnistlab data`."
        ) from None
    return bytearray(content)


def _labeled_images(images: bytearray, labels: bytearray) -> LabeledImages:
    """The idx header is four bytes of type and four for each size."""
    side = MNIST.image_size
    return LabeledImages(
        images=torch.frombuffer(images, dtype=torch.uint8, offset=16).view(-1, side, side),
        labels=torch.frombuffer(labels, dtype=torch.uint8, offset=8).long(),
    )


@dataclass(frozen=True)
class DataSplits:
    """What a run reads; `test` is None where the test images already served to validate."""

    train: LabeledImages
    validation: LabeledImages
    test: LabeledImages | None


def split_mnist(mnist: Mnist, split: Split, train_size: int | None = None) -> DataSplits:
    """Divide MNIST; a `train_size` keeps at most that many training digits, for a quick look."""
    train = mnist.train[: split.n_train][:train_size]
    if split is Split.ARTICLE:
        return DataSplits(train, mnist.test, None)
    return DataSplits(train, mnist.train[MNIST.n_holdout_train :], mnist.test)


def normalize(images: Tensor) -> Tensor:
    """Turn (N, 28, 28) uint8 into (N, 1, 28, 28) float32 with MNIST's mean 0 and deviation 1."""
    return images.unsqueeze(1).float().sub_(255 * MNIST.mean).div_(255 * MNIST.std)
