"""The rows of the table of runs as HTML: names are links to the runs, boxes select rows."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from mnistlab.markup import Markup, fill, join
from mnistlab.stats.score import Score
from mnistlab.store.run import RunSummary
from mnistlab.text import percent

SCRIPT = Path(__file__).with_name("table.js")
BEST, LAST, TEST = "Val. (best)", "Val. (last)", "Test"


@dataclass(frozen=True)
class Column:
    """A column: its name, its cell for a run, and the explanation of its name."""

    name: str
    cell: Callable[[RunSummary], str]
    help: str = ""
    is_text: bool = False


def _accuracy(score: Score | None) -> str:
    return percent(score.accuracy) if score else "–"


COLUMNS = (
    Column(BEST, lambda run: _accuracy(run.best), "Validation accuracy of the best epoch"),
    Column(
        TEST,
        lambda run: _accuracy(run.test),
        "Accuracy on the test images, which are used once, after the run",
    ),
    Column("Parameters", lambda run: f"{run.parameters:,}"),
    Column("State", lambda run: run.state, is_text=True),
    Column("Epochs", lambda run: f"{run.epochs_done}/{run.recipe.epochs}"),
    Column("Seconds", lambda run: f"{run.seconds:,.0f}", "Training time"),
    Column(LAST, lambda run: _accuracy(run.last), "Validation accuracy of the last epoch"),
    Column("Seed", lambda run: str(run.recipe.seed)),
    Column("Owner", lambda run: run.owner or "–", is_text=True),
    Column("Tags", lambda run: " ".join(run.tags) or "–", is_text=True),
    Column("Protocol", lambda run: run.recipe.split.label, is_text=True),
    Column("Network", lambda run: str(run.spec), is_text=True),
    Column(
        "Created",
        lambda run: datetime.fromtimestamp(run.created).strftime("%Y-%m-%d %H:%M"),
        is_text=True,
    ),
)
"""After the name. Accuracy comes first, so that it can be seen on a phone, too."""


def show(runs: Sequence[RunSummary], selected_ids: Collection[int]) -> list[int]:
    """Show the rows, of which some may be selected already; the ids of the selected ones.

    A click on a name opens the run's page, in a new tab with the middle button or with Ctrl.
    """
    ids = [run.id for run in runs]
    start = [run_id for run_id in ids if run_id in selected_ids]
    key = f"table_{'_'.join(map(str, ids))}"
    result = _component()(
        data={"html": rows_html(runs), "ids": ids, "selected": start},
        default={"selected": start},
        key=key,
        on_selected_change=lambda: None,
        on_opened_change=lambda: None,
    )
    # A browser can send anything, of any type.
    opened, selected = result.get("opened"), result.get("selected")
    if opened in ids:
        st.switch_page("pages/run.py", query_params={"run": str(ids[ids.index(opened)])})
    return [run_id for run_id in ids if isinstance(selected, list) and run_id in selected]


def rows_html(runs: Sequence[RunSummary]) -> Markup:
    head = join(
        fill(
            '<th scope="col"{}{}>{}</th>',
            Markup(' class="lab-left"') if column.is_text else "",
            fill(' title="{}"', column.help) if column.help else "",
            column.name,
        )
        for column in COLUMNS
    )
    return fill(
        '<table class="lab-table lab-flat"><thead><tr><th><input type="checkbox" '
        'aria-label="Select all rows" data-focus="all"></th><th scope="col" class="lab-left">Name'
        "</th>{}</tr></thead><tbody>{}</tbody></table>",
        head,
        join(map(_row, runs)),
    )


def _row(run: RunSummary) -> Markup:
    cells = join(
        fill("<td{}>{}</td>", Markup(' class="lab-left"') if column.is_text else "", cell)
        for column in COLUMNS
        for cell in (column.cell(run),)
    )
    return fill(
        '<tr><td><input type="checkbox" value="{id}" aria-label="Select run {id}" '
        'data-focus="box{id}"></td><th scope="row" class="lab-left"><a href="run?run={id}" '
        'data-run="{id}" data-focus="run{id}" title="{name}">{id} · {name}</a></th>{cells}</tr>',
        id=run.id,
        name=run.name,
        cells=cells,
    )


@cache
def _component() -> Any:
    return st.components.v2.component(
        "mnistlab.runs",
        html='<div class="lab-runs lab-scroll"></div>',
        js=SCRIPT.read_text("utf-8"),
        isolate_styles=False,
    )
