"""The ladder as runs: all four targets queued, found again, gone on with.

Whatever interrupts it, what is missing is found in the store by network and recipe, so beginning
again goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from mnistlab.data.options import Split
from mnistlab.experiments.seeds import runs_by_seed, submit_missing
from mnistlab.experiments.targets import TARGETS, Length, Target
from mnistlab.home import Home
from mnistlab.store.lookup import find_runs
from mnistlab.store.run import Run, RunSummary, State
from mnistlab.store.store import Store
from mnistlab.training.recipe import Recipe

TAG = "ladder"
MOST_SEEDS = 20
"""A day and more in full; also what is looked through for runs that fit the walk."""


@dataclass(frozen=True)
class Reproduction:
    """The ladder to be run: how long, on which split, with which seeds."""

    length: Length = Length.QUICK
    split: Split = Split.ARTICLE
    seeds: tuple[int, ...] = (0,)
    targets: tuple[Target, ...] = TARGETS

    def recipe(self, target: Target) -> Recipe:
        return target.recipe(self.length, self.split)


@dataclass(frozen=True)
class TargetRuns:
    """One rung of a climb with its runs, by seed, as far as there are any."""

    target: Target
    recipe: Recipe
    runs: tuple[Run, ...]

    @property
    def ended(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.state is State.DONE)

    @property
    def reported_runs(self) -> tuple[Run, ...]:
        """The runs that its figures come from: the finished ones, or what there is so far."""
        return self.ended or tuple(run for run in self.runs if run.epochs)


def submit_reproduction(home: Home, reproduction: Reproduction, owner: str = "") -> list[int]:
    """Queue what is missing and resume what was left half-way; all run ids.

    All four targets come with one seed before the next seed begins. Raises StoreError if the store
    cannot be written.
    """
    ids: list[int] = []
    for seed in reproduction.seeds:
        for target in reproduction.targets:
            name = f"{target.preset.label}, {reproduction.length}"
            recipe = reproduction.recipe(target)
            ids += submit_missing(home, name, target.spec, recipe, [seed], owner, TAG).values()
    return ids


def target_runs(store: Store, reproduction: Reproduction) -> list[TargetRuns]:
    """The climb as the store has it."""
    found = []
    for target in reproduction.targets:
        recipe = reproduction.recipe(target)
        there = runs_by_seed(store, target.spec, recipe, reproduction.seeds)
        runs = tuple(store.runs([run.id for run in there.values()]))
        found.append(TargetRuns(target, recipe, runs))
    return found


def n_missing(reproduction: Reproduction, found: Sequence[TargetRuns]) -> int:
    """How many of its runs are not done and not on their way."""
    planned = len(reproduction.targets) * len(reproduction.seeds)
    return planned - sum(
        run.state is State.DONE or run.state.active for s in found for run in s.runs
    )


def newest_runs(store: Store, targets: Sequence[Target] = TARGETS) -> dict[str, RunSummary]:
    """For each target's name the newest finished run of its own recipe, full or quick."""
    found = {}
    for target in targets:
        runs = find_runs(store, target.spec, partial(_is_own, _own_recipes(target)))
        if done := [run for run in runs if run.state is State.DONE]:
            found[target.preset.name] = done[-1]
    return found


def _is_own(own: set[Recipe], recipe: Recipe) -> bool:
    return recipe.seed < MOST_SEEDS and replace(recipe, seed=0) in own


def _own_recipes(target: Target) -> set[Recipe]:
    """A target's recipes at any length, on either split, with seed 0."""
    return {
        replace(target.recipe(length, split), seed=0)
        for length in Length
        for split in (Split.ARTICLE, Split.HOLDOUT)
    }
