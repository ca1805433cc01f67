"""Charts that keep their zoom while they are updated.

`st.plotly_chart` replaces its DOM node whenever its data changes. Here one component sends
plotly.js, which is part of the plotly package, to the browser once. A second, small component
passes each new figure to `Plotly.react`, which updates the existing node.
"""

from functools import cache
from importlib.resources import files
from typing import Any

import streamlit as st

from mnistlab.charts.base import Figure

REACT = """
export default function ({ data, parentElement }) {
  const node = parentElement.querySelector(".plot");
  const draw = () => {
    if (!window.Plotly) return void setTimeout(draw, 50);
    const style = getComputedStyle(node);
    const textColor = style.getPropertyValue("--st-text-color") || style.color;
    const layout = { ...data.layout, font: { color: textColor, family: style.fontFamily } };
    layout.hoverlabel = {
      bgcolor: style.getPropertyValue("--st-background-color") || "white",
      font: { color: textColor },
    };
    // By default plotly picks the text color for an opaque cell, but our cells are transparent.
    const traces = data.data.map(
      (trace) => (trace.texttemplate ? { ...trace, textfont: { color: textColor } } : trace)
    );
    window.Plotly.react(node, traces, layout, {
      displaylogo: false, displayModeBar: false,
    });
    // A chart in a closed tab or expander has no width until it is shown.
    node.resizeObserver ??= new ResizeObserver(() => {
      if (node.offsetWidth) window.Plotly.Plots.resize(node);
    });
    node.resizeObserver.observe(node);
  };
  draw();
}
"""


@cache
def _library() -> Any:
    source = files("plotly").joinpath("package_data", "plotly.min.js").read_text("utf-8")
    return st.components.v2.component(
        "mnistlab.plotly_library",
        js=source + "\nexport default function () {}\n",
        isolate_styles=False,
    )


@cache
def _chart() -> Any:
    return st.components.v2.component(
        "mnistlab.chart",
        html='<div class="plot" style="width:100%"></div>',
        js=REACT,
        isolate_styles=False,
    )


def load() -> None:
    """Send plotly.js to the browser; call it once a page, outside fragments."""
    _library()(key="plotly-library")


def chart(figure: Figure, key: str) -> None:
    """Draw a figure, or update the one with the same key."""
    _chart()(data=figure, key=key, height=figure["layout"]["height"])
