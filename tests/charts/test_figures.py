from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from mnistlab.arch.presets import ARTICLE_PRESETS
from mnistlab.charts import epochs as charts
from mnistlab.charts import results as run_charts
from mnistlab.charts.base import REFERENCE_COLOR
from mnistlab.charts.target_curves import grouped_curves, target_curves
from mnistlab.experiments.targets import TARGETS
from mnistlab.recipe.recipe import Recipe
from mnistlab.recipe.schedules import Schedule, learning_rate_at
from mnistlab.stats.predictions import Predictions, calibration_bins
from mnistlab.stats.selective import risk_coverage
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.store.table import Point
from mnistlab.training.epoch import Epoch
from tests.store.example_runs import add_finished_run, epoch

EPOCHS = [
    Epoch(n, 0.5 / n, 1 - 0.1 / n, 0.4 / n, 900 // n, 10_000, 0.1, 2.0, 4000.0) for n in range(1, 6)
]


@pytest.mark.parametrize("figure", [charts.accuracy, charts.loss, charts.gap])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_figures_are_plotly_s_and_hold_every_epoch(figure: object, count: int) -> None:
    value = figure(EPOCHS[:count], 20)  # type: ignore[operator]
    drawn = go.Figure(value)  # plotly's own validation: an unknown or wrong property raises
    assert drawn.layout.title.text
    for trace in drawn.data:
        if trace.name == charts.SAVED_EPOCH:
            continue
        assert list(trace.x) == list(range(1, count + 1)) and len(trace.y) == count


def test_axes_are_fixed_for_the_planned_epochs() -> None:
    ranges = {tuple(charts.loss(EPOCHS[:n], 20)["layout"]["xaxis"]["range"]) for n in range(6)}
    assert ranges == {(0.5, 20.5)}


def test_accuracy_is_in_percent_with_the_best_epoch_marked_and_every_later_point_in_view() -> None:
    figure = charts.accuracy(EPOCHS, 5, 5)
    best = figure["data"][2]
    assert best["x"] == [5] and best["y"] == [pytest.approx(98.2)]
    low, high = figure["layout"]["yaxis"]["range"]
    later = [y for trace in figure["data"][:2] for y in trace["y"][1:]]
    assert low <= min(later) and high >= 100


def test_a_network_that_never_learns_is_still_in_view() -> None:
    stuck = [Epoch(n, 2.3, 0.1, 2.3, 9000, 10_000, 0.1, 2.0, 4000.0) for n in (1, 2)]
    assert charts.accuracy(stuck, 2)["layout"]["yaxis"]["range"][0] == 0


def test_the_target_accuracy_s_band_is_its_confidence_interval_on_10_000_images() -> None:
    shapes = charts.accuracy(EPOCHS, 5)["layout"]["shapes"]
    assert (shapes[0]["y0"], shapes[0]["y1"]) == (
        pytest.approx(99.23, abs=0.005),
        pytest.approx(99.53, abs=0.005),
    )
    assert shapes[1]["y0"] == 99.40


def test_the_article_s_value_is_drawn_for_its_own_networks() -> None:
    for preset, value in zip(ARTICLE_PRESETS, (99.93, 99.71, 99.28, 99.45), strict=True):
        shapes = charts.accuracy(EPOCHS, 5, article=preset.article)["layout"]["shapes"]
        assert shapes[-1]["y0"] == value and f"{value:.2f}" in shapes[-1]["name"]


@pytest.mark.parametrize("schedule", list(Schedule))
def test_the_planned_rate_is_the_schedule_s_and_the_epochs_lie_on_it(schedule: Schedule) -> None:
    recipe = Recipe(learning_rate=0.2, schedule=schedule, epochs=8)
    plan = charts.learning_rate(recipe)["data"][0]
    for x, y in zip(plan["x"], plan["y"], strict=True):
        assert y == learning_rate_at(recipe.schedule, recipe.learning_rate, x / 8)
    go.Figure(charts.learning_rate(recipe, EPOCHS))


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    store = Store(tmp_path)
    for number in range(3):
        run_id = store.add(f"run {number}", ARTICLE_PRESETS[3].spec, Recipe(epochs=5 + number))
        store.claim()
        store.replace_epochs(run_id, EPOCHS[: 2 + number])
        store.finish(run_id, State.DONE, "")
    return store.runs([1, 2, 3])


def test_compared_runs_share_axes_and_each_has_one_color(runs: list[Run]) -> None:
    figure = run_charts.compared_accuracy(runs)
    drawn = go.Figure(figure)
    assert tuple(drawn.layout.xaxis.range) == (0.5, 7.5)
    validation = [trace for trace in figure["data"] if "visible" not in trace]
    assert [len(trace["x"]) for trace in validation] == [2, 3, 4]
    assert len({trace["line"]["color"] for trace in validation}) == 3
    assert len({trace["uid"] for trace in figure["data"]}) == 6
    go.Figure(run_charts.compared_loss(runs))
    go.Figure(run_charts.compared_accuracy([]))


def test_the_scatter_shows_every_run_and_the_budget_in_view() -> None:
    for totals in ([1_595_316], [900], [14_999, 15_001]):
        figure = run_charts.scatter([Point(n, "r", n, 0.99) for n in totals])
        go.Figure(figure)
        low, high = figure["layout"]["xaxis"]["range"]
        assert all(10**low < total < 10**high for total in [*totals, 15_000])


def test_confusion_and_calibration_are_plotly_s() -> None:
    labels = np.arange(100, dtype=np.uint8) % 10
    predicted = labels.copy()
    predicted[:5] = 9
    predictions = Predictions(labels, predicted, np.linspace(0.3, 1, 100, dtype=np.float32))
    heat = go.Figure(run_charts.confusion(predictions.confusion())).data[0]
    assert np.trace(np.array(heat.z)) == 0 and np.array(heat.z).sum() == 5
    go.Figure(run_charts.calibration(calibration_bins(predictions)))


@pytest.mark.parametrize("n_wrong", [0, 3, 5000])
def test_the_curve_of_accuracy_by_coverage_is_plotly_s_and_in_view(n_wrong: int) -> None:
    curve = risk_coverage(np.linspace(1, 0.2, 5000), np.arange(5000) < n_wrong)
    figure = run_charts.accuracy_by_coverage([("a", curve), ("b", curve)])
    first = go.Figure(figure).data[0]
    assert len(first.x) <= run_charts.CURVE_POINTS + 1 and first.x[-1] == 100
    assert first.y[-1] == pytest.approx(100 - n_wrong / 50)
    low, high = figure["layout"]["yaxis"]["range"]
    assert low <= min(first.y) and max(first.y) < high


def test_a_target_s_curves_include_the_previous_target() -> None:
    target = TARGETS[2]
    epochs = [epoch(n, errors) for n, errors in enumerate([200, 80, 90], 1)]
    alone = target_curves(target, epochs, 2, ())
    both = target_curves(target, epochs, 2, [epoch(1, 300), epoch(2, 200)])
    assert len(both["data"]) == len(alone["data"]) + 1
    assert both["data"][-1]["y"] == pytest.approx([97.0, 98.0])
    assert any("99.28" in str(shape) for shape in both["layout"]["shapes"])


def test_grouped_curves_have_a_color_a_group_and_an_interval_at_the_saved_epoch(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    for seed in (0, 1):
        add_finished_run(
            store, TARGETS[2].spec, replace(TARGETS[2].quick, seed=seed), [200, 80, 90]
        )
    add_finished_run(store, TARGETS[3].spec, TARGETS[3].quick, [300, 60])
    runs = store.runs([1, 2, 3])
    figure = grouped_curves([("Target 3", runs[:2]), ("Target 4", runs[2:]), ("none", ())], 20)
    stars = [t for t in figure["data"] if t["mode"] == "markers"]
    assert [star["x"] for star in stars] == [[2], [2], [2]]
    low, high = runs[0].best.confidence_interval if runs[0].best else (0, 0)
    assert stars[0]["y"][0] + stars[0]["error_y"]["array"][0] == pytest.approx(100 * high)
    assert stars[0]["y"][0] - stars[0]["error_y"]["arrayminus"][0] == pytest.approx(100 * low)
    colors = {
        t["legendgroup"]: t["line"]["color"] for t in figure["data"] if "dash" not in t["line"]
    }
    assert len(colors) == len(set(colors.values())) == 2
    named = [t["name"] for t in figure["data"] if t.get("showlegend", True)]
    assert named == ["Target 3", "Target 3, train", "Target 4", "Target 4, train"]
    assert len({t["uid"] for t in figure["data"]}) == len(figure["data"])
    assert grouped_curves([], 20)["data"] == []
    references = [("Target 1", runs[0].epochs), ("Target 2", runs[1].epochs)]
    gray = grouped_curves([], 20, references)
    assert {trace["line"]["color"] for trace in gray["data"]} == {REFERENCE_COLOR}
    assert len({trace["line"]["dash"] for trace in gray["data"]}) == 2
    assert gray["layout"]["yaxis"]["range"][0] < 100, "the axis has room for them"


def test_a_short_run_s_gap_is_all_within_its_axis() -> None:
    for count in (1, 2, 3):
        epochs = [replace(epoch, train_accuracy=0.7) for epoch in EPOCHS[:1]] + EPOCHS[1:count]
        figure = charts.gap(epochs, 5)
        low, high = figure["layout"]["yaxis"]["range"]
        assert all(low < value < high for value in figure["data"][0]["y"])


def test_every_uid_is_a_name_for_css() -> None:
    # Plotly makes a selector of it when it removes the trace.
    figure = grouped_curves([], 5, [("Target 2: “fewer”", EPOCHS)])
    assert [trace["uid"] for trace in figure["data"]] == ["Target_2___fewer_r"]


def test_a_reference_keeps_its_dash_when_another_one_goes() -> None:
    labels = ("one", "two", "three")
    before = grouped_curves([], 5, [(label, EPOCHS) for label in labels])
    after = grouped_curves([], 5, [("one", EPOCHS), ("two", ()), ("three", EPOCHS)])

    def dashes(figure: dict[str, Any]) -> dict[str, str]:
        return {trace["name"]: trace["line"]["dash"] for trace in figure["data"]}

    assert dashes(after).items() < dashes(before).items() and len(dashes(after)) == 2
