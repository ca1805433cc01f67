"""The home page's figure: every network is a point at its place, and a link."""

import re

from mnistlab.arch.presets import TARGET_ACCURACY
from mnistlab.arch.summary import BUDGET
from mnistlab.charts.accuracy_by_size import HEIGHT, WIDTH, Network, accuracy_by_size

NETWORKS = [
    Network(1, "large", 1_595_316, 0.9918, (0.9898, 0.9934), in_article=True),
    Network(2, "<b>small</b>", 12_490, 0.9893, (0.9871, 0.9911), in_article=True),
    Network(3, "own", 4_844, 0.9944, (0.9927, 0.9957), in_article=False),
]


def points(svg: str) -> list[tuple[float, float]]:
    found = re.findall(r'lab-hero-dot" cx="([\d.]+)" cy="([\d.]+)"', svg)
    return [(float(x), float(y)) for x, y in found]


def test_points_are_ordered_as_their_parameters_and_accuracies() -> None:
    (x1, y1), (x2, y2), (x3, y3) = points(accuracy_by_size(NETWORKS, 1))
    assert x3 < x2 < x1 and y3 < y1 < y2
    for x, y in ((x1, y1), (x2, y2), (x3, y3)):
        assert 0 < x < WIDTH and 0 < y < HEIGHT


def test_the_rules_separate_what_is_within_the_budget_and_at_the_target_accuracy() -> None:
    svg = accuracy_by_size(NETWORKS, 1)
    rule = re.search(r'lab-hero-rule" d="M([\d.]+) \d+V\d+M\d+ ([\d.]+)H', svg)
    assert rule
    budget, target = map(float, rule.groups())
    for network, (x, y) in zip(NETWORKS, points(svg), strict=True):
        assert (x < budget) == (network.parameters < BUDGET)
        assert (y < target) == (network.accuracy > TARGET_ACCURACY)


def test_every_point_is_a_link_to_its_step_and_names_are_escaped() -> None:
    svg = accuracy_by_size(NETWORKS, 2)
    assert re.findall(r'href="\?step=(\d)"', svg) == ["1", "2", "3"]
    assert "<b>" not in svg
    (chosen,) = re.findall(r'class="[^"]*lab-hero-chosen"[^>]*data-part="(\d)"', svg)
    assert chosen == "2"


def test_the_article_s_networks_are_joined_in_their_order() -> None:
    svg = accuracy_by_size(NETWORKS, 1)
    path = re.search(r'polyline class="lab-hero-path" points="([^"]+)"', svg)
    assert path
    joined = [tuple(map(float, pair.split(","))) for pair in path[1].split()]
    assert joined == points(svg)[:2]


def test_only_one_network_makes_a_figure() -> None:
    assert len(points(accuracy_by_size(NETWORKS[:1], 1))) == 1
    assert accuracy_by_size([], 1).count("lab-hero-dot") == 0
