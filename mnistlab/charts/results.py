"""Several runs beside each other, and one run's readings of the test images."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnistlab.arch.summary import BUDGET
from mnistlab.charts.base import (
    GRID_COLOR,
    OVER_BUDGET_COLOR,
    REFERENCE_COLOR,
    RUN_COLORS,
    TRAIN_COLOR,
    WITHIN_BUDGET_COLOR,
    Figure,
    Trace,
    figure,
    line,
    logarithmic,
    over_epochs,
)
from mnistlab.charts.epochs import floor, goal_marks
from mnistlab.stats.predictions import CalibrationBin
from mnistlab.store.run import Run
from mnistlab.store.table import Point


def compared_accuracy(runs: Sequence[Run]) -> Figure:
    """Validation accuracy in per cent, solid, and training accuracy, dotted and hidden at first."""
    traces: list[Trace] = []
    for run, color in zip(runs, colors(len(runs)), strict=True):
        numbers = [epoch.number for epoch in run.epochs]
        name = f"{run.id} · {run.name}"
        validation = [100 * epoch.validation_accuracy for epoch in run.epochs]
        train = [100 * epoch.train_accuracy for epoch in run.epochs]
        traces.append(line(name, numbers, validation, color) | {"uid": f"{run.id}v"})
        dotted = {"line": {"color": color, "width": 1, "dash": "dot"}, "mode": "lines"}
        traces.append(
            line(f"{run.id} train", numbers, train, color)
            | dotted
            | {"visible": "legendonly", "uid": f"{run.id}t"}
        )
    later = [100 * e.validation_accuracy for run in runs for e in run.epochs[1:]]
    every = [100 * e.validation_accuracy for run in runs for e in run.epochs]
    planned = max((run.recipe.epochs for run in runs), default=1)
    result = over_epochs("Validation accuracy (%) by epoch", traces, planned, height=340)
    low = floor(later or every)
    result["layout"]["yaxis"]["range"] = [low, 100 + (100 - low) * 0.02]
    result["layout"]["shapes"] = goal_marks()
    return result


def compared_loss(runs: Sequence[Run]) -> Figure:
    """Validation loss (mean cross-entropy in nats, logarithmic)."""
    traces = [
        line(
            f"{run.id} · {run.name}",
            [epoch.number for epoch in run.epochs],
            [epoch.validation_loss for epoch in run.epochs],
            color,
        )
        | {"uid": f"{run.id}l"}
        for run, color in zip(runs, colors(len(runs)), strict=True)
    ]
    planned = max((run.recipe.epochs for run in runs), default=1)
    result = over_epochs("Validation loss (nats, log) by epoch", traces, planned, height=340)
    return logarithmic(result)


def colors(count: int) -> list[str]:
    """A color for each of so many runs; from the ninth on they come again."""
    return [RUN_COLORS[index % len(RUN_COLORS)] for index in range(count)]


SCATTER = "Best validation accuracy (%) by parameters"


def scatter(points: Sequence[Point]) -> Figure:
    """Total parameters (logarithmic) against the best validation accuracy, with the budget."""
    # A few runs that never learned must not press all others into a line.
    ordered = sorted(100 * point.accuracy for point in points)
    low = floor(ordered[len(ordered) // 10 :])
    below = sum(value < low for value in ordered)
    dots: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [point.parameters for point in points],
        "y": [100 * point.accuracy for point in points],
        "text": [f"{point.id} · {point.name}" for point in points],
        "hovertemplate": "%{text}<br>%{x:,} parameters, %{y:.2f}%<extra></extra>",
        "marker": {
            "size": 9,
            "opacity": 0.75,
            "color": [
                WITHIN_BUDGET_COLOR if point.parameters <= BUDGET else OVER_BUDGET_COLOR
                for point in points
            ],
        },
    }
    result = figure(SCATTER + (f" · {below} below" if below else ""), [dots], height=330)
    layout = result["layout"]
    layout |= {"hovermode": "closest", "showlegend": False, "shapes": goal_marks()}
    totals = [BUDGET, *(point.parameters for point in points)]
    reach = [math.log10(min(totals) / 1.3), math.log10(max(totals) * 1.3)]
    ticks = [one * 10**ten for ten in range(2, 7) for one in (1, 2, 5)]
    layout["xaxis"] |= {"type": "log", "tickformat": ",", "tickvals": ticks, "range": reach}
    layout["yaxis"]["range"] = [low, 100 + (100 - low) * 0.02]
    layout["margin"]["b"] = 32
    layout["shapes"].append(
        {
            "type": "line",
            "yref": "paper",
            "x0": BUDGET,
            "x1": BUDGET,
            "y0": 0,
            "y1": 1,
            "line": {"color": REFERENCE_COLOR, "width": 1, "dash": "dash"},
            "label": {
                "text": f"budget: {BUDGET:,}",
                "textposition": "start",
                "textangle": 0,
                "xanchor": "right",
                "font": {"color": REFERENCE_COLOR, "size": 11},
            },
        }
    )
    return result


def confusion(counts: NDArray[np.int64]) -> Figure:
    """How often each digit (row) was read as each digit; colors show the mistakes alone."""
    mistakes = counts - np.diag(np.diag(counts))
    digits = [str(digit) for digit in range(10)]
    heat: Trace = {
        "type": "heatmap",
        "x": digits,
        "y": digits,
        "z": mistakes.tolist(),
        "text": [[str(value) if value else "" for value in row] for row in counts.tolist()],
        "texttemplate": "%{text}",
        "hovertemplate": "a %{y} read as %{x}: %{text}<extra></extra>",
        "colorscale": [[0, "rgba(214, 69, 69, 0)"], [1, "rgba(214, 69, 69, 0.85)"]],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    result = figure("What was read (columns) for each digit (rows)", [heat], height=400)
    result["layout"] |= {"hovermode": "closest"}
    result["layout"]["xaxis"] |= {"side": "top", "type": "category", "showgrid": False}
    result["layout"]["yaxis"] |= {"autorange": "reversed", "type": "category", "showgrid": False}
    result["layout"]["margin"] |= {"t": 60, "b": 8, "l": 28}
    return result


def calibration(bins: Sequence[CalibrationBin]) -> Figure:
    """Accuracy against mean confidence, both in per cent, with each bin's 95 % interval."""
    y = [100 * each.score.accuracy for each in bins]
    high = [
        100 * each.score.confidence_interval[1] - value for each, value in zip(bins, y, strict=True)
    ]
    low = [
        value - 100 * each.score.confidence_interval[0] for each, value in zip(bins, y, strict=True)
    ]
    ideal = line("as sure as right", [0, 100], [0, 100], REFERENCE_COLOR) | {
        "mode": "lines",
        "line": {"color": REFERENCE_COLOR, "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
    }
    seen = line("this network", [100 * each.confidence for each in bins], y, TRAIN_COLOR) | {
        "error_y": {"type": "data", "array": high, "arrayminus": low, "color": GRID_COLOR},
        "text": [f"{each.score.count:,}" for each in bins],
        "hovertemplate": "%{x:.1f}% sure, %{y:.1f}% right, %{text} images<extra></extra>",
    }
    result = figure("How often it is right (%) by how sure it is (%)", [ideal, seen], height=400)
    result["layout"] |= {"hovermode": "closest"}
    result["layout"]["xaxis"]["range"] = [0, 102]
    result["layout"]["yaxis"]["range"] = [0, 102]
    return result
