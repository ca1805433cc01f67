"""One network and recipe over several seeds: ordinary runs, summarized together."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mnistlab.arch.spec import Spec
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store import queue
from mnistlab.store.lookup import find_runs
from mnistlab.store.run import Request, Run, RunSummary, State
from mnistlab.store.store import Store
from mnistlab.text import percent, percent_range
from mnistlab.worker.processes import submit

TAG = "seeds"
MAX_SEEDS = 20
"""Of a reproduction or an ablation: more than a day of training at full length. The Home page looks
for runs of these seeds."""
MAX_STUDY_SEEDS = 1000
"""Of one network, which may be small."""


@dataclass(frozen=True)
class SeedStats:
    """The scores of several seeds on equally many images. Raises ValueError without a score."""

    scores: tuple[Score, ...]

    def __post_init__(self) -> None:
        if len({score.count for score in self.scores}) != 1:
            raise ValueError("no scores, or scores of different numbers of images")

    @property
    def mean(self) -> float:
        """The mean accuracy, 0–1."""
        return statistics.mean(score.accuracy for score in self.scores)

    @property
    def std(self) -> float | None:
        """The sample standard deviation (n − 1) of the accuracies, 0–1; None for one seed."""
        if len(self.scores) == 1:
            return None
        return statistics.stdev(score.accuracy for score in self.scores)

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the mean accuracy on that many images, 0–1.

        All seeds are evaluated on the same images, so more seeds do not make it narrower.
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


def first_seeds(count: int) -> tuple[int, ...]:
    """The seeds 0 to `count` − 1. Raises LabError if there are none or too many."""
    if not 1 <= count <= MAX_SEEDS:
        raise LabError(f"{count:,} seeds requested; choose 1 to {MAX_SEEDS}.")
    return tuple(range(count))


def seed_stats(scores: Sequence[Score | None]) -> SeedStats | None:
    """Statistics of the scores that are not None; None if all are."""
    known = tuple(score for score in scores if score)
    return SeedStats(known) if known else None


def runs_by_seed(
    store: Store, spec: Spec, recipe: Recipe, seeds: Sequence[int]
) -> dict[int, RunSummary]:
    """The run of this network and recipe for each seed that has one.

    Of several runs with one seed, a finished one comes before a running, queued or resumable one.
    Stopped runs are omitted: their last epoch is not the recipe's.
    """
    preference = (State.DONE, State.RUNNING, State.QUEUED, *(s for s in State if s.resumable))
    wanted = {replace(recipe, seed=seed) for seed in seeds}
    runs = [run for run in find_runs(store, spec, wanted.__contains__) if run.state in preference]
    # The preferred run comes last, so it is the one that stays in the dict.
    runs.sort(key=lambda run: -preference.index(run.state))
    by_seed = {run.recipe.seed: run for run in runs}
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
    """Queue the missing runs, resume the interrupted ones; each seed's run id.

    Raises SpecError if the network cannot be built, StoreError if the store cannot be written.
    """
    store = Store.of(home)
    by_seed = runs_by_seed(store, spec, recipe, seeds)
    ids = {}
    for seed in seeds:
        if seed in by_seed:
            ids[seed] = by_seed[seed].id
            if by_seed[seed].state.resumable:
                queue.resume(store, ids[seed])
        else:
            seeded = replace(recipe, seed=seed)
            ids[seed] = submit(home, f"{name} · seed {seed}", spec, seeded, owner, (tag,))
    return ids


def pause_runs(store: Store, runs: Sequence[Run]) -> None:
    """Pause the queued and running ones; submitting them again resumes them."""
    for run in runs:
        if run.state.active and run.request is Request.NONE:
            store.request(run.id, Request.PAUSE)
