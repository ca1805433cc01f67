"""The board's figure: plotly's own, everybody in it, and steps that nobody is above."""

from itertools import pairwise

import plotly.graph_objects as go
import pytest

from mnistlab.charts.base import OVER_BUDGET_COLOR, WITHIN_BUDGET_COLOR
from mnistlab.charts.class_board import MARKER_SIZE, class_board
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
    hovers = figure["data"][1]["hovertext"]
    assert "Rank 11" in hovers and hovers[-1].startswith("Rank 1; at the same place Rank 2,")


def test_points_that_do_not_cover_each_other_keep_their_numbers() -> None:
    points = class_board(FEW)["data"][1]
    assert sorted(points["text"]) == ["1", "2", "3"]
    assert points["marker"]["size"] == [MARKER_SIZE] * 3
    far = [standing(1, 10_000, 50, True), standing(2, 10_000, 70, False)]
    near = [far[0], standing(2, 10_000, 51, False)]
    assert class_board(far)["data"][1]["text"] == ["2", "1"]
    assert class_board(near)["data"][1]["text"] == ["", "1+1"]
    assert class_board(near)["data"][1]["marker"]["size"][1] > MARKER_SIZE


def test_a_point_belongs_to_the_best_one_that_covers_it() -> None:
    """A chain of close points is cut where the first one no longer covers the next."""
    chain = [standing(n, 10_000, 50 + 4 * n, n == 1) for n in range(1, 9)]
    texts = class_board(chain)["data"][1]["text"]
    shown = [text for text in texts[::-1] if text]
    assert not any(texts[: -len(shown)]), "no number is under a point without one"
    assert len(shown) > 1 and shown[0].startswith("1+")
    assert sum(int(more) for _, _, more in (text.partition("+") for text in shown) if more) == (
        len(chain) - len(shown)
    )


def test_a_crowd_is_counted_beyond_a_few_names() -> None:
    crowd = [standing(n, 10_000, 50, True, f"N{n}") for n in range(1, 9)]
    assert class_board(crowd)["data"][1]["hovertext"][-1] == (
        "N1; at the same place N2, N3, N4, N5, N6 and 2 more"
    )


def test_the_limit_of_a_task_takes_the_budget_s_place() -> None:
    ranked = [standing(1, 60_000, 100, True), standing(2, 20_000, 200, True)]
    for budget, colors in ((15_000, ["over", "over"]), (50_000, ["within", "over"])):
        drawn = class_board(ranked, budget)
        points = next(trace for trace in drawn["data"] if trace["mode"] == "markers+text")
        names = {WITHIN_BUDGET_COLOR: "within", OVER_BUDGET_COLOR: "over"}
        found = dict(zip(points["x"], map(names.get, points["marker"]["color"]), strict=True))
        assert [found[20_000], found[60_000]] == colors
        line = next(shape for shape in drawn["layout"]["shapes"] if shape.get("x0") == budget)
        assert line["label"]["text"] == f"budget: {budget:,}"
        # At the left end a label on its left would be cut off.
        assert line["label"]["xanchor"] == ("left" if budget == 15_000 else "right")
