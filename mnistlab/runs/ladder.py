"""The ladder as runs: all four targets queued, found again, gone on with.

Whatever interrupts it, what is missing is found in the store by network and recipe, so beginning
again goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from mnistlab.data.kinds import Split
from mnistlab.home import Home
from mnistlab.runs.lookup import find_runs
from mnistlab.runs.state import Run, State, Summary
from mnistlab.runs.store import Store
from mnistlab.runs.study import begin, members
from mnistlab.training.ladder import RUNGS, Length, Rung
from mnistlab.training.recipe import Recipe

TAG = "ladder"
MOST_SEEDS = 20
"""A day and more in full; also what is looked through for runs that fit the walk."""


@dataclass(frozen=True)
class Climb:
    """The ladder to be run: how long, on which split, with which seeds."""

    length: Length = Length.QUICK
    split: Split = Split.ARTICLE
    seeds: tuple[int, ...] = (0,)
    rungs: tuple[Rung, ...] = RUNGS

    def recipe(self, rung: Rung) -> Recipe:
        return rung.recipe(self.length, self.split)


@dataclass(frozen=True)
class Step:
    """One rung of a climb with its runs, by seed, as far as there are any."""

    rung: Rung
    recipe: Recipe
    runs: tuple[Run, ...]

    @property
    def ended(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.state is State.DONE)

    @property
    def told(self) -> tuple[Run, ...]:
        """The runs that its figures come from: the finished ones, or what there is so far."""
        return self.ended or tuple(run for run in self.runs if run.epochs)


def start(home: Home, climb: Climb, who: str = "") -> list[int]:
    """Queue what is missing and resume what was left half-way; all run ids.

    All four targets come with one seed before the next seed begins. Raises StoreError if the store
    cannot be written.
    """
    ids: list[int] = []
    for seed in climb.seeds:
        for rung in climb.rungs:
            name = f"{rung.preset.label}, {climb.length}"
            recipe = climb.recipe(rung)
            ids += begin(home, name, rung.spec, recipe, [seed], who, TAG).values()
    return ids


def steps(store: Store, climb: Climb) -> list[Step]:
    """The climb as the store has it."""
    found = []
    for rung in climb.rungs:
        recipe = climb.recipe(rung)
        there = members(store, rung.spec, recipe, climb.seeds)
        runs = tuple(store.runs([run.id for run in there.values()]))
        found.append(Step(rung, recipe, runs))
    return found


def left(climb: Climb, found: Sequence[Step]) -> int:
    """How many of its runs are not done and not on their way."""
    planned = len(climb.rungs) * len(climb.seeds)
    return planned - sum(
        run.state is State.DONE or run.state.active for s in found for run in s.runs
    )


def newest(store: Store, rungs: Sequence[Rung] = RUNGS) -> dict[str, Summary]:
    """For each target's name the newest finished run of its own recipe, full or quick."""
    found = {}
    for rung in rungs:
        runs = find_runs(store, rung.spec, partial(_is_own, _own_recipes(rung)))
        if done := [run for run in runs if run.state is State.DONE]:
            found[rung.preset.name] = done[-1]
    return found


def _is_own(own: set[Recipe], recipe: Recipe) -> bool:
    return recipe.seed < MOST_SEEDS and replace(recipe, seed=0) in own


def _own_recipes(rung: Rung) -> set[Recipe]:
    """A target's recipes at any length, on either split, with seed 0."""
    return {
        replace(rung.recipe(length, split), seed=0)
        for length in Length
        for split in (Split.ARTICLE, Split.STRICT)
    }
