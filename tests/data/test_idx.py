from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from mnistlab.data.augment import preview
from mnistlab.data.download import DataError
from mnistlab.data.idx import read_images, read_labels
from mnistlab.data.mnist import LabeledImages, load
from mnistlab.data.options import Augmentation


def test_images_and_labels_are_those_of_the_loaded_data_set(mnist_folder: Path) -> None:
    mnist = load(mnist_folder)
    parts: dict[Literal["train", "test"], LabeledImages] = {
        "train": mnist.train,
        "test": mnist.test,
    }
    for part, digits in parts.items():
        indices = [0, 7, len(digits) - 1]
        actual = read_images(mnist_folder, part, indices)
        assert np.array_equal(actual, digits.images[indices].numpy())
        assert read_labels(mnist_folder, part, indices).tolist() == digits.labels[indices].tolist()


def test_an_index_past_the_end_or_a_missing_file_is_an_error(
    mnist_folder: Path, tmp_path: Path
) -> None:
    for folder, index in ((mnist_folder, 10_000), (tmp_path, 0)):
        with pytest.raises(DataError, match="t10k-images"):
            read_images(folder, "test", [index])
        with pytest.raises(DataError, match="t10k-labels"):
            read_labels(folder, "test", [index])


def test_the_preview_is_augmented(mnist_folder: Path) -> None:
    plain = preview(mnist_folder, Augmentation.NONE, 0)
    assert np.array_equal(plain, read_images(mnist_folder, "train", range(16)))
    for kind in (Augmentation.SHIFT, Augmentation.AFFINE, Augmentation.HANDWRITING):
        moved = preview(mnist_folder, kind, 0)
        assert moved.shape == (16, 28, 28) and (moved != plain).any(axis=(1, 2)).sum() > 12
        assert np.array_equal(moved, preview(mnist_folder, kind, 0))
        assert not np.array_equal(moved, preview(mnist_folder, kind, 1))
