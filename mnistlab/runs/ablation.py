"""One choice switched, with the same seeds: its runs, and what the switch did to the accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnistlab.data.kinds import Split
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.runs.state import Run, State
from mnistlab.runs.store import Store
from mnistlab.runs.study import begin, members
from mnistlab.training.effect import Effect, by_images, by_seeds
from mnistlab.training.ladder import Length, Rung
from mnistlab.training.readings import disagreement, discordance, read_readings
from mnistlab.training.recipe import Recipe
from mnistlab.training.record import CheckpointError
from mnistlab.training.score import Score
from mnistlab.training.switches import Switch, switch

TAG = "ablation"


@dataclass(frozen=True)
class Ablation:
    """A target, the switch, and the seeds that both ways are trained with."""

    rung: Rung
    switch: Switch
    recipe: Recipe
    seeds: tuple[int, ...]

    @property
    def ways(self) -> tuple[tuple[str, Switch], tuple[str, Switch]]:
        """What the two ways are called: the target as it is, and with its one choice switched."""
        label = self.rung.preset.label
        as_is = Switch("", "as it is", self.rung.spec, self.recipe)
        return ((label, as_is), (f"{label}, {self.switch.label}", self.switch))


def ablation(
    rung: Rung,
    name: str,
    seeds: Sequence[int],
    length: Length = Length.QUICK,
    split: Split = Split.ARTICLE,
) -> Ablation:
    """The ablation of a target's switch. Raises LabError if it has no such switch."""
    recipe = rung.recipe(length, split)
    return Ablation(rung, switch(rung.spec, recipe, name), recipe, tuple(seeds))


def start(home: Home, study: Ablation, who: str = "") -> list[int]:
    """Queue what is missing of both ways, resume what was left half-way; all run ids.

    A target's own runs serve the ladder and all of its ablations. Raises StoreError if the store
    cannot be written.
    """
    ids: list[int] = []
    for seed in study.seeds:
        for name, way in study.ways:
            ids += begin(home, name, way.spec, way.recipe, [seed], who, TAG).values()
    return ids


def runs(store: Store, study: Ablation) -> tuple[dict[int, Run], dict[int, Run]]:
    """The runs of the two ways, by seed."""
    found = []
    for _, way in study.ways:
        there = members(store, way.spec, way.recipe, study.seeds)
        found.append({r.recipe.seed: r for r in store.runs([run.id for run in there.values()])})
    return found[0], found[1]


def effect(store: Store, before: dict[int, Run], after: dict[int, Run]) -> Effect | None:
    """What the switch did, by the seeds that both ways have finished; None if there is none.

    Several seeds: the best epochs' validation accuracies, with the images' part of the error from
    how the selected checkpoints read each test image. One seed: those predictions alone.
    """
    pairs = [
        (before[seed], after[seed])
        for seed in sorted(before.keys() & after.keys())
        if before[seed].state is State.DONE and after[seed].state is State.DONE
    ]
    scores = [(one.best, two.best) for one, two in pairs]
    counted = [(one, two) for one, two in scores if one and two]
    if not counted:
        return None
    try:
        return _with_predictions(store, pairs, counted)
    except CheckpointError:
        return by_seeds(counted)


def _with_predictions(
    store: Store, pairs: Sequence[tuple[Run, Run]], scores: Sequence[tuple[Score, Score]]
) -> Effect:
    """Raises CheckpointError if a run has kept no predictions."""
    read = [
        (read_readings(store.readings(one.id)), read_readings(store.readings(two.id)))
        for one, two in pairs
    ]
    if len(read) > 1:
        return by_seeds(scores, discordance(read))
    first, second = read[0]
    apart = disagreement(first, second)
    only = len(apart.only_first), len(apart.only_second)
    return by_images(*only, count=len(first.labels), p=apart.p)


def seeds(count: int) -> tuple[int, ...]:
    """So many seeds from 0 on. Raises LabError if they are too many."""
    if not 1 <= count <= MOST_SEEDS:
        raise LabError(f"{count:,} seeds are more than an ablation takes: {MOST_SEEDS}.")
    return tuple(range(count))


MOST_SEEDS = 20
