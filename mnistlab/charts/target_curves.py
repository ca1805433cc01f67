"""The article's targets as curves: one with the previous target, or all four together."""

from collections.abc import Sequence

from mnistlab.charts import epochs as charts
from mnistlab.charts.base import REFERENCE_COLOR, RUN_COLORS, Figure, Trace, add, line, over_epochs
from mnistlab.charts.epochs import curve_floor, target_accuracy_marks
from mnistlab.experiments.targets import Step
from mnistlab.store.run import Run
from mnistlab.training.epoch import Epoch


def target_curves(
    step: Step, epochs: Sequence[Epoch], saved_epoch: int, previous: Sequence[Epoch]
) -> Figure:
    """A step's accuracies (%), and the validation accuracy of the previous target in gray."""
    result = charts.accuracy(epochs, len(epochs), saved_epoch, step.preset.article)
    if previous:
        trace = line(
            "Previous step (validation)",
            [epoch.number for epoch in previous],
            [100 * epoch.validation_accuracy for epoch in previous],
            REFERENCE_COLOR,
        )
        add(result, [trace | {"mode": "lines"}])
    return result


References = Sequence[tuple[str, Sequence[Epoch]]]
"""Trainings to compare one's own with, each with its name; one without epochs keeps its place, so
that the others keep their dashes."""
REFERENCE_DASHES = ("solid", "dash", "dot", "dashdot")


def grouped_curves(
    groups: Sequence[tuple[str, Sequence[Run]]], planned: int, references: References = ()
) -> Figure:
    """Validation accuracy (%) of every run, with one color for each named group of seeds.

    The first seed has a thick line, the others thin ones. Stars mark the saved epochs with their
    95% confidence intervals; training accuracies are dotted and hidden at first. The references are
    gray, behind all others.
    """
    traces: list[Trace] = [
        _reference_line(label, epochs, dash)
        for (label, epochs), dash in zip(references, REFERENCE_DASHES, strict=False)
        if epochs
    ]
    for (label, runs), color in zip(groups, RUN_COLORS, strict=False):
        for n, run in enumerate(runs):
            traces += _lines(run, label, color, first=n == 0)
    all_runs = [run for _, runs in groups for run in runs]
    result = over_epochs("Validation accuracy (%) by epoch", traces, planned, height=400)
    curves = [*(run.epochs for run in all_runs), *(epochs for _, epochs in references)]
    low = curve_floor([[100 * e.validation_accuracy for e in epochs] for epochs in curves])
    result["layout"]["yaxis"]["range"] = [low, 100 + (100 - low) * 0.02]
    result["layout"]["shapes"] = target_accuracy_marks()
    return result


def _reference_line(label: str, epochs: Sequence[Epoch], dash: str) -> Trace:
    x, y = [e.number for e in epochs], [100 * e.validation_accuracy for e in epochs]
    return line(f"{label}, reference", x, y, REFERENCE_COLOR) | {
        "mode": "lines",
        "line": {"color": REFERENCE_COLOR, "width": 1.5, "dash": dash},
        "showlegend": True,  # also if it is the only line
        "uid": f"{label}r",
    }


def _lines(run: Run, label: str, color: str, first: bool) -> list[Trace]:
    """A run's validation accuracy, its star, and the training accuracy of a group's first run."""
    x = [epoch.number for epoch in run.epochs]
    seed = "" if first else f", seed {run.recipe.seed}"
    group: Trace = {"legendgroup": label, "showlegend": first}
    validation = line(f"{label}{seed}", x, [100 * e.validation_accuracy for e in run.epochs], color)
    if not first:
        validation |= {"mode": "lines", "line": {"color": color, "width": 1}, "opacity": 0.6}
    traces = [validation | group | {"uid": f"{run.id}v"}]
    if run.best:
        accuracy, (low, high) = run.best.accuracy, run.best.confidence_interval
        star = line(f"{label}{seed}, saved epoch", [run.best_epoch or 0], [100 * accuracy], color)
        traces.append(
            star
            | {
                "mode": "markers",
                "marker": {"symbol": "star", "size": 12, "color": color},
                "error_y": {
                    "type": "data",
                    "array": [100 * (high - accuracy)],
                    "arrayminus": [100 * (accuracy - low)],
                    "color": color,
                    "thickness": 1,
                },
                "uid": f"{run.id}s",
            }
            | group
            | {"showlegend": False}
        )
    if first:
        train = line(f"{label}, train", x, [100 * e.train_accuracy for e in run.epochs], color)
        dotted = {"mode": "lines", "line": {"color": color, "width": 1, "dash": "dot"}}
        traces.append(train | dotted | {"visible": "legendonly", "uid": f"{run.id}t"})
    return traces
