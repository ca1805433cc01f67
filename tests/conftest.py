from pathlib import Path

import pytest
import torch

from mnistlab.data.files import ensure

# One thread: sums come out in one order everywhere, and small batches do not wait for busy cores.
torch.set_num_threads(1)

CACHE = Path(__file__).parents[1] / ".cache"


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """Real MNIST, fetched once into the checkout's cache."""
    folder = CACHE / "data"
    ensure(folder, lambda message, share: None)
    return folder
