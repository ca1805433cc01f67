"""How far this store's accuracies may be trusted: how often its runs have read the test images, and
by how much choosing the best of many epochs flatters.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mnistlab.stats.inference import t_interval
from mnistlab.store.aggregates import plateaus, test_set_reads
from mnistlab.store.store import Store

PLATEAU = 10
"""Epochs at a run's end among which the first estimate chooses."""
LATEST = 200
"""Runs that are asked, the newest ones: a page may not wait for thousands."""


@dataclass(frozen=True)
class TestSetUse:
    """How often the test images were read: to choose by, after each epoch, and once at the end."""

    choosing: int
    choosing_runs: int
    once: int


@dataclass(frozen=True)
class Mean:
    """A mean over so many runs, in shares (0–1), with its 95% interval where there are two."""

    value: float
    runs: int
    confidence_interval: tuple[float, float] | None


@dataclass(frozen=True)
class SelectionBias:
    """What choosing an epoch adds to its accuracy; each is None where no run tells.

    `plateau`: the best of a run's last ten epochs less their mean, on the images that it was chosen
    on. `last`: the best of all epochs less the last one. `unseen`: the best validation accuracy
    less the test accuracy of the same weights (strict split).
    """

    vs_plateau_mean: Mean | None
    vs_last: Mean | None
    vs_test: Mean | None


def count_test_set_use(store: Store) -> TestSetUse:
    """Count the looks of every run in the store, those in the bin too.

    A run of the article's split looks after each epoch; any other once, when it has ended. Runs
    that were removed for good, and looks outside this store, are forgotten.
    """
    found = test_set_reads(store)
    return TestSetUse(found.selecting, found.selecting_runs, found.final)


def selection_bias(store: Store) -> SelectionBias:
    """By how much the best of many epochs flatters, from the newest finished runs.

    What is chosen on images is optimistic on them: G. Cawley and N. Talbot, "On over-fitting in
    model selection and subsequent selection bias in performance evaluation" (2010). None of the
    three figures is the bias itself:

    - `plateau` is the bias of choosing among the last ten epochs, if they are equally good: the
      mean of them is then their true accuracy, and the best stands above it by chance alone. A run
      chooses among all of its epochs, and the best of more is more optimistic: it says too little
      there. Where the accuracy still rises, or the weights of some epochs truly are better, it
      says too much.
    - `last` covers the choice among all epochs: nobody chose the last one. If no epoch is better
      than the last it is the bias; where an earlier one truly is better, it is more than the bias,
      and where the last one is truly the better one, less.
    - `unseen` needs no such condition, but compares two sets of images, of which one is a little
      easier: only its mean over many runs says much, and that difference stays in it.
    """
    found = plateaus(store, PLATEAU, LATEST)
    return SelectionBias(
        vs_plateau_mean=_mean([run.mean_above_min / run.count for run in found]),
        vs_last=_mean([run.last_above_best / run.count for run in found]),
        vs_test=_mean([run.test_above_best for run in found if run.test_above_best is not None]),
    )


def _mean(values: Sequence[float]) -> Mean | None:
    return Mean(statistics.mean(values), len(values), t_interval(values)) if values else None
