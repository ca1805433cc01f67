"""An ablation: baseline and variant with the same seeds, their runs, their accuracy difference."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnistlab.data.options import Split
from mnistlab.errors import CheckpointError
from mnistlab.experiments.seeds import runs_by_seed, submit_missing
from mnistlab.experiments.targets import Length, Target
from mnistlab.experiments.variants import Variant, find_variant
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.difference import AccuracyDifference, paired_images, paired_t
from mnistlab.stats.predictions import disagreement, discordance, load_predictions
from mnistlab.stats.score import Score
from mnistlab.store.run import Run, RunSummary, State
from mnistlab.store.store import Store

TAG = "ablation"


@dataclass(frozen=True)
class Ablation:
    """A target (the baseline), a variant of it, and the seeds that both are trained with."""

    target: Target
    variant: Variant
    recipe: Recipe
    seeds: tuple[int, ...]

    @property
    def configs(self) -> tuple[tuple[str, Variant], tuple[str, Variant]]:
        """Baseline and variant, each with its label."""
        label = self.target.preset.label
        baseline = Variant("", "baseline", self.target.spec, self.recipe)
        return ((label, baseline), (f"{label}, {self.variant.label}", self.variant))


def make_ablation(
    target: Target,
    name: str,
    seeds: Sequence[int],
    length: Length = Length.QUICK,
    split: Split = Split.ARTICLE,
) -> Ablation:
    """The ablation of one of a target's variants. Raises LabError if there is no such variant."""
    recipe = target.recipe(length, split)
    return Ablation(target, find_variant(target.spec, recipe, name), recipe, tuple(seeds))


def submit_ablation(home: Home, study: Ablation, owner: str = "") -> list[int]:
    """Queue the missing runs, resume the interrupted ones; the ids of all of them.

    The baseline's runs are shared with Reproduce the article and the target's other ablations.
    Raises StoreError if the store cannot be written.
    """
    ids: list[int] = []
    for seed in study.seeds:
        for name, config in study.configs:
            ids += submit_missing(
                home, name, config.spec, config.recipe, [seed], owner, TAG
            ).values()
    return ids


def ablation_runs(store: Store, study: Ablation) -> tuple[dict[int, Run], dict[int, Run]]:
    """The runs of baseline and variant, by seed."""
    baseline, variant = (
        _whole_runs(store, runs_by_seed(store, config.spec, config.recipe, study.seeds))
        for _, config in study.configs
    )
    return baseline, variant


def _whole_runs(store: Store, summaries: dict[int, RunSummary]) -> dict[int, Run]:
    runs = store.runs([summary.id for summary in summaries.values()])
    return {run.recipe.seed: run for run in runs}


def accuracy_difference(
    store: Store, baseline: dict[int, Run], variant: dict[int, Run]
) -> AccuracyDifference | None:
    """Variant − baseline over the seeds that both have finished; None if there is no such seed.

    Several seeds: the best epochs' validation accuracies; the sampling error of the images comes
    from the selected checkpoints' test predictions. One seed: those predictions alone.
    """
    pairs = [
        (baseline[seed], variant[seed])
        for seed in sorted(baseline.keys() & variant.keys())
        if baseline[seed].state is State.DONE and variant[seed].state is State.DONE
    ]
    scores = [(one.best, two.best) for one, two in pairs if one.best and two.best]
    if not scores:
        return None
    try:
        return _with_predictions(store, pairs, scores)
    except CheckpointError:
        return paired_t(scores)


def _with_predictions(
    store: Store, pairs: Sequence[tuple[Run, Run]], scores: Sequence[tuple[Score, Score]]
) -> AccuracyDifference:
    """Raises CheckpointError if a run has no test predictions."""
    predictions = [
        (
            load_predictions(store.predictions_path(one.id)),
            load_predictions(store.predictions_path(two.id)),
        )
        for one, two in pairs
    ]
    if len(predictions) > 1:
        return paired_t(scores, discordance(predictions))
    first, second = predictions[0]
    result = disagreement(first, second)
    n_only_correct = len(result.only_first_correct), len(result.only_second_correct)
    return paired_images(*n_only_correct, count=len(first.labels), p_value=result.p_value)
