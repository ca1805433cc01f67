"""The figure of a search: plotly's own, a point for each trial, steps for the best ones."""

from pathlib import Path

import plotly.graph_objects as go

from mnistlab.arch.presets import get_preset
from mnistlab.charts.search_front import search_front
from mnistlab.experiments.search.search import Search, pareto_front
from mnistlab.store.run import State
from mnistlab.store.store import Store
from tests.store.example_runs import add_finished_run, epoch


def test_every_trial_with_an_epoch_has_its_point(tmp_path: Path) -> None:
    store, recipe = Store(tmp_path), Search("one").recipe
    go.Figure(search_front([], []))
    large, small = get_preset("target-4").spec, get_preset("smallest").spec
    done = [
        add_finished_run(store, large, recipe, [90]),
        add_finished_run(store, small, recipe, [120]),
    ]
    stopped = store.add("stopped", large, recipe)
    store.claim()
    store.add_epoch(stopped, epoch(1, 300))
    store.finish(stopped, State.STOPPED, "")
    waiting = store.add("waits", large, recipe)
    runs = store.runs([*done, stopped, waiting])
    figure = search_front(runs, pareto_front(runs))
    go.Figure(figure)  # raises for an unknown or wrong property
    front, others, finished = figure["data"]
    assert front["x"] == [4844, 12_874] and front["y"] == [98.8, 99.1]
    assert others["customdata"] == [stopped] and finished["customdata"] == done
    low, high = figure["layout"]["yaxis"]["range"]
    assert all(low < y < high for y in (*finished["y"], 99.4))
    assert others["y"][0] < low and "1 below" in figure["layout"]["title"]["text"]
