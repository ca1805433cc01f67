"""The ladder's steps as curves: one beside the step before it, all four over each other."""

from collections.abc import Sequence

from mnistlab.charts import epochs as charts
from mnistlab.charts.base import REFERENCE_COLOR, RUN_COLORS, Figure, Trace, add, line, over_epochs
from mnistlab.charts.epochs import floor, goal_marks
from mnistlab.experiments.targets import Target
from mnistlab.store.run import Run
from mnistlab.training.epoch import Epoch


def target_curves(
    target: Target, seen: Sequence[Epoch], kept: int, before: Sequence[Epoch]
) -> Figure:
    """A step's accuracies in per cent, and the validation of the step before it in gray."""
    result = charts.accuracy(seen, len(seen), kept, target.preset.article)
    if before:
        earlier = line(
            "The step before, validation",
            [epoch.number for epoch in before],
            [100 * epoch.validation_accuracy for epoch in before],
            REFERENCE_COLOR,
        )
        add(result, [earlier | {"mode": "lines"}])
    return result


def grouped_curves(groups: Sequence[tuple[str, Sequence[Run]]], planned: int) -> Figure:
    """Validation accuracy in per cent of every run, a color for each named group of seeds.

    The first seed's line is thick, the others are thin. Stars are the kept epochs with the 95 %
    interval that 10,000 images leave; training accuracies are dotted and hidden at first.
    """
    traces: list[Trace] = []
    for (label, runs), color in zip(groups, RUN_COLORS, strict=False):
        for place, run in enumerate(runs):
            traces += _lines(run, label, color, first=place == 0)
    every = [run for _, runs in groups for run in runs]
    result = over_epochs("Validation accuracy (%) by epoch", traces, planned, height=400)
    later = [100 * e.validation_accuracy for run in every for e in run.epochs[2:]]
    low = floor(later or [100 * e.validation_accuracy for run in every for e in run.epochs])
    result["layout"]["yaxis"]["range"] = [low, 100 + (100 - low) * 0.02]
    result["layout"]["shapes"] = goal_marks()
    return result


def _lines(run: Run, label: str, color: str, first: bool) -> list[Trace]:
    """A run's validation, its star, and for a group's first run its training accuracy."""
    numbers = [epoch.number for epoch in run.epochs]
    seed = "" if first else f", seed {run.recipe.seed}"
    group: Trace = {"legendgroup": label, "showlegend": first}
    validation = line(
        f"{label}{seed}", numbers, [100 * e.validation_accuracy for e in run.epochs], color
    )
    if not first:
        validation |= {"mode": "lines", "line": {"color": color, "width": 1}, "opacity": 0.6}
    found = [validation | group | {"uid": f"{run.id}v"}]
    if run.best:
        share, (low, high) = run.best.accuracy, run.best.confidence_interval
        star = line(f"{label}{seed}, kept", [run.best_epoch or 0], [100 * share], color)
        found.append(
            star
            | {
                "mode": "markers",
                "marker": {"symbol": "star", "size": 12, "color": color},
                "error_y": {
                    "type": "data",
                    "array": [100 * (high - share)],
                    "arrayminus": [100 * (share - low)],
                    "color": color,
                    "thickness": 1,
                },
                "uid": f"{run.id}s",
            }
            | group
            | {"showlegend": False}
        )
    if first:
        train = line(
            f"{label}, train", numbers, [100 * e.train_accuracy for e in run.epochs], color
        )
        dotted = {"mode": "lines", "line": {"color": color, "width": 1, "dash": "dot"}}
        found.append(train | dotted | {"visible": "legendonly", "uid": f"{run.id}t"})
    return found
