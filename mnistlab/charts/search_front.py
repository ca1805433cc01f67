"""A search's trials as parameters against validation accuracy, and their Pareto front."""

from collections.abc import Collection, Sequence

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
from mnistlab.store.run import RunSummary, State

HEIGHT = 400
TITLE = "Best validation accuracy (%) by parameters"


def search_front(runs: Sequence[RunSummary], front: Sequence[RunSummary]) -> Figure:
    """The trials that have an epoch as points, and what so many parameters have reached as steps.

    Total parameters are logarithmic. Trials that are not done are open circles: their accuracy is
    that of fewer epochs. Points have the run's number as `customdata`.
    """
    shown = [run for run in runs if run.best]
    done = [run for run in shown if run.state is State.DONE]
    others = [run for run in shown if run.state is not State.DONE]
    # Stopped ones had fewer epochs: an axis that shows them all would flatten the others.
    low, high = accuracy_range(_percents(done or shown))
    low = min([low, *_percents(front)])
    n_below = sum(value < low for value in _percents(shown))
    title = TITLE + (f" · {n_below} below" if n_below else "")
    best = {run.id for run in front}
    traces = [
        _steps(front),
        _points("Stopped early, or not done", others, best, "circle-open"),
        _points("Done", done, best, "circle"),
    ]
    result = figure(title, traces, HEIGHT)
    layout = result["layout"]
    # A phone is too narrow for the title next to the axis.
    layout["title"] |= {"xref": "container"}
    layout |= {"hovermode": "closest", "shapes": [*target_accuracy_marks(), budget_line()]}
    layout["xaxis"] |= parameter_axis([run.parameters for run in shown])
    layout["yaxis"]["range"] = [low, high]
    return result


def _percents(runs: Sequence[RunSummary]) -> list[float]:
    return [100 * run.best.accuracy for run in runs if run.best]


def _steps(front: Sequence[RunSummary]) -> Trace:
    return {
        "type": "scatter",
        "name": "Pareto front",
        "uid": "front",
        "mode": "lines",
        "x": [run.parameters for run in front],
        "y": _percents(front),
        "line": {"shape": "hv", "color": REFERENCE_COLOR, "width": 3},
        "hoverinfo": "skip",
    }


def _points(name: str, runs: Sequence[RunSummary], best: Collection[int], symbol: str) -> Trace:
    """One point for each run; those of the best are larger."""
    return {
        "type": "scatter",
        "name": name,
        "uid": symbol,
        "mode": "markers",
        "x": [run.parameters for run in runs],
        "y": _percents(runs),
        "hovertext": [f"{run.id} · {run.name}: {run.spec}" for run in runs],
        "customdata": [run.id for run in runs],
        "hovertemplate": "%{hovertext}<br>%{x:,} parameters, %{y:.2f}%<extra></extra>",
        "marker": {
            "size": [13 if run.id in best else 8 for run in runs],
            "opacity": 0.75,
            "symbol": symbol,
            "color": [
                WITHIN_BUDGET_COLOR if run.parameters <= BUDGET else OVER_BUDGET_COLOR
                for run in runs
            ],
        },
    }
