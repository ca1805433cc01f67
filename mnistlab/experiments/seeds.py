"""One network and recipe over several seeds: ordinary runs that are looked at together."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mnistlab.arch.spec import Spec
from mnistlab.home import Home
from mnistlab.stats.score import Score
from mnistlab.store import queue
from mnistlab.store.lookup import find_runs
from mnistlab.store.run import Request, Run, RunSummary, State
from mnistlab.store.store import Store
from mnistlab.text import percent, percent_range
from mnistlab.training.recipe import Recipe
from mnistlab.worker.processes import submit

TAG = "study"


@dataclass(frozen=True)
class SeedStats:
    """What several seeds gave on the same number of digits. Raises ValueError without a score."""

    scores: tuple[Score, ...]

    def __post_init__(self) -> None:
        if len({score.count for score in self.scores}) != 1:
            raise ValueError("the scores are not all of as many digits")

    @property
    def mean(self) -> float:
        """Of the accuracies, 0–1."""
        return statistics.mean(score.accuracy for score in self.scores)

    @property
    def std(self) -> float | None:
        """The accuracies' standard deviation with n − 1, 0–1; None for one seed."""
        if len(self.scores) == 1:
            return None
        return statistics.stdev(score.accuracy for score in self.scores)

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the mean on that many digits, 0–1.

        All seeds are tried on the same digits, so more seeds do not make it narrower.
        """
        count = self.scores[0].count
        return Score(round((1 - self.mean) * count), count).confidence_interval

    def __str__(self) -> str:
        if self.std is None:
            return str(self.scores[0])
        return (
            f"{percent(self.mean, 3)} ± {percent(self.std, 3)} ({len(self.scores)} seeds; "
            f"95% CI of the {self.scores[0].count:,} images "
            f"{percent_range(*self.confidence_interval)})"
        )


def seed_stats(scores: Sequence[Score | None]) -> SeedStats | None:
    """The spread of those that there are; None if there is none."""
    there = tuple(score for score in scores if score)
    return SeedStats(there) if there else None


def runs_by_seed(
    store: Store, spec: Spec, recipe: Recipe, seeds: Sequence[int]
) -> dict[int, RunSummary]:
    """For each seed the run of this network and recipe, as far as there is one.

    Of several the one that has come furthest counts. Runs that were stopped are left out: their
    last epoch is not the recipe's.
    """
    order = (State.DONE, State.RUNNING, State.QUEUED, *(s for s in State if s.resumable))
    wanted = {replace(recipe, seed=seed) for seed in seeds}
    found = find_runs(store, spec, wanted.__contains__)
    # The furthest comes last and so stays.
    found = sorted((r for r in found if r.state in order), key=lambda r: -order.index(r.state))
    by_seed = {run.recipe.seed: run for run in found}
    return {seed: by_seed[seed] for seed in sorted(by_seed)}


def submit_missing(
    home: Home,
    name: str,
    spec: Spec,
    recipe: Recipe,
    seeds: Sequence[int],
    owner: str = "",
    tag: str = TAG,
) -> dict[int, int]:
    """Queue what is missing, resume what was left half-way; each seed's run id.

    Raises SpecError if the network cannot be built, StoreError if the store cannot be written.
    """
    store = Store(home.runs)
    there = runs_by_seed(store, spec, recipe, seeds)
    ids = {}
    for seed in seeds:
        if seed in there:
            ids[seed] = there[seed].id
            if there[seed].state.resumable:
                queue.resume(store, ids[seed])
        else:
            one = replace(recipe, seed=seed)
            ids[seed] = submit(home, f"{name} · seed {seed}", spec, one, owner, (tag,))
    return ids


def pause_runs(store: Store, runs: Sequence[Run]) -> None:
    """Let those wait that are queued or train; `begin` goes on with them."""
    for run in runs:
        if run.state.active and run.request is Request.NONE:
            store.request(run.id, Request.PAUSE)
