"""Differences with their intervals, held against tables, simulations and a definition."""

import math
import random
import statistics

import pytest

from mnistlab.arch.presets import Reported
from mnistlab.training.against import against
from mnistlab.training.effect import by_images, by_seeds, points, t_quantile, verdict
from mnistlab.training.epoch import Epoch


@pytest.mark.parametrize(
    ("freedom", "value"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (5, 2.5706), (9, 2.2622), (19, 2.0930),
     (30, 2.0423), (100, 1.9840), (999, 1.9623)],
)  # fmt: skip
def test_student_s_t_is_the_tables(freedom: int, value: float) -> None:
    assert t_quantile(freedom) == pytest.approx(value, abs=1e-4)


def test_an_interval_by_seeds_holds_the_truth_19_times_in_20() -> None:
    chance = random.Random(0)
    held = 0
    for _ in range(2000):
        pairs = [(0.99, 0.99 + chance.gauss(0.001, 0.0005)) for _ in range(4)]
        low, high = by_seeds(pairs).interval or (0, 0)
        held += low <= 0.001 <= high
    assert 0.93 < held / 2000 < 0.97


def test_seeds_are_compared_in_pairs() -> None:
    found = by_seeds([(0.990, 0.992), (0.980, 0.983), (0.995, 0.996)])
    assert found.difference == pytest.approx(0.002) and found.pairs == 3
    low, high = found.interval or (0, 0)
    half = t_quantile(2) * statistics.stdev([0.002, 0.003, 0.001]) / math.sqrt(3)
    assert (low, high) == pytest.approx((0.002 - half, 0.002 + half))
    assert found.shown is False, "three seeds with such a spread show nothing"
    assert by_seeds([(0.99, 0.995), (0.98, 0.985), (0.97, 0.9751)]).shown is True
    one = by_seeds([(0.99, 0.98)])
    assert one.interval is None and one.shown is None
    with pytest.raises(ValueError, match="pairs"):
        by_seeds([])


def test_an_interval_by_images_holds_the_truth_19_times_in_20() -> None:
    chance = random.Random(1)
    count, gains, losses, held = 2000, 0.01, 0.005, 0
    for _ in range(300):
        drawn = [chance.random() for _ in range(count)]
        only_after = sum(value < gains for value in drawn)
        only_before = sum(gains <= value < gains + losses for value in drawn)
        low, high = by_images(only_before, only_after, count, 0.5).interval or (0, 0)
        held += low <= gains - losses <= high
    assert 0.91 < held / 300 < 0.99


def test_a_sentence_says_whether_it_is_more_than_noise() -> None:
    better = by_seeds([(0.98, 0.99), (0.97, 0.98), (0.96, 0.9701)])
    assert "gains 1.00 points" in verdict("without dropout", better)
    assert "more than noise" in verdict("without dropout", better)
    worse = by_images(60, 20, 10_000, 1e-5)
    said = verdict("without dropout", worse)
    assert said.startswith("Without dropout costs 0.40") and "one seed" in said
    assert "no more than noise" in verdict("x", by_images(22, 20, 10_000, 0.9))
    assert "nothing" in verdict("x", by_images(20, 20, 10_000, 1.0))
    assert "cannot be said" in verdict("x", by_seeds([(0.99, 0.98)]))
    assert points(-0.0012) == "−0.12" and points(0.0) == points(-1e-9) == "0.00"


def epoch(train: float, errors: int) -> Epoch:
    return Epoch(1, 0.1, train, 0.1, errors, 10_000, 0.1, 1.0, 1.0)


def test_the_article_s_figures_are_held_against_ours() -> None:
    article = Reported(12_874, train=99.45, validation=99.45)
    kept = epoch(0.99, 55)
    train, validation = against(article, [kept, epoch(0.9946, 90)], kept)
    assert train.here == 0.9946 and not train.apart, "training is the last epoch's"
    assert validation.here == pytest.approx(0.9945) and not validation.apart
    low, high = against(article, [epoch(0.98, 120)], epoch(0.98, 120))
    assert low.apart and high.apart and "below" in str(high) and "0.65 points" in str(high)
    assert "above" in str(against(article, [kept], epoch(0.99, 10))[1])
    assert len(against(Reported(1, train=99.9), [kept], kept)) == 1
    assert validation.noise == pytest.approx(1.96 * math.sqrt(2 * 0.9945 * 0.0055 / 10_000), 1e-3)
