"""Plotly reads tags and entities in its texts: what somebody typed is shown as it was typed."""

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from mnistlab.arch.presets import ARTICLE_PRESETS
from mnistlab.charts import (
    base,
    class_board,
    epochs,
    probability_by_epoch,
    search_front,
    target_curves,
)
from mnistlab.charts import results as run_charts
from mnistlab.charts.base import Figure
from mnistlab.experiments.targets import TARGETS
from mnistlab.recipe.recipe import Recipe
from mnistlab.report import build, html
from mnistlab.stats.score import Score
from mnistlab.store.classroom.standings import Standing
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.store.table import Point
from tests.store.example_runs import add_finished_run, epoch

NASTY = '<a href="//x">&amp;</a><b>bold</b>'
EPOCHS = [epoch(n, 100 - n) for n in (1, 2, 3)]
SPEC = ARTICLE_PRESETS[3].spec


def run(folder: Path) -> Run:
    store = Store(folder)
    run_id = add_finished_run(store, SPEC, Recipe(epochs=3), [100, 90, 95], name=NASTY)
    found = store.run(run_id)
    assert found and found.name == NASTY
    return found


def texts(figure: Figure) -> Iterator[str]:
    """What plotly draws as text: titles, names, points' texts, hover templates, shapes' labels."""

    def inside(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        else:
            for each in value.values() if isinstance(value, dict) else value:
                yield from inside(each)

    for trace in figure["data"]:
        for key in ("name", "text", "hovertext", "hovertemplate", "texttemplate"):
            yield from inside(trace.get(key, ()))
    yield figure["layout"]["title"]["text"]
    for shape in figure["layout"].get("shapes", ()):
        yield from inside(shape.get("label", {}).get("text", ()))


Chart = Callable[[Run], Figure]
NAMED: dict[str, Chart] = {
    "base.figure": lambda run: base.figure(NASTY, [base.line(NASTY, [1], [1], "#000")]),
    "base.over_epochs": lambda run: base.over_epochs(
        NASTY, [base.line(NASTY, [1], [1], "#000")], 3
    ),
    "target_curves.grouped_curves": lambda run: target_curves.grouped_curves(
        [(NASTY, [run, replace(run, id=9)])], 3
    ),
    "results.compared_accuracy": lambda run: run_charts.compared_accuracy([run, run]),
    "results.compared_loss": lambda run: run_charts.compared_loss([run]),
    "class_board.class_board": lambda run: class_board.class_board(
        [Standing(1, 1, NASTY, 1, "8-gap", 900, Score(60, 10_000), True)]
    ),
    "search_front.search_front": lambda run: search_front.search_front([run], [run]),
    "results.scatter": lambda run: run_charts.scatter([Point(1, NASTY, 900, 0.99)]),
}
NAMELESS: dict[str, Chart] = {
    "base.logarithmic": lambda run: base.logarithmic(base.figure("", [])),
    "probability_by_epoch.probability_by_epoch": lambda run: (
        probability_by_epoch.probability_by_epoch([1], [[0.1] * 10])
    ),
    "epochs.accuracy": lambda run: epochs.accuracy(EPOCHS, 3, 2, ARTICLE_PRESETS[3].article),
    "epochs.loss": lambda run: epochs.loss(EPOCHS, 3),
    "epochs.gap": lambda run: epochs.gap(EPOCHS, 3),
    "epochs.learning_rate": lambda run: epochs.learning_rate(Recipe(epochs=3), EPOCHS),
    "target_curves.target_curves": lambda run: target_curves.target_curves(
        TARGETS[2], EPOCHS, 2, EPOCHS
    ),
    "results.confusion": lambda run: run_charts.confusion(np.eye(10, dtype=np.int64)),
    "results.accuracy_by_coverage": lambda run: run_charts.accuracy_by_coverage([]),
    "results.calibration": lambda run: run_charts.calibration([]),
}


def test_every_chart_is_tested_here() -> None:
    modules = (
        *(base, probability_by_epoch, class_board, epochs, search_front, target_curves),
        run_charts,
    )
    charts = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and inspect.signature(function).return_annotation == Figure
    }
    # A trace alone is the same kind of value; it becomes a chart through one of these.
    assert charts - {"base.line", "base.reference", "base.band"} == set(NAMED) | set(NAMELESS)


@pytest.mark.parametrize("name", NAMED)
def test_a_hostile_name_is_drawn_as_it_was_typed(name: str, tmp_path: Path) -> None:
    figure = NAMED[name](run(tmp_path))
    go.Figure(figure)
    drawn = list(texts(figure))
    assert not any("<a" in text or "<b>" in text for text in drawn)
    assert any(NASTY in unescape(text) for text in drawn), "escaped once, not twice"
    assert not [text for text in drawn if "&amp;lt" in text]


@pytest.mark.parametrize("name", NAMELESS)
def test_charts_without_names_are_unchanged(name: str, tmp_path: Path) -> None:
    figure = NAMELESS[name](run(tmp_path))
    go.Figure(figure)
    assert not any("&" in text for text in texts(figure))


def test_a_point_s_texts_may_be_rows_and_a_reference_has_a_name() -> None:
    trace = base.line("plain", [1], [1], "#000") | {"text": [["<b>"], ["&"]]}
    drawn = base.figure("", [trace])["data"][0]
    assert drawn["text"] == [["&lt;b&gt;"], ["&amp;"]]
    assert base.reference(1, "<b>")["name"] == "&lt;b&gt;"
    assert trace["text"] == [["<b>"], ["&"]], "what came in is as it was"


def test_a_report_s_charts_are_escaped_once(tmp_path: Path) -> None:
    first = run(tmp_path)
    second = replace(first, id=2)
    report = build.runs_report(Store(tmp_path), [first, second])
    assert report.overview
    names = [trace["name"] for trace in report.overview.figures[0]["data"]]
    assert {unescape(name).partition(" · ")[2].partition(",")[0] for name in names} == {NASTY}
    data = html.html(report).split('<script type="application/json">')[1].partition("</script>")[0]
    assert [trace["name"] for trace in json.loads(data)["data"]] == names
