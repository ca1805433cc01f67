"""How far this store's accuracies may be trusted: how often its runs have read the test images, and
by how much choosing the best of many epochs flatters.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mnistlab.runs.aggregates import plateaus, test_set_reads
from mnistlab.runs.store import Store
from mnistlab.training.effect import t_quantile

PLATEAU = 10
"""Epochs at a run's end among which its accuracy is taken not to rise any more."""
LATEST = 200
"""Runs that are asked, the newest ones: a page may not wait for thousands."""


@dataclass(frozen=True)
class Looks:
    """How often the test images were read: to choose by, after each epoch, and once at the end."""

    choosing: int
    choosing_runs: int
    once: int


@dataclass(frozen=True)
class Mean:
    """A mean over so many runs, in shares (0–1), with its 95 % interval where there are two."""

    value: float
    runs: int
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Flattery:
    """What choosing an epoch adds to its accuracy; each is None where no run tells.

    `plateau`: the best of a run's last epochs less their mean, on the images that it was chosen on.
    `last`: the best epoch less the last one. `unseen`: the best validation accuracy less the test
    accuracy of the same weights (strict split).
    """

    plateau: Mean | None
    last: Mean | None
    unseen: Mean | None


def looks(store: Store) -> Looks:
    """Count the looks of every run in the store, those in the bin too.

    A run of the article's split looks after each epoch; any other once, when it has ended. Runs
    that were removed for good, and looks outside this store, are forgotten.
    """
    found = test_set_reads(store)
    return Looks(found.selecting, found.selecting_runs, found.final)


def flattery(store: Store) -> Flattery:
    """By how much the best of many epochs flatters, from the newest finished runs.

    The estimator on the plateau: were all of the last epochs equally good, their true accuracy
    would be nearest to their mean, and the best of them stands above it by chance alone: by the
    chance of the images and by the steps that the weights still make. Where the accuracy still
    rises it says too much; where a checkpoint between restless ones truly is better (fixed learning
    rate), too much as well; so it is an upper estimate. What is chosen on images is flattered on
    them: G. Cawley and N. Talbot, "On over-fitting in model selection and subsequent selection bias
    in performance evaluation" (2010). `unseen` needs no plateau, but holds two sets of images
    against each other, of which one is a little easier: only its mean over many runs says much, and
    that difference stays in it.
    """
    found = plateaus(store, PLATEAU, LATEST)
    return Flattery(
        plateau=_mean([run.mean_above_min / run.count for run in found]),
        last=_mean([run.last_above_best / run.count for run in found]),
        unseen=_mean([run.test_above_best for run in found if run.test_above_best is not None]),
    )


def _mean(values: Sequence[float]) -> Mean | None:
    if not values:
        return None
    mean = statistics.mean(values)
    if len(values) == 1:
        return Mean(mean, 1, None)
    half = t_quantile(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return Mean(mean, len(values), (mean - half, mean + half))
