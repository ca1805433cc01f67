"""The board's figure: plotly's own, everybody in it, and steps that nobody is above."""

from itertools import pairwise

import plotly.graph_objects as go
import pytest

from mnistlab.charts.class_board import class_board
from mnistlab.stats.score import Score
from mnistlab.store.classroom.standings import Standing


def standing(rank: int, parameters: int, errors: int, front: bool, name: str = "A") -> Standing:
    score = Score(errors, 10_000)
    return Standing(rank, rank, name, 100 + rank, "8-gap", parameters, score, front)


FEW = [standing(1, 20_000, 50, True), standing(2, 9_000, 70, True), standing(3, 9_500, 90, False)]


@pytest.mark.parametrize("standings", [[], FEW[:1], FEW])
def test_it_is_plotly_s_and_has_everybody(standings: list[Standing]) -> None:
    figure = class_board(standings)
    go.Figure(figure)  # raises for an unknown or wrong property
    points = figure["data"][1]
    assert sorted(points["customdata"]) == [100 + each.rank for each in standings]
    low, high = figure["layout"]["yaxis"]["range"]
    assert all(low < y < high for y in (*points["y"], 99.4))


def test_the_front_rises_with_the_parameters_from_left_to_right() -> None:
    front = class_board(FEW)["data"][0]
    assert front["x"] == [9_000, 20_000] and front["line"]["shape"] == "hv"
    assert all(a < b for a, b in pairwise(front["y"]))


def test_without_names_the_rank_stands_for_them_and_outliers_are_counted() -> None:
    many = [standing(n, 10_000, 50 + n, n == 1, "") for n in range(1, 11)]
    figure = class_board([*many, standing(11, 9_000, 8_865, True, "")])
    assert "1 below" in figure["layout"]["title"]["text"]
    assert set(figure["data"][1]["hovertext"]) == {f"Rank {n}" for n in range(1, 12)}
