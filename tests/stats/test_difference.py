"""Differences with their intervals and p-values, against simulations and scipy's tests."""

import random

import numpy as np
import pytest
from scipy.stats import ttest_rel

from mnistlab.stats.difference import (
    AccuracyDifference,
    describe,
    holm_corrected,
    image_error,
    paired_images,
    paired_t,
)
from mnistlab.stats.score import Score
from mnistlab.text import percentage_points, percentage_points_range

COUNT = 10_000


def scores(*errors: tuple[int, int]) -> list[tuple[Score, Score]]:
    return [(Score(before, COUNT), Score(after, COUNT)) for before, after in errors]


def test_seeds_are_compared_in_pairs() -> None:
    before, after = [100, 200, 150, 90], [40, 120, 50, 20]
    pairs = scores(*zip(before, after, strict=True))
    difference = paired_t(pairs, discordance=0)
    expected = ttest_rel(before, after)
    assert difference.difference == pytest.approx(0.00775) and difference.n_pairs == 4
    assert difference.p_value == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval()
    assert difference.confidence_interval == pytest.approx((low / COUNT, high / COUNT))
    assert difference.significant is True
    one = paired_t(pairs[:1])
    assert one.confidence_interval is None and one.p_value is None and one.significant is None
    with pytest.raises(ValueError, match="pairs"):
        paired_t([])
    with pytest.raises(ValueError, match="numbers of images"):
        paired_t([(Score(1, 10), Score(1, 20))])


@pytest.mark.parametrize("discordance", [None, 1e-4])
def test_two_seeds_that_each_lose_one_image_are_not_significant(discordance: float | None) -> None:
    difference = paired_t(scores((60, 61), (58, 59)), discordance)
    assert difference.significant is False
    low, high = difference.confidence_interval or (0, 0)
    assert low < 0 < high
    same = paired_t(scores((0, 0), (0, 0)), 0)
    assert (
        same.significant is False
        and same.p_value == 1
        and same.confidence_interval
        and same.confidence_interval[1] > 0
    )


def test_the_image_error_is_the_standard_deviation_over_other_images() -> None:
    """Changes that are drawn anew for each set of images, the same ones for every seed."""
    generator = np.random.default_rng(0)
    gains, losses, count = 0.004, 0.003, 5000
    drawn = generator.multinomial(count, [gains, losses, 1 - gains - losses], size=4000)
    spread = float(((drawn[:, 0] - drawn[:, 1]) / count).std())
    assert image_error(gains + losses, gains - losses, count) == pytest.approx(spread, rel=0.04)
    assert image_error(0, 0.1, 100) == pytest.approx(0.01), "one image's worth at least"


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_the_interval_over_seeds_covers_the_true_value_in_95_percent(seeds: int) -> None:
    """Each image has its own chances of being gained and lost, as half of them have none: what
    seeds have in common is drawn with the images, what they have not with each seed."""
    generator = np.random.default_rng(seeds)
    count, share = 2000, 0.03
    held = plain = 0
    for _ in range(600):
        kind = generator.choice(3, count, p=[share, share / 2, 1 - 1.5 * share])
        gained = (kind == 0) & (generator.random((seeds, count)) < 0.8)
        lost = (kind == 1) & (generator.random((seeds, count)) < 0.8)
        pairs = [
            (Score(200 + int(g.sum()), count), Score(200 + int(b.sum()), count))
            for g, b in zip(gained, lost, strict=True)
        ]
        change = (gained * 1 - lost).mean(0)
        low, high = paired_t(pairs, float((change**2).mean())).confidence_interval or (0, 0)
        held += low <= 0.8 * share / 2 <= high
        low, high = paired_t(pairs, 0).confidence_interval or (0, 0)
        plain += low <= 0.8 * share / 2 <= high
    assert held / 600 > 0.94
    if seeds > 2:
        assert plain / 600 < 0.85, "the seeds alone say too little of other images"


def test_the_interval_over_images_covers_the_true_value_in_95_percent() -> None:
    generator = random.Random(1)
    count, gains, losses, held = 2000, 0.01, 0.005, 0
    for _ in range(300):
        drawn = [generator.random() for _ in range(count)]
        only_after = sum(value < gains for value in drawn)
        only_before = sum(gains <= value < gains + losses for value in drawn)
        low, high = paired_images(only_before, only_after, count, 0.5).confidence_interval or (0, 0)
        held += low <= gains - losses <= high
    assert 0.91 < held / 300 < 0.99


def test_holm_s_correction_can_remove_significance() -> None:
    alone = AccuracyDifference(0.001, (0.0001, 0.0019), 3, 0.03)
    unknown = AccuracyDifference(0.001, None, 1)
    assert alone.significant is True and holm_corrected([alone])[0].significant is True
    among = holm_corrected(
        [unknown, alone, *[AccuracyDifference(0.0, (-0.001, 0.001), 3, 0.5)] * 11]
    )
    assert among[0] == unknown, "what has no p value is no test"
    assert among[1].p_value == 0.03 and among[1].adjusted_p_value == pytest.approx(0.36)
    assert among[1].significant is False and not any(each.significant for each in among)


def test_describe_has_the_difference_its_interval_and_its_significance() -> None:
    better = paired_t(scores((200, 100), (300, 200), (400, 299)))
    line = describe("without dropout", better)
    assert line.startswith("Without dropout: +1.00 pp (3 seeds; 95% CI +")
    assert ", significant (p " in line
    worse = describe("x", paired_images(60, 20, COUNT, 1e-5))
    assert "−0.40 pp (1 seed;" in worse and "significant (p < 0.001)" in worse
    assert "not significant (p = 0.90)" in describe("x", paired_images(22, 20, COUNT, 0.9))
    assert "significance unknown" in describe("x", paired_t(scores((100, 200))))
    assert (
        percentage_points(-0.0012) == "−0.12 pp"
        and percentage_points(0.0) == percentage_points(-1e-9) == "0.00 pp"
    )
    assert percentage_points_range(-0.003, 0.0006) == "−0.30 to +0.06 pp"
    assert str(better).startswith("+1.00 pp (95% CI +")
