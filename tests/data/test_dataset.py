"""The data set's values against the files, and against code that uses them."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.arch.export import pytorch
from mnistlab.arch.spec import CLASSES, INPUT_SIZE
from mnistlab.data.dataset import MNIST
from mnistlab.data.mnist import load, split_mnist
from mnistlab.data.options import Split


def test_counts_shape_and_statistics_are_those_of_the_files(mnist_folder: Path) -> None:
    mnist = load(mnist_folder)
    side = MNIST.image_size
    assert mnist.train.images.shape == (MNIST.n_train, side, side)
    assert mnist.test.images.shape == (MNIST.n_test, side, side)
    assert set(mnist.train.labels.tolist()) == set(range(MNIST.n_classes))
    pixels = mnist.train.images.float() / 255
    assert pixels.mean().item() == pytest.approx(MNIST.mean, abs=5e-5)
    assert pixels.std().item() == pytest.approx(MNIST.std, abs=5e-5)
    for split in Split:
        assert len(split_mnist(mnist, split).train) == split.n_train


def test_networks_and_their_source_fit_the_data_set() -> None:
    # `arch` lies below `data` and may not import it.
    assert (MNIST.image_size, MNIST.n_classes) == (INPUT_SIZE, CLASSES)
    assert (MNIST.mean, MNIST.std) == (pytorch.MEAN, pytorch.STD)


def test_a_holdout_without_training_images_is_an_error() -> None:
    assert MNIST.n_holdout_train + MNIST.n_validation == MNIST.n_train
    for count in (0, MNIST.n_train):
        with pytest.raises(ValueError, match="held out"):
            replace(MNIST, n_validation=count)
