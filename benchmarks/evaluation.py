"""What an evaluation can add to a trained network: `python benchmarks/evaluation.py HOME`.

For every finished run in HOME (a folder as MNISTLAB_HOME names it), the errors of its last epoch on
its validation images, with batch norm's statistics as they were saved, and estimated anew on more
and more unaugmented training images; each for the image alone and for the mean of the logits of its
nine views (`mnistlab.data.tta`). No parameter changes, and the test images are not read. MNIST is
taken from HOME/data.

With --test the images are the 10,000 test images and the statistics those that were saved: for a
recipe that is settled.
"""

import argparse
import statistics
import sys
from pathlib import Path

import torch
from torch import Tensor, nn

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from mnistlab.data.mnist import DataSplits, LabeledImages, load, split_mnist  # noqa: E402
from mnistlab.data.tta import tta_views  # noqa: E402
from mnistlab.home import Home  # noqa: E402
from mnistlab.store.run import State  # noqa: E402
from mnistlab.store.store import Store  # noqa: E402
from mnistlab.store.table import newest  # noqa: E402
from mnistlab.training.checkpoint import load_checkpoint  # noqa: E402
from mnistlab.training.evaluate import logits  # noqa: E402
from mnistlab.training.norm_statistics import reestimate_norm_statistics  # noqa: E402

IMAGES = (1_000, 5_000, 10_000, 50_000)
"""Training images that the statistics are estimated on."""


def errors(network: nn.Module, examples: LabeledImages, views: Tensor) -> tuple[int, int]:
    """Errors of the images (N, 28, 28), and of the mean over their `views` (N, V, 28, 28)."""
    alone = logits(network, examples.images)
    together = logits(network, views.flatten(0, 1)).reshape(*views.shape[:2], -1).mean(1)
    n_alone, n_together = (
        int((scores.argmax(1) != examples.labels).sum()) for scores in (alone, together)
    )
    return n_alone, n_together


def measure(
    checkpoint: Path, splits: DataSplits, examples: LabeledImages, counts: tuple[int, ...]
) -> dict[str, tuple[int, int]]:
    """Errors alone and with views, by where batch norm's statistics come from."""
    network = load_checkpoint(checkpoint).network
    views = torch.stack([tta_views(image) for image in examples.images])
    found = {"as saved": errors(network, examples, views)}
    for count in counts:
        reestimate_norm_statistics(network, splits.train.images, count)
        found[f"{count:,} images"] = errors(network, examples, views)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--test", action="store_true", help="the test images, not the validation")
    options = parser.parse_args()
    home = Home(options.home)
    store, table = Store(home.runs), dict[str, list[tuple[int, int]]]()
    for run in newest(store, 100):
        if run.state is State.DONE:
            splits = split_mnist(load(home.data), run.recipe.split)
            # The article protocol validates on the test images.
            examples = (splits.test or splits.validation) if options.test else splits.validation
            counts = () if options.test else IMAGES
            found = measure(store.last_checkpoint_path(run.id), splits, examples, counts)
            print(f"run {run.id} · {run.name}: {found}", flush=True)
            for name, pair in found.items():
                table.setdefault(name, []).append(pair)
    print(f"\n{'statistics':<16}{'mean errors':>14}{'with views':>14}   n")
    for name, pairs in table.items():
        alone, together = (statistics.mean(column) for column in zip(*pairs, strict=True))
        print(f"{name:<16}{alone:>14.1f}{together:>14.1f}   {len(pairs)}")


if __name__ == "__main__":
    main()
