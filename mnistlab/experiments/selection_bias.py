"""Selection bias of the runs in a store: how optimistic the best epoch's accuracy is."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mnistlab.stats.inference import t_interval
from mnistlab.store.aggregates import plateaus
from mnistlab.store.store import Store

PLATEAU = 10
"""The last epochs of a run, from which the first estimate takes the best."""
MAX_RUNS = 200
"""The newest runs are enough, and a page should not wait for thousands."""


@dataclass(frozen=True)
class Mean:
    """A mean difference of accuracies (0–1) over runs; its 95% interval needs at least two."""

    value: float
    n_runs: int
    confidence_interval: tuple[float, float] | None


@dataclass(frozen=True)
class SelectionBias:
    """Estimates of how optimistic a best epoch's accuracy is; None where no run qualifies.

    `vs_plateau_mean`: the best of a run's last ten epochs − their mean, on the images that selected
    it. `vs_last`: the best of all epochs − the last one. `vs_test`: the best validation accuracy −
    the test accuracy of the same checkpoint (hold-out).
    """

    vs_plateau_mean: Mean | None
    vs_last: Mean | None
    vs_test: Mean | None


def selection_bias(store: Store) -> SelectionBias:
    """Estimate the selection bias from the newest finished runs.

    A checkpoint selected on some images is optimistic on them: G. Cawley and N. Talbot, "On
    over-fitting in model selection and subsequent selection bias in performance evaluation" (2010).
    Each of the three values only approximates the bias:

    - `vs_plateau_mean` is the bias of selecting among the last ten epochs if these are equally
      good: their mean then estimates their common accuracy, and the best exceeds it by chance
      alone. A run selects among all of its epochs, which is more optimistic, so there the value is
      too low. Where the accuracy still rises, or some epochs really are better, it is too high.
    - `vs_last` covers the selection among all epochs, as the last one was not selected. It is the
      bias if no epoch really is better than the last; otherwise it is higher where an earlier epoch
      is better, and lower where the last one is.
    - `vs_test` needs no such condition, but compares two sets of images, one of them slightly
      easier. That difference remains in it, and only a mean over many runs is informative.
    """
    runs = plateaus(store, PLATEAU, MAX_RUNS)
    return SelectionBias(
        vs_plateau_mean=_mean([run.mean_above_min / run.count for run in runs]),
        vs_last=_mean([run.last_above_best / run.count for run in runs]),
        vs_test=_mean([run.test_above_best for run in runs if run.test_above_best is not None]),
    )


def _mean(values: Sequence[float]) -> Mean | None:
    return Mean(statistics.mean(values), len(values), t_interval(values)) if values else None
