import plotly.graph_objects as go
import pytest

from mnistlab import charts
from mnistlab.training.epoch import Epoch

EPOCHS = [
    Epoch(n, 0.5 / n, 1 - 0.1 / n, 0.4 / n, 900 // n, 10_000, 0.1, 2.0, 4000.0) for n in range(1, 6)
]


@pytest.mark.parametrize("figure", [charts.accuracy, charts.loss])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_figures_are_plotly_s_and_hold_every_epoch(figure: object, count: int) -> None:
    value = figure(EPOCHS[:count], 20)  # type: ignore[operator]
    drawn = go.Figure(value)  # plotly's own validation: an unknown or wrong property raises
    assert drawn.layout.title.text
    for trace in drawn.data[:2]:
        assert list(trace.x) == list(range(1, count + 1)) and len(trace.y) == count


def test_axes_are_fixed_for_the_planned_epochs() -> None:
    ranges = {tuple(charts.loss(EPOCHS[:n], 20)["layout"]["xaxis"]["range"]) for n in range(6)}
    assert ranges == {(0.5, 20.5)}


def test_accuracy_is_in_per_cent_with_the_best_epoch_marked_and_every_later_point_in_view() -> None:
    figure = charts.accuracy(EPOCHS, 5)
    best = figure["data"][2]
    assert best["x"] == [5] and best["y"] == [pytest.approx(98.2)]
    low, high = figure["layout"]["yaxis"]["range"]
    later = [y for trace in figure["data"][:2] for y in trace["y"][1:]]
    assert low <= min(later) and high >= 100


def test_a_network_that_never_learns_is_still_in_view() -> None:
    stuck = [Epoch(n, 2.3, 0.1, 2.3, 9000, 10_000, 0.1, 2.0, 4000.0) for n in (1, 2)]
    assert charts.accuracy(stuck, 2)["layout"]["yaxis"]["range"][0] == 0
