"""The buttons that carry a report away."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from mnistlab.report.document import Report
from mnistlab.report.html import html
from mnistlab.report.markdown import markdown


def downloads(name: str, make: Callable[[], Report]) -> None:
    """A report as one HTML file or as Markdown; it is made when it is asked for."""

    def made(write: Callable[[Report], str]) -> str:
        return write(make())

    with st.container(horizontal=True):
        for label, ending, kind, write in (
            ("Report (HTML)", "html", "text/html", html),
            ("Report (Markdown)", "md", "text/markdown", markdown),
        ):
            st.download_button(
                label,
                partial(made, write),
                f"{name}.{ending}",
                kind,
                on_click="ignore",
                icon=":material/description:",
                key=f"report-{name}-{ending}",
            )
    st.caption(
        "Target and result are filled in; the analysis is left to be written. The HTML file needs "
        "no network: its charts are inside it."
    )
