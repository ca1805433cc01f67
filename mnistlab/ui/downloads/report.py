"""The buttons that download a report."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from mnistlab.report.document import Report
from mnistlab.report.html import html
from mnistlab.report.markdown import markdown
from mnistlab.store.run import Run
from mnistlab.ui.downloads.buttons import Download, download_buttons


def downloads(name: str, runs: Sequence[Run], build: Callable[[], Report]) -> None:
    """Download a report as HTML or Markdown, once one of its `runs` has an epoch.

    `build` is called when a button is pressed.
    """
    if not any(run.epochs for run in runs):
        return

    def content(write: Callable[[Report], str]) -> str:
        return write(build())

    download_buttons(
        *(
            Download(
                label,
                partial(content, write),
                f"{name}.{suffix}",
                key=f"report-{name}-{suffix}",
                icon=":material/description:",
            )
            for label, suffix, write in (
                ("Report (HTML)", "html", html),
                ("Report (Markdown)", "md", markdown),
            )
        )
    )
    st.caption(
        "Target and result are filled in. Write the analysis yourself; the HTML file works offline."
    )
