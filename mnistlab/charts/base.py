"""The parts that all figures share: colors, layout, reference lines, escaping."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

TRAIN_COLOR = "#3b82f6"
VALIDATION_COLOR = "#e8710a"
WITHIN_BUDGET_COLOR = "#1a9e6b"
OVER_BUDGET_COLOR = "#d64545"
"""Each color has the same meaning on every page.

Lines and areas need a contrast of 3 to the page, text one of 4.5 (WCAG 2, AA). One color can have 3
on a white and on a black page, but none has 4.5 on both, so text has two.
"""

WITHIN_BUDGET_TEXT = ("#0b7a4f", "#2fbf87")
OVER_BUDGET_TEXT = ("#c0302f", "#ff7b72")
"""In the light and in the dark theme."""

RUN_COLORS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#b8860b",
    "#0f9bb0",
    "#7f4fc9",
    "#8a8f98",
)
"""One for each compared run; after Okabe and Ito, whose palette suits color-blind readers; their
sky blue is too pale on white."""

REFERENCE_COLOR = "#8a8f98"
GRID_COLOR = "rgba(128, 128, 128, 0.22)"
"""Faint on a white and on a black page."""

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


def reference(value: float, text: str = "", dash: str = "dot") -> dict[str, Any]:
    """A line across the figure at a y value; the legend has its text, away from the curves."""
    return {
        "type": "line",
        "name": _escape(text),
        "showlegend": bool(text),
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": value,
        "y1": value,
        "line": {"color": REFERENCE_COLOR, "width": 1, "dash": dash},
    }


def band(low: float, high: float) -> dict[str, Any]:
    """A faint band across the figure between two y values."""
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
    """A figure for both themes. The legend is below, where it cannot overlap the title."""
    result: Figure = {
        "data": [],
        "layout": {
            "title": {"text": _escape(title), "x": 0, "xref": "paper", "font": {"size": 14}},
            "height": height,
            "margin": {"l": 52, "r": 12, "t": 36, "b": 56},
            "xaxis": {"gridcolor": GRID_COLOR, "zeroline": False},
            "yaxis": {"gridcolor": GRID_COLOR, "zeroline": False},
            "legend": {"orientation": "h", "x": 0, "y": -0.13, "yanchor": "top"},
            "hovermode": "x unified",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            # While this stays the same, plotly keeps the reader's zoom and hidden lines.
            "uirevision": "constant",
        },
    }
    add(result, traces)
    return result


def add(figure: Figure, traces: Iterable[Trace]) -> None:
    """Add traces to a figure; all traces come through here, because plotly renders HTML in names.

    The names and texts of traces are escaped here, so a run called `<b>` is shown as `<b>`.
    """
    figure["data"] += map(_escaped, traces)


def _escaped(trace: Trace) -> Trace:
    result = dict(trace)
    if uid := trace.get("uid"):
        # Plotly makes a CSS selector of it, in which a space or a sign would be an error.
        result["uid"] = re.sub(r"[^\w-]", "_", uid)
    if name := trace.get("name"):
        result["name"] = _escape(name)
        if result["name"] != name:
            # Plotly shortens names to 15 characters, which could cut an entity in two.
            result["hoverlabel"] = {"namelength": -1}
    for key in ("text", "hovertext"):
        if key in trace:
            result[key] = _escape_all(trace[key])
    return result


def _escape_all(text: Any) -> Any:
    """A trace's text: one for all points, one for each point, or rows of them."""
    return _escape(text) if isinstance(text, str) else [_escape_all(item) for item in text]


def _escape(text: str) -> str:
    """Escaped text, which plotly shows as it was typed."""
    return escape(text, quote=False)


def logarithmic(figure: Figure) -> Figure:
    """The figure with a logarithmic y axis; with ticks at 1, 2 and 5 if the range is wide."""
    values = [y for trace in figure["data"] for y in trace["y"]]
    figure["layout"]["yaxis"] |= {"type": "log", "tickformat": "~g"}
    if not values:
        figure["layout"]["yaxis"]["range"] = [-2, 0.5]
    if not values or max(values) > 2.5 * min(values):
        ticks = [digit * power for power in (0.001, 0.01, 0.1, 1, 10) for digit in (1, 2, 5)]
        figure["layout"]["yaxis"]["tickvals"] = ticks
    return figure


def over_epochs(
    title: str, traces: Sequence[Trace], planned: int, height: int = 290, n_ticks: int = 12
) -> Figure:
    """A figure whose x axis covers all planned epochs, so that it does not move during a run."""
    result = figure(title, traces, height)
    step = _tick_step(planned, n_ticks)
    result["layout"]["xaxis"] |= {"range": [0.5, planned + 0.5], "dtick": step}
    return result


def _tick_step(planned: int, n_ticks: int) -> int:
    """Epochs between two of at most so many ticks, a round number."""
    steps = (1, 2, 5, 10, 20, 50, 100, 200)
    return next(step for step in steps if planned <= n_ticks * step or step == steps[-1])
