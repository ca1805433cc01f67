"""Charts that keep their zoom while they are updated.

`st.plotly_chart` replaces its node whenever its data changes. Here plotly.js, which the plotly
package carries, is sent to the browser once, by an element of its own; a second, tiny element
hands each new figure to `Plotly.react`, which changes the existing node.
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
    const ink = style.getPropertyValue("--st-text-color") || style.color;
    const layout = { ...data.layout, font: { color: ink, family: style.fontFamily } };
    layout.hoverlabel = {
      bgcolor: style.getPropertyValue("--st-background-color") || "white",
      font: { color: ink },
    };
    // Left to itself plotly picks a table's ink for an opaque cell, and ours let the page through.
    const traces = data.data.map(
      (trace) => (trace.texttemplate ? { ...trace, textfont: { color: ink } } : trace)
    );
    window.Plotly.react(node, traces, layout, {
      displaylogo: false, displayModeBar: false,
    });
    // A chart behind a tab or in a folded part has no width until it is seen.
    node.watched ??= new ResizeObserver(() => {
      if (node.offsetWidth) window.Plotly.Plots.resize(node);
    });
    node.watched.observe(node);
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
    """Bring plotly.js to the browser; once a page, outside every fragment."""
    _library()(key="plotly-library")


def chart(figure: Figure, key: str) -> None:
    """Draw a figure, or change the one that was drawn under the same key."""
    _chart()(data=figure, key=key, height=figure["layout"]["height"])
