import random

import pytest
from scipy.stats import binomtest

from mnistlab.stats.score import Score
from mnistlab.training.epoch import Epoch, best


def test_the_design_s_example() -> None:
    low, high = Score(60, 10_000).confidence_interval
    assert (round(low, 4), round(high, 4)) == (0.9923, 0.9953)
    assert str(Score(60, 10_000)) == "99.40% (60 errors in 10,000; 95% CI 99.23–99.53%)"


@pytest.mark.parametrize(("errors", "count"), [(0, 10), (10, 10), (1, 7), (60, 10_000)])
def test_the_interval_s_ends_are_the_limits_of_the_score_test(errors: int, count: int) -> None:
    """Wilson's interval inverts the score test: |p̂ − p| = z·√(p(1 − p)/n) at both ends."""
    score = Score(errors, count)
    for end in score.confidence_interval:
        distance = abs(score.accuracy - end)
        assert distance == pytest.approx(1.959964 * (end * (1 - end) / count) ** 0.5, abs=1e-7)


@pytest.mark.parametrize(("errors", "count"), [(0, 10), (10, 10), (1, 7), (60, 10_000)])
def test_the_interval_is_scipy_s_wilson(errors: int, count: int) -> None:
    expected = binomtest(count - errors, count).proportion_ci(method="wilson")
    assert Score(errors, count).confidence_interval == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("errors", "count"), [(0, 0), (-1, 10), (11, 10)])
def test_impossible_counts_are_errors(errors: int, count: int) -> None:
    with pytest.raises(ValueError, match="impossible"):
        Score(errors, count)


def epoch(number: int, errors: int, loss: float) -> Epoch:
    return Epoch(number, 0.1, 0.9, loss, errors, 1000, 0.1, 1.0, 1000.0)


def test_the_best_epoch_has_the_fewest_errors_then_the_lowest_loss_then_is_first() -> None:
    epochs = [
        epoch(1, 9, 0.1), epoch(2, 7, 0.5), epoch(3, 7, 0.4), epoch(4, 8, 0.1), epoch(5, 7, 0.4),
    ]  # fmt: skip
    assert best(epochs) == epochs[2]
    random.Random(0).shuffle(epochs)
    selected = best(epochs)
    assert selected and (selected.validation_errors, selected.validation_loss) == (7, 0.4)
    assert best([]) is None
