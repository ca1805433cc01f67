"""The class's best runs as parameters against accuracy, for a projector."""

import math
from collections.abc import Mapping, Sequence

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
from mnistlab.charts.results import accuracy_range, budget_line, parameter_axis, parameter_range
from mnistlab.store.classroom.standings import Standing

HEIGHT = 500
TITLE = "Best validation accuracy (%) by parameters"
TEXT_SIZE, LABEL_SIZE, MARKER_SIZE = 16, 15, 28
"""Pixels: readable from the last row."""
PLOT = (600, 300)
"""Pixels of the plot's area on a screen of 1280×720: on a larger one fewer points cover each other.
"""
MAX_NAMED = 5
"""Of the points that one covers."""


def class_board(standings: Sequence[Standing], budget: int = BUDGET) -> Figure:
    """Each student's best run as a point with its rank, and the Pareto front as a line.

    Total parameters are logarithmic. Points have the run's number as `customdata`. A standing
    without a name, as on a board that hides names, is called by its rank alone. `budget` is the
    limit of parameters of the class's task, if it has one.
    """
    low, high = accuracy_range([100 * each.best.accuracy for each in standings])
    n_below = sum(100 * each.best.accuracy < low for each in standings)
    title = TITLE + (f" · {n_below} below" if n_below else "")
    totals = [each.parameters for each in standings]
    x_range = parameter_range(totals, budget)
    places = _by_place(standings, x_range, (low, high))
    # The best last, so that its point is above the others; those without a number below all others.
    drawn = sorted(standings[::-1], key=lambda each: each.run_id in places)
    result = figure(title, [_front(standings), _points(drawn, places, budget)], HEIGHT)
    layout = result["layout"]
    # On the side where there is more room.
    is_label_left = 2 * math.log10(budget) > sum(x_range)
    marks = [*target_accuracy_marks(), budget_line(budget, is_label_left)]
    for mark in marks:
        if isinstance(label := mark.get("label"), dict):
            label["font"] = {"size": LABEL_SIZE}
    layout |= {"hovermode": "closest", "shapes": marks}
    # A phone is too narrow for the title next to the axis.
    layout["title"] |= {"font": {"size": TEXT_SIZE}, "xref": "container"}
    layout["legend"] |= {"font": {"size": LABEL_SIZE}}
    # At the bottom whatever the height, which the page takes from the window.
    layout["legend"] |= {"yref": "container", "y": 0, "yanchor": "bottom"}
    layout["xaxis"] |= parameter_axis(totals, budget)
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


def _points(
    standings: Sequence[Standing], places: Mapping[int, Sequence[Standing]], budget: int
) -> Trace:
    """All points, each where it is. Of those that cover each other the best one, which is drawn
    last, has a number and what all of them are called.
    """
    texts = [_label(each, places.get(each.run_id)) for each in standings]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "showlegend": False,
        "x": [each.parameters for each in standings],
        "y": [100 * each.best.accuracy for each in standings],
        "text": texts,
        "textfont": {"size": LABEL_SIZE, "color": "white"},
        "hovertext": [_names(each, places.get(each.run_id, ())) for each in standings],
        "customdata": [each.run_id for each in standings],
        "hovertemplate": "%{hovertext}<br>%{x:,} parameters, %{y:.2f}%<extra></extra>",
        "marker": {
            "size": [max(MARKER_SIZE, 8 * len(text) + 5) for text in texts],
            # Sizes that differ would make plotly draw them translucent.
            "opacity": 1,
            "line": {"width": 1.5, "color": "white"},
            "color": [
                WITHIN_BUDGET_COLOR if each.parameters <= budget else OVER_BUDGET_COLOR
                for each in standings
            ],
        },
    }


def _names(standing: Standing, covered: Sequence[Standing]) -> str:
    """What a point is called, with those that it covers."""
    name, *others = (each.name or f"Rank {each.rank}" for each in (standing, *covered))
    if not others:
        return name
    n_more = len(others) - MAX_NAMED
    more = f" and {n_more} more" if n_more > 0 else ""
    return f"{name}; at the same place {', '.join(others[:MAX_NAMED])}{more}"


def _label(standing: Standing, covered: Sequence[Standing] | None) -> str:
    """The rank, and how many more are at the same place; empty for one of those."""
    if covered is None:
        return ""
    return f"{standing.rank}+{len(covered)}" if covered else str(standing.rank)


def _by_place(
    standings: Sequence[Standing], x_range: tuple[float, float], y_range: tuple[float, float]
) -> dict[int, list[Standing]]:
    """The standings that have a number, by their run, each with those that it covers.

    Taken one by one from the best: one whose center is within MARKER_SIZE of a numbered one's, on a
    plot of PLOT pixels, belongs to it. The ranges are those of the axes: log10 of parameters, and
    accuracy in percent.
    """
    scales = [
        size / (high - low) for size, (low, high) in zip(PLOT, (x_range, y_range), strict=True)
    ]
    centers: dict[int, tuple[float, float]] = {}
    places: dict[int, list[Standing]] = {}
    for each in standings:
        x = math.log10(each.parameters) * scales[0]
        y = 100 * each.best.accuracy * scales[1]
        near = (run for run, center in centers.items() if math.dist(center, (x, y)) < MARKER_SIZE)
        if (run := next(near, None)) is not None:
            places[run].append(each)
        else:
            centers[each.run_id], places[each.run_id] = (x, y), []
    return places
