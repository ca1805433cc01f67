"""Plotly figures as plain values: the JSON that plotly.js draws, without importing plotly."""

from collections.abc import Sequence
from typing import Any

from mnistlab.training.epoch import Epoch, best

TRAIN = "#3b82f6"
VALIDATION = "#e8710a"
WITHIN = "#1a9e6b"
OVER = "#d64545"
"""What these colours mean, they mean on every page."""

REFERENCE = "#8a8f98"
GRID = "rgba(128, 128, 128, 0.22)"
"""Faint on white and on black."""

GOAL = 99.40
"""Per cent: the article's aim."""

Figure = dict[str, Any]
FLOORS = (99.0, 98.0, 95.0, 90.0, 80.0, 50.0, 0.0)


def accuracy(epochs: Sequence[Epoch], planned: int) -> Figure:
    """Training and validation accuracy in per cent over the planned epochs."""
    train = [100 * epoch.train_accuracy for epoch in epochs]
    validation = [100 * epoch.validation_accuracy for epoch in epochs]
    # The first epoch is so far below the rest that a floor under it would flatten the others.
    lowest = min(train[1:] + validation[1:] or train + validation, default=0.0)
    floor = next(floor for floor in FLOORS if floor <= lowest)
    traces = [
        _line("Train", epochs, train, TRAIN),
        _line("Validation", epochs, validation, VALIDATION),
    ]
    if top := best(epochs):
        traces.append(
            _line("Best", [top], [100 * top.validation_accuracy], VALIDATION)
            | {"mode": "markers", "marker": {"symbol": "star", "size": 13, "color": VALIDATION}}
        )
    figure = _figure("Accuracy", "%", traces, planned)
    figure["layout"]["yaxis"]["range"] = [floor, 100 + (100 - floor) * 0.02]
    figure["layout"]["shapes"] = [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": GOAL,
            "y1": GOAL,
            "line": {"color": REFERENCE, "width": 1, "dash": "dot"},
            "label": {
                "text": f"article: {GOAL:.2f} %",
                "textposition": "start",
                "font": {"color": REFERENCE, "size": 11},
                "yanchor": "top",
            },
        }
    ]
    return figure


def loss(epochs: Sequence[Epoch], planned: int) -> Figure:
    """Training and validation loss (mean cross-entropy in nats, logarithmic) by epoch."""
    traces = [
        _line("Train", epochs, [epoch.train_loss for epoch in epochs], TRAIN),
        _line("Validation", epochs, [epoch.validation_loss for epoch in epochs], VALIDATION),
    ]
    figure = _figure("Loss", "nats, log", traces, planned)
    ticks = [one * ten for ten in (0.001, 0.01, 0.1, 1, 10) for one in (1, 2, 5)]
    figure["layout"]["yaxis"] |= {"type": "log", "tickvals": ticks, "tickformat": "~g"}
    return figure


def _line(
    name: str, epochs: Sequence[Epoch], values: Sequence[float], colour: str
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines+markers",
        "x": [epoch.number for epoch in epochs],
        "y": list(values),
        "line": {"color": colour, "width": 2},
        "marker": {"size": 5},
        "hovertemplate": "%{y:.4~g}",
    }


def _tick(planned: int) -> int:
    """Epochs between marks: about ten marks, at whole and round numbers."""
    return next(step for step in (1, 2, 5, 10, 20, 50, 100) if planned <= 12 * step or step == 100)


def _figure(title: str, unit: str, traces: list[dict[str, Any]], planned: int) -> Figure:
    """Axes that are fixed for the planned epochs, so that nothing jumps as points arrive."""
    return {
        "data": traces,
        "layout": {
            "title": {"text": f"{title} ({unit}) by epoch", "x": 0, "font": {"size": 14}},
            "height": 300,
            "margin": {"l": 48, "r": 12, "t": 40, "b": 32},
            "xaxis": {"range": [0.5, planned + 0.5], "dtick": _tick(planned), "gridcolor": GRID},
            "yaxis": {"zeroline": False, "gridcolor": GRID},
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"},
            "hovermode": "x unified",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            # As long as this stays the same, plotly keeps the reader's zoom and hidden lines.
            "uirevision": "kept",
        },
    }
