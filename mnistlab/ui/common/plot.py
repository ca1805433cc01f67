"""Charts that keep their zoom while they are updated.

`st.plotly_chart` replaces its DOM node whenever its data changes. Here a small component passes
each new figure to `Plotly.react`, which updates the existing node. The first chart that a browser
shows loads plotly.js, which is part of the plotly package, over HTTP; the browser then keeps it.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from mnistlab.charts.base import Figure
from mnistlab.ui.server import plotly_address

SCRIPT = Path(__file__).with_name("chart.js")


@cache
def _chart() -> Any:
    return st.components.v2.component(
        "mnistlab.chart",
        html='<div class="plot" style="width:100%"></div>',
        js=SCRIPT.read_text("utf-8"),
        isolate_styles=False,
    )


def chart(figure: Figure, key: str) -> Any:
    """Draw a figure, or update the one with the same key.

    Returns the `customdata` of the point that was just clicked, None without a click. Only points
    with `customdata` can be clicked.
    """
    data = {"figure": figure, "library": plotly_address()}
    height = figure["layout"]["height"]
    result = _chart()(data=data, key=key, height=height, on_clicked_change=lambda: None)
    clicked = result.get("clicked")
    # A browser can send anything: what is taken is one of the figure's own values.
    return next((value for value in _clickable(figure) if value == clicked), None)


def _clickable(figure: Figure) -> Iterator[object]:
    """The `customdata` of each point."""
    for trace in figure["data"]:
        for value in trace.get("customdata") or ():
            # Of a matrix it is a list for each row.
            if isinstance(value, list) and value and isinstance(value[0], list):
                yield from value
            else:
                yield value
