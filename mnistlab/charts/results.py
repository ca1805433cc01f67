"""Charts that compare runs, and charts of one run's predictions of the test images."""

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
from mnistlab.charts.epochs import TARGET_PERCENT, axis_floor, curve_floor, target_accuracy_marks
from mnistlab.stats.predictions import CalibrationBin
from mnistlab.stats.selective import RiskCoverage
from mnistlab.store.run import Run
from mnistlab.store.table import Point


def compared_accuracy(runs: Sequence[Run]) -> Figure:
    """Validation accuracy (%) as solid lines; training accuracy dotted, hidden at first."""
    traces: list[Trace] = []
    for run, color in zip(runs, colors(len(runs)), strict=True):
        x = [epoch.number for epoch in run.epochs]
        name = f"{run.id} · {run.name}"
        validation = [100 * epoch.validation_accuracy for epoch in run.epochs]
        train = [100 * epoch.train_accuracy for epoch in run.epochs]
        traces.append(line(name, x, validation, color) | {"uid": f"{run.id}v"})
        dotted = {"line": {"color": color, "width": 1, "dash": "dot"}, "mode": "lines"}
        traces.append(
            line(f"{run.id} train", x, train, color)
            | dotted
            | {"visible": "legendonly", "uid": f"{run.id}t"}
        )
    planned = max((run.recipe.epochs for run in runs), default=1)
    result = over_epochs("Validation accuracy (%) by epoch", traces, planned, height=340)
    low = curve_floor([[100 * e.validation_accuracy for e in run.epochs] for run in runs])
    result["layout"]["yaxis"]["range"] = [low, 100 + (100 - low) * 0.02]
    result["layout"]["shapes"] = target_accuracy_marks()
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
    """A color for each run; the ninth has the first one's again."""
    return [RUN_COLORS[index % len(RUN_COLORS)] for index in range(count)]


SCATTER = "Best validation accuracy (%) by parameters"


def scatter(points: Sequence[Point]) -> Figure:
    """Total parameters (logarithmic) against the best validation accuracy, with the budget."""
    # A few runs that never learned must not flatten all others into one line.
    ordered = sorted(100 * point.accuracy for point in points)
    low = axis_floor(ordered[len(ordered) // 10 :])
    n_below = sum(value < low for value in ordered)
    dots: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [point.parameters for point in points],
        "y": [100 * point.accuracy for point in points],
        "text": [f"{point.id} · {point.name}" for point in points],
        "customdata": [point.id for point in points],
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
    result = figure(SCATTER + (f" · {n_below} below" if n_below else ""), [dots], height=330)
    layout = result["layout"]
    layout |= {"hovermode": "closest", "showlegend": False, "shapes": target_accuracy_marks()}
    layout["shapes"].append(budget_line())
    layout["xaxis"] |= parameter_axis([point.parameters for point in points])
    layout["yaxis"]["range"] = [low, 100 + (100 - low) * 0.02]
    layout["margin"]["b"] = 32
    return result


def budget_line(budget: int = BUDGET, is_label_left: bool = True) -> dict[str, object]:
    """A line at the budget, for an axis of parameters."""
    return {
        "type": "line",
        "yref": "paper",
        "x0": budget,
        "x1": budget,
        "y0": 0,
        "y1": 1,
        "line": {"color": REFERENCE_COLOR, "width": 1, "dash": "dash"},
        "label": {
            "text": f"budget: {budget:,}",
            "textposition": "start",
            "textangle": 0,
            "xanchor": "right" if is_label_left else "left",
            "font": {"size": 11},
        },
    }


def parameter_range(totals: Sequence[int], budget: int = BUDGET) -> tuple[float, float]:
    """The ends of `parameter_axis`, as logarithms to base 10."""
    smallest, largest = min([budget, *totals]), max([budget, *totals])
    return math.log10(smallest / 1.3), math.log10(largest * 1.3)


def parameter_axis(totals: Sequence[int], budget: int = BUDGET) -> dict[str, object]:
    """A logarithmic axis that shows these numbers of parameters and the budget."""
    low, high = parameter_range(totals, budget)
    # Few labels fit on a wide axis; a narrow one needs more of them to have any.
    steps = (1, 3) if high - low > 1 else (1, 1.2, 1.4, 1.6, 2, 3, 4, 5, 6, 8)
    ticks = [round(step * 10**power) for power in range(2, 7) for step in steps]
    return {"type": "log", "tickformat": "~s", "tickvals": ticks, "range": [low, high]}


def accuracy_range(percents: Sequence[float]) -> tuple[float, float]:
    """The ends of the accuracy axis, with the target accuracy inside.

    A few runs that have just begun must not flatten all others into one line, so the lowest tenth
    may be below. In steps of half a percent, so that few results move the axis.
    """
    ordered = sorted(percents)
    lowest = min([TARGET_PERCENT, *ordered[len(ordered) // 10 :]])
    highest = max([TARGET_PERCENT, *ordered])
    return math.floor(2 * lowest - 0.4) / 2, highest + 0.25


def confusion(counts: NDArray[np.int64]) -> Figure:
    """Confusion matrix (10, 10) of true (rows) and predicted digits; only errors are colored."""
    errors = counts - np.diag(np.diag(counts))
    digits = [str(digit) for digit in range(10)]
    heat: Trace = {
        "type": "heatmap",
        "x": digits,
        "y": digits,
        "z": errors.tolist(),
        "text": [[str(value) if value else "" for value in row] for row in counts.tolist()],
        "texttemplate": "%{text}",
        "customdata": [[[label, digit] for digit in range(10)] for label in range(10)],
        "hovertemplate": "%{y} predicted as %{x}: %{text}<extra></extra>",
        "colorscale": [[0, "rgba(214, 69, 69, 0)"], [1, "rgba(214, 69, 69, 0.85)"]],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    result = figure("Confusion matrix (rows: true, columns: predicted)", [heat], height=400)
    result["layout"] |= {"hovermode": "closest"}
    result["layout"]["xaxis"] |= {"side": "top", "type": "category", "showgrid": False}
    result["layout"]["yaxis"] |= {"autorange": "reversed", "type": "category", "showgrid": False}
    result["layout"]["margin"] |= {"t": 60, "b": 8, "l": 28}
    return result


def calibration(bins: Sequence[CalibrationBin]) -> Figure:
    """Reliability diagram: accuracy against mean confidence of each bin (%), with its 95% CI."""
    y = [100 * each.score.accuracy for each in bins]
    intervals = [each.score.confidence_interval for each in bins]
    above = [100 * high - value for (_, high), value in zip(intervals, y, strict=True)]
    below = [value - 100 * low for (low, _), value in zip(intervals, y, strict=True)]
    ideal = line("perfect calibration", [0, 100], [0, 100], REFERENCE_COLOR) | {
        "mode": "lines",
        "line": {"color": REFERENCE_COLOR, "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
    }
    measured = line("this network", [100 * each.confidence for each in bins], y, TRAIN_COLOR) | {
        "error_y": {"type": "data", "array": above, "arrayminus": below, "color": GRID_COLOR},
        "text": [f"{each.score.count:,}" for each in bins],
        "hovertemplate": "confidence %{x:.1f}%, accuracy %{y:.1f}%, %{text} images<extra></extra>",
    }
    result = figure(
        "Reliability diagram: accuracy vs. confidence (%)", [ideal, measured], height=400
    )
    result["layout"] |= {"hovermode": "closest"}
    result["layout"]["xaxis"]["range"] = [0, 102]
    result["layout"]["yaxis"]["range"] = [0, 102]
    return result


CURVE_POINTS = 200
"""Of a risk–coverage curve; a browser draws them, and the network sends them."""


def accuracy_by_coverage(curves: Sequence[tuple[str, RiskCoverage]]) -> Figure:
    """Accuracy of the most confident predictions (%) against their fraction (%), one curve each."""
    traces = []
    for (name, curve), color in zip(curves, colors(len(curves)), strict=True):
        points = curve.thinned(CURVE_POINTS)
        trace = line(
            name, (100 * points.coverage).tolist(), (100 - 100 * points.risk).tolist(), color
        )
        confidences = [f"{100 * each:.2f}" for each in points.confidence]
        traces.append(
            trace
            | {
                "mode": "lines",
                "text": confidences,
                "hovertemplate": "%{y:.2f}% of the most confident %{x:.1f}% are correct: those of "
                "at least %{text}% confidence<extra></extra>",
            }
        )
    result = figure("Accuracy vs. coverage (%)", traces, height=320)
    result["layout"] |= {"hovermode": "closest", "showlegend": len(curves) > 1}
    result["layout"]["xaxis"]["range"] = [0, 102]
    # A good network's curve is all near 100%: what it loses must be visible.
    worst = max((float(curve.risk.max()) for _, curve in curves), default=0.0)
    low = 100 - 100 * min(1.0, 1.15 * max(worst, 0.002))
    result["layout"]["yaxis"]["range"] = [low, 100 + (100 - low) * 0.05]
    return result
