"""Charts that keep their zoom while they are updated.

`st.plotly_chart` replaces its DOM node whenever its data changes. Here a small component passes
each new figure to `Plotly.react`, which updates the existing node. The first chart that a browser
shows loads plotly.js, which is part of the plotly package, over HTTP; the browser then keeps it.
"""

import contextlib
import os
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v1 import declare_component

from mnistlab.atomic import write_atomic
from mnistlab.charts.base import Figure

LIBRARY = Path(str(files("plotly"))) / "package_data" / "plotly.min.js"
STATIC_FOLDER = Path(__file__).parents[3] / "static"
"""The folder beside app.py that Streamlit serves under `app/static/` (.streamlit/config.toml)."""
OLD_TIME = 946_684_800  # 2000-01-01
"""The modification time of the served copy. Streamlit sends no caching rule with it, and a browser
then keeps a file for a tenth of its age: here for years. The version is part of its name."""
SCRIPT = Path(__file__).with_name("chart.js")


@cache
def _chart() -> Any:
    return st.components.v2.component(
        "mnistlab.chart",
        html='<div class="plot" style="width:100%"></div>',
        js=SCRIPT.read_text("utf-8"),
        isolate_styles=False,
    )


@cache
def _sources() -> list[str]:
    """The addresses of plotly.js, which are tried in this order.

    The second is the package's own file as part of a component: it needs no copy, but browsers do
    not keep it.
    """
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    root = f"/{base}" if base else ""
    package = declare_component("plotly", path=LIBRARY.parent)
    sources = [f"{root}/component/{package.name}/{LIBRARY.name}"]
    with contextlib.suppress(OSError):  # a checkout that cannot be written
        sources.insert(0, f"{root}/app/static/{copy_library(STATIC_FOLDER).name}")
    return sources


def copy_library(folder: Path) -> Path:
    """Copy plotly.js into a folder that is served, unless it is there; remove other versions."""
    copy_path = folder / f"plotly-{version('plotly')}.min.js"
    if not copy_path.is_file() or copy_path.stat().st_size != LIBRARY.stat().st_size:
        write_atomic(copy_path, LIBRARY.read_bytes())
        os.utime(copy_path, (OLD_TIME, OLD_TIME))
    for other in folder.glob("plotly-*.min.js"):
        if other != copy_path:
            other.unlink(missing_ok=True)
    return copy_path


def chart(figure: Figure, key: str) -> None:
    """Draw a figure, or update the one with the same key."""
    height = figure["layout"]["height"]
    _chart()(data={"figure": figure, "sources": _sources()}, key=key, height=height)
