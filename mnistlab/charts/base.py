"""What all figures share: the colors and what they mean, the frame, the reference lines."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

TRAIN_COLOR = "#3b82f6"
VALIDATION_COLOR = "#e8710a"
WITHIN_BUDGET_COLOR = "#1a9e6b"
OVER_BUDGET_COLOR = "#d64545"
"""What these colors mean, they mean on every page."""

RUN_COLORS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#b8860b",
    "#56b4e9",
    "#7f4fc9",
    "#8a8f98",
)
"""One for each run that is compared; after Okabe & Ito, told apart by color-blind eyes too."""

REFERENCE_COLOR = "#8a8f98"
GRID_COLOR = "rgba(128, 128, 128, 0.22)"
"""Faint on white and on black."""

Figure = dict[str, Any]
Trace = dict[str, Any]


def line(name: str, x: Sequence[float], y: Sequence[float], color: str) -> Trace:
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines+markers",
        "x": list(x),
        "y": list(y),
        "line": {"color": color, "width": 2},
        "marker": {"size": 5, "color": color},
        "hovertemplate": "%{y:.4~g}",
    }


def reference(value: float, text: str, at: str = "start") -> dict[str, Any]:
    """A dotted line across the figure at a y value, with its name on it."""
    label = {
        "text": _plain(text),
        "textposition": at,
        "font": {"color": REFERENCE_COLOR, "size": 11},
        "yanchor": "top" if at == "start" else "bottom",
    }
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": value,
        "y1": value,
        "line": {"color": REFERENCE_COLOR, "width": 1, "dash": "dot"},
        "label": label,
    }


def band(low: float, high: float) -> dict[str, Any]:
    """A faint stripe across the figure between two y values."""
    return {
        "type": "rect",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": low,
        "y1": high,
        "fillcolor": "rgba(128, 128, 128, 0.16)",
        "line": {"width": 0},
        "layer": "below",
    }


def figure(title: str, traces: Sequence[Trace], height: int = 290) -> Figure:
    """A frame that fits both themes, its legend below so that it never meets the title."""
    result: Figure = {
        "data": [],
        "layout": {
            "title": {"text": _plain(title), "x": 0, "xref": "paper", "font": {"size": 14}},
            "height": height,
            "margin": {"l": 52, "r": 12, "t": 36, "b": 56},
            "xaxis": {"gridcolor": GRID_COLOR, "zeroline": False},
            "yaxis": {"gridcolor": GRID_COLOR, "zeroline": False},
            "legend": {"orientation": "h", "x": 0, "y": -0.13, "yanchor": "top"},
            "hovermode": "x unified",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            # As long as this stays the same, plotly keeps the reader's zoom and hidden lines.
            "uirevision": "kept",
        },
    }
    add(result, traces)
    return result


def add(figure: Figure, traces: Iterable[Trace]) -> None:
    """Put traces into a figure: the only way in, because plotly reads tags and entities in names.

    A run that somebody called `<b>` or `&amp;` is shown as just that; so the names and texts of
    traces come here as they were typed.
    """
    figure["data"] += map(_escaped, traces)


def _escaped(trace: Trace) -> Trace:
    result = dict(trace)
    if name := trace.get("name"):
        result["name"] = _plain(name)
        if result["name"] != name:
            # Shortened to plotly's 15 characters an entity could be cut in two.
            result["hoverlabel"] = {"namelength": -1}
    if "text" in trace:
        result["text"] = _each_plain(trace["text"])
    return result


def _each_plain(text: Any) -> Any:
    """A trace's text: one for all of its points, one for each, or rows of them."""
    return _plain(text) if isinstance(text, str) else [_each_plain(each) for each in text]


def _plain(text: str) -> str:
    """The text as plotly must be given it for it to be shown as it is."""
    return escape(text, quote=False)


def logarithmic(figure: Figure) -> Figure:
    """The figure with a logarithmic y axis, marked at 1, 2 and 5 where a factor of 2 is in view."""
    values = [y for trace in figure["data"] for y in trace["y"]]
    figure["layout"]["yaxis"] |= {"type": "log", "tickformat": "~g"}
    if not values:
        figure["layout"]["yaxis"]["range"] = [-2, 0.5]
    if not values or max(values) > 2.5 * min(values):
        ticks = [one * ten for ten in (0.001, 0.01, 0.1, 1, 10) for one in (1, 2, 5)]
        figure["layout"]["yaxis"]["tickvals"] = ticks
    return figure


def over_epochs(title: str, traces: Sequence[Trace], planned: int, height: int = 290) -> Figure:
    """A figure whose axis is fixed for the planned epochs, so that nothing jumps as they come."""
    result = figure(title, traces, height)
    result["layout"]["xaxis"] |= {"range": [0.5, planned + 0.5], "dtick": _tick(planned)}
    return result


def _tick(planned: int) -> int:
    """Epochs between marks: about ten marks, at whole and round numbers."""
    return next(step for step in (1, 2, 5, 10, 20, 50, 100) if planned <= 12 * step or step == 100)
