"""Reproduce the article: queue a run for each of its four targets and seeds.

The runs are found in the store by network and recipe, so submitting again after any interruption
resumes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.data.options import Split
from mnistlab.experiments.seeds import MAX_SEEDS, runs_by_seed, submit_missing
from mnistlab.experiments.targets import TARGETS, Length, Target
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.lookup import find_runs
from mnistlab.store.run import Run, RunSummary, State
from mnistlab.store.store import Store

TAG = "reproduction"


@dataclass(frozen=True)
class Reproduction:
    """The conditions of a reproduction: duration, evaluation protocol, seeds."""

    length: Length = Length.QUICK
    split: Split = Split.ARTICLE
    seeds: tuple[int, ...] = (0,)
    targets: tuple[Target, ...] = TARGETS

    def recipe(self, target: Target) -> Recipe:
        return target.recipe(self.length, self.split)


@dataclass(frozen=True)
class TargetRuns:
    """A target with its recipe and its runs so far, in the order of their seeds."""

    target: Target
    recipe: Recipe
    runs: tuple[Run, ...]

    @property
    def finished(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.state is State.DONE)

    @property
    def reported_runs(self) -> tuple[Run, ...]:
        """The finished runs; before any has finished, those with an epoch."""
        return self.finished or tuple(run for run in self.runs if run.epochs)


def submit_reproduction(home: Home, reproduction: Reproduction, owner: str = "") -> list[int]:
    """Queue the missing runs, resume the interrupted ones; the ids of all of them.

    All four targets train with one seed before the next seed starts, the quickest network first, so
    that there are results soon. Raises StoreError if the store cannot be written.
    """
    ids: list[int] = []
    quickest_first = sorted(reproduction.targets, key=lambda target: summarize(target.spec).macs)
    for seed in reproduction.seeds:
        for target in quickest_first:
            name = f"{target.preset.label}, {reproduction.length}"
            recipe = reproduction.recipe(target)
            ids += submit_missing(home, name, target.spec, recipe, [seed], owner, TAG).values()
    return ids


def target_runs(store: Store, reproduction: Reproduction) -> list[TargetRuns]:
    """Each target with its runs in the store."""
    results = []
    for target in reproduction.targets:
        recipe = reproduction.recipe(target)
        by_seed = runs_by_seed(store, target.spec, recipe, reproduction.seeds)
        runs = tuple(store.runs([run.id for run in by_seed.values()]))
        results.append(TargetRuns(target, recipe, runs))
    return results


def n_missing(reproduction: Reproduction, results: Sequence[TargetRuns]) -> int:
    """How many of the planned runs are neither finished nor queued nor running."""
    n_planned = len(reproduction.targets) * len(reproduction.seeds)
    return n_planned - sum(
        run.state is State.DONE or run.state.active for result in results for run in result.runs
    )


def newest_runs(store: Store, targets: Sequence[Target] = TARGETS) -> dict[str, RunSummary]:
    """For each target's name the newest finished run of its own recipe, full or quick."""
    newest = {}
    for target in targets:
        runs = find_runs(store, target.spec, partial(_has_recipe_of, _recipes(target)))
        if finished := [run for run in runs if run.state is State.DONE]:
            newest[target.preset.name] = finished[-1]
    return newest


def newest_student(store: Store, spec: Spec, teacher: str) -> RunSummary | None:
    """The newest finished run of a network that learned from this teacher, None without one."""
    runs = find_runs(store, spec, lambda recipe: recipe.teacher == teacher)
    return next((run for run in reversed(runs) if run.state is State.DONE), None)


def _has_recipe_of(recipes: set[Recipe], recipe: Recipe) -> bool:
    """Whether it is one of the recipes, apart from its seed."""
    return recipe.seed < MAX_SEEDS and replace(recipe, seed=0) in recipes


def _recipes(target: Target) -> set[Recipe]:
    """A target's recipes for both durations and both protocols, with seed 0."""
    return {
        replace(target.recipe(length, split), seed=0)
        for length in Length
        for split in (Split.ARTICLE, Split.HOLDOUT)
    }
