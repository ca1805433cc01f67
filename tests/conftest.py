import os
from pathlib import Path

import pytest
import torch

from mnistlab.data.download import download_data
from mnistlab.worker.lock import lock

# One thread: sums come out in one order everywhere, and small batches do not wait for busy cores.
torch.set_num_threads(1)
# Workers get their share of a machine that is busy with other tests; the pages need no more.
os.environ.setdefault("MNISTLAB_NICE", "0")
# No test leaves a process behind; those of idle workers set their own time.
os.environ["MNISTLAB_IDLE"] = "0"

FETCH_SECONDS = 900.0
CACHE = Path(__file__).parents[1] / ".cache"


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """Real MNIST, fetched once into the checkout's cache, whichever process needs it first."""
    folder = CACHE / "data"
    with lock(CACHE, "data", FETCH_SECONDS) as held:
        assert held, "another process has been fetching MNIST for too long"
        download_data(folder, lambda message, share: None)
    return folder
