"""What a worker can do before there is a run: open PyTorch, load MNIST, train one step.

This is most of the time between a click on *Start training* and a run's first step.
"""

import contextlib
import ctypes
import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mnistlab.data.download import DataError, is_downloaded
from mnistlab.home import Home

if TYPE_CHECKING:
    from mnistlab.data.mnist import Mnist


class WarmUp:
    """The preparation of one process; `mnist` are the images once they are loaded."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._is_done = False
        self.mnist: Mnist | None = None

    def steps(self) -> Iterator[None]:
        """Do one part after another, so that a run that comes meanwhile need not wait for all.

        At the end memory is freed, also that which the last run used.
        """
        if not self._is_done:
            import torch  # noqa: F401

            yield
            self._load_mnist()
            yield
            _train_one_step()
            self._is_done = True
            yield
        _free_memory()

    def _load_mnist(self) -> None:
        from mnistlab.data.mnist import load

        # Nobody has asked for a download yet, and a run replaces damaged files itself.
        if is_downloaded(self._home.data):
            with contextlib.suppress(DataError, OSError):
                self.mnist = load(self._home.data)


def _train_one_step() -> None:
    """Train a network on one batch of blank images, which changes no later result.

    The first optimizer imports as much of torch as `import torch` does, and the first step of all
    makes the kernels ready.
    """
    import torch

    from mnistlab.arch.build import build
    from mnistlab.arch.presets import PRESETS
    from mnistlab.data.mnist import DataSplits, LabeledImages
    from mnistlab.recipe.recipe import Recipe
    from mnistlab.training.loop import train
    from mnistlab.training.state import TrainingState
    from mnistlab.worker.processes import thread_count
    from mnistlab.worker.training_job import training_device

    torch.set_num_threads(1)
    recipe = Recipe(epochs=1)
    training = TrainingState(build(PRESETS[3].spec, recipe.seed), recipe, training_device())
    batch = LabeledImages(
        torch.zeros(recipe.images_per_step, 28, 28, dtype=torch.uint8),
        torch.zeros(recipe.images_per_step, dtype=torch.long),
    )
    for _ in train(
        training, DataSplits(batch, batch, None), threads=thread_count(), stopped=lambda: True
    ):
        pass


def _free_memory() -> None:
    """Give unused memory back to the operating system and to the GPU's other users."""
    import torch

    gc.collect()
    torch.cuda.empty_cache()
    # glibc keeps what was freed for the next allocation, tens of megabytes after a training.
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
