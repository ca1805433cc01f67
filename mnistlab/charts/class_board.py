"""The class's best runs as parameters against accuracy, for a projector."""

from collections.abc import Sequence

from mnistlab.arch.summary import BUDGET
from mnistlab.charts.base import (
    OVER_BUDGET_COLOR,
    REFERENCE_COLOR,
    WITHIN_BUDGET_COLOR,
    Figure,
    Trace,
    figure,
)
from mnistlab.charts.epochs import target_accuracy_marks
from mnistlab.charts.results import accuracy_range, budget_line, parameter_axis
from mnistlab.store.classroom.standings import Standing

HEIGHT = 500
TITLE = "Best validation accuracy (%) by parameters"
TEXT_SIZE, LABEL_SIZE = 16, 15
"""Pixels: readable from the last row."""


def class_board(standings: Sequence[Standing]) -> Figure:
    """Each student's best run as a point with its rank, and the Pareto front as a line.

    Total parameters are logarithmic. Points have the run's number as `customdata`. A standing
    without a name, as on a board that hides names, is called by its rank alone.
    """
    low, high = accuracy_range([100 * each.best.accuracy for each in standings])
    n_below = sum(100 * each.best.accuracy < low for each in standings)
    title = TITLE + (f" · {n_below} below" if n_below else "")
    # The best last, so that its point is above the others.
    result = figure(title, [_front(standings), _points(standings[::-1])], HEIGHT)
    layout = result["layout"]
    marks = [*target_accuracy_marks(), budget_line()]
    for mark in marks:
        if isinstance(label := mark.get("label"), dict):
            label["font"] = {"size": LABEL_SIZE}
    layout |= {"hovermode": "closest", "shapes": marks}
    # A phone is too narrow for the title next to the axis.
    layout["title"] |= {"font": {"size": TEXT_SIZE}, "xref": "container"}
    layout["legend"] |= {"font": {"size": LABEL_SIZE}, "y": -0.1}
    layout["xaxis"] |= parameter_axis([each.parameters for each in standings])
    layout["yaxis"]["range"] = [low, high]
    for axis in ("xaxis", "yaxis"):
        layout[axis]["tickfont"] = {"size": LABEL_SIZE}
    layout["margin"] |= {"l": 60, "b": 70}
    return result


def _front(standings: Sequence[Standing]) -> Trace:
    """The accuracy that the class has reached with at most so many parameters, as steps."""
    front = sorted((s for s in standings if s.is_on_front), key=lambda each: each.parameters)
    return {
        "type": "scatter",
        "name": "Pareto front",
        "mode": "lines",
        "x": [each.parameters for each in front],
        "y": [100 * each.best.accuracy for each in front],
        "line": {"shape": "hv", "color": REFERENCE_COLOR, "width": 3},
        "hoverinfo": "skip",
    }


def _points(standings: Sequence[Standing]) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "showlegend": False,
        "x": [each.parameters for each in standings],
        "y": [100 * each.best.accuracy for each in standings],
        "text": [str(each.rank) for each in standings],
        "textfont": {"size": LABEL_SIZE, "color": "white"},
        "hovertext": [each.name or f"Rank {each.rank}" for each in standings],
        "customdata": [each.run_id for each in standings],
        "hovertemplate": "%{hovertext}<br>%{x:,} parameters, %{y:.2f}%<extra></extra>",
        "marker": {
            "size": 28,
            "line": {"width": 1.5, "color": "white"},
            "color": [
                WITHIN_BUDGET_COLOR if each.parameters <= BUDGET else OVER_BUDGET_COLOR
                for each in standings
            ],
        },
    }
