"""The standings beside the board's chart: a line for each student, the name a link to the run."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from mnistlab.markup import Markup, fill, join
from mnistlab.store.classroom.standings import Standing
from mnistlab.text import percent, percent_range

SCRIPT = Path(__file__).with_name("standings.js")


def show(ranked: Sequence[Standing], viewer: int | None) -> int | None:
    """The table; the run whose link was just clicked, None without a click."""
    result = _component()(
        data={"html": table_html(ranked, viewer)},
        key="standings",
        on_opened_change=lambda: None,
    )
    # A browser can send anything, of any type.
    opened = result.get("opened")
    return next((each.run_id for each in ranked if each.run_id == opened), None)


def table_html(ranked: Sequence[Standing], viewer: int | None) -> Markup:
    """The standings as HTML; the viewer's own line is marked."""
    lines = join(
        fill(
            '<tr{own}><td>{rank}</td><td class="lab-left"><a href="run?run={run}" '
            'data-run="{run}" data-person="{person}">{name}</a></td>'
            "<td>{accuracy}<small>{interval}</small></td><td>{parameters:,}</td></tr>",
            own=Markup(' class="lab-reach"') if each.person == viewer else "",
            rank=each.rank,
            run=each.run_id,
            person=each.person,
            name=_name(each, viewer),
            accuracy=percent(each.best.accuracy),
            interval=percent_range(*each.best.confidence_interval),
            parameters=each.parameters,
        )
        for each in ranked
    )
    return fill(
        '<table class="lab-table lab-flat"><thead><tr><th>Rank</th><th class="lab-left">Name</th>'
        "<th>Accuracy <small>95% CI</small></th><th>Parameters</th></tr></thead>"
        "<tbody>{}</tbody></table>",
        lines,
    )


def _name(standing: Standing, viewer: int | None) -> str:
    you = "you" if standing.person == viewer else ""
    if not standing.name:
        return you.capitalize() or f"Run {standing.run_id}"
    return f"{standing.name} ({you})" if you else standing.name


@cache
def _component() -> Any:
    return st.components.v2.component(
        "mnistlab.standings",
        html='<div class="lab-board-table" tabindex="0" role="region" aria-label="Standings">'
        "</div>",
        js=SCRIPT.read_text("utf-8"),
        isolate_styles=False,
    )
