"""One choice switched, with the same seeds: its runs, and what the switch did to the accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnistlab.data.options import Split
from mnistlab.errors import CheckpointError, LabError
from mnistlab.experiments.seeds import runs_by_seed, submit_missing
from mnistlab.experiments.targets import Length, Target
from mnistlab.experiments.variants import Variant, find_variant
from mnistlab.home import Home
from mnistlab.stats.difference import AccuracyDifference, paired_images, paired_t
from mnistlab.stats.predictions import disagreement, discordance, load_predictions
from mnistlab.stats.score import Score
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.training.recipe import Recipe

TAG = "ablation"


@dataclass(frozen=True)
class Ablation:
    """A target, the switch, and the seeds that both ways are trained with."""

    target: Target
    variant: Variant
    recipe: Recipe
    seeds: tuple[int, ...]

    @property
    def configs(self) -> tuple[tuple[str, Variant], tuple[str, Variant]]:
        """What the two ways are called: the target as it is, and with its one choice switched."""
        label = self.target.preset.label
        as_is = Variant("", "as it is", self.target.spec, self.recipe)
        return ((label, as_is), (f"{label}, {self.variant.label}", self.variant))


def make_ablation(
    target: Target,
    name: str,
    seeds: Sequence[int],
    length: Length = Length.QUICK,
    split: Split = Split.ARTICLE,
) -> Ablation:
    """The ablation of a target's switch. Raises LabError if it has no such switch."""
    recipe = target.recipe(length, split)
    return Ablation(target, find_variant(target.spec, recipe, name), recipe, tuple(seeds))


def submit_ablation(home: Home, study: Ablation, owner: str = "") -> list[int]:
    """Queue what is missing of both ways, resume what was left half-way; all run ids.

    A target's own runs serve the ladder and all of its ablations. Raises StoreError if the store
    cannot be written.
    """
    ids: list[int] = []
    for seed in study.seeds:
        for name, way in study.configs:
            ids += submit_missing(home, name, way.spec, way.recipe, [seed], owner, TAG).values()
    return ids


def ablation_runs(store: Store, study: Ablation) -> tuple[dict[int, Run], dict[int, Run]]:
    """The runs of the two ways, by seed."""
    found = []
    for _, way in study.configs:
        there = runs_by_seed(store, way.spec, way.recipe, study.seeds)
        found.append({r.recipe.seed: r for r in store.runs([run.id for run in there.values()])})
    return found[0], found[1]


def accuracy_difference(
    store: Store, before: dict[int, Run], after: dict[int, Run]
) -> AccuracyDifference | None:
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
        return paired_t(counted)


def _with_predictions(
    store: Store, pairs: Sequence[tuple[Run, Run]], scores: Sequence[tuple[Score, Score]]
) -> AccuracyDifference:
    """Raises CheckpointError if a run has kept no predictions."""
    read = [
        (
            load_predictions(store.predictions_path(one.id)),
            load_predictions(store.predictions_path(two.id)),
        )
        for one, two in pairs
    ]
    if len(read) > 1:
        return paired_t(scores, discordance(read))
    first, second = read[0]
    apart = disagreement(first, second)
    only = len(apart.only_first_correct), len(apart.only_second_correct)
    return paired_images(*only, count=len(first.labels), p_value=apart.p_value)


def first_seeds(count: int) -> tuple[int, ...]:
    """So many seeds from 0 on. Raises LabError if they are too many."""
    if not 1 <= count <= MAX_SEEDS:
        raise LabError(f"{count:,} seeds are more than an ablation takes: {MAX_SEEDS}.")
    return tuple(range(count))


MAX_SEEDS = 20
