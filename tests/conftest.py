from pathlib import Path

import pytest

from mnistlab.data.files import ensure

CACHE = Path(__file__).parents[1] / ".cache"


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """Real MNIST, fetched once into the checkout's cache."""
    folder = CACHE / "data"
    ensure(folder, lambda message, share: None)
    return folder
