import shutil
from pathlib import Path

import pytest
import torch

from mnistlab.data.download import DataError
from mnistlab.data.mnist import Mnist, load, normalize, split_mnist
from mnistlab.data.options import Split


@pytest.fixture(scope="module")
def mnist(mnist_folder: Path) -> Mnist:
    return load(mnist_folder)


def test_the_first_labels_and_the_class_counts_are_mnist_s(mnist: Mnist) -> None:
    assert mnist.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert torch.bincount(mnist.test.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip


def test_images_are_uint8_and_normalize_to_mean_0_and_sd_1(mnist: Mnist) -> None:
    assert mnist.train.images.dtype == torch.uint8
    ready = normalize(mnist.train.images)
    assert ready.shape == (60_000, 1, 28, 28)
    assert abs(ready.mean().item()) < 1e-3 and abs(ready.std().item() - 1) < 1e-3


def test_holdout_does_not_validate_on_the_test_images(mnist: Mnist) -> None:
    parts = split_mnist(mnist, Split.HOLDOUT)
    assert (len(parts.train), len(parts.validation)) == (50_000, 10_000)
    assert torch.equal(parts.validation.labels, mnist.train.labels[50_000:])
    assert parts.test is mnist.test


def test_article_validates_on_the_test_images_and_has_no_test(mnist: Mnist) -> None:
    parts = split_mnist(mnist, Split.ARTICLE)
    assert len(parts.train) == 60_000
    assert parts.validation is mnist.test and parts.test is None


def test_all_data_trains_on_everything_except_the_test_images(mnist: Mnist) -> None:
    parts = split_mnist(mnist, Split.ALL)
    assert len(parts.train) == 60_000 and parts.test is mnist.test
    assert torch.equal(parts.validation.images, mnist.train.images[50_000:])


def test_train_size_limits_the_training_images_only(mnist: Mnist) -> None:
    parts = split_mnist(mnist, Split.HOLDOUT, train_size=256)
    assert (len(parts.train), len(parts.validation), len(parts.test or ())) == (256, 10_000, 10_000)


def test_a_truncated_file_is_an_error_with_its_name(mnist_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(mnist_folder, tmp_path / "data")
    labels = folder / "t10k-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"t10k-labels.*damaged.*again"):
        load(folder)


def test_files_of_the_right_size_with_other_content_are_errors(
    mnist_folder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(mnist_folder, tmp_path / "data")
    images = folder / "t10k-images-idx3-ubyte"
    images.write_bytes(bytes(images.stat().st_size))
    with pytest.raises(DataError, match=r"t10k-images.*SHA-256"):
        load(folder)


def test_missing_files_are_an_error_that_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"missing.*Download"):
        load(tmp_path)
