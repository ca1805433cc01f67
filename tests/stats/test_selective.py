"""Risk–coverage curves, against counting."""

import numpy as np
import pytest

from mnistlab.stats.selective import risk_coverage


def test_each_point_is_the_error_rate_of_what_is_confident_enough() -> None:
    draw = np.random.default_rng(0)
    # Few distinct values, so that many are equal.
    confidence = draw.integers(1, 30, 400) / 30
    is_wrong = draw.random(400) > confidence
    curve = risk_coverage(confidence, is_wrong)
    assert curve.confidence.tolist() == sorted(set(confidence.tolist()), reverse=True)
    for threshold, coverage, risk in zip(curve.confidence, curve.coverage, curve.risk, strict=True):
        answered = confidence >= threshold
        assert coverage == pytest.approx(answered.mean())
        assert risk == pytest.approx(is_wrong[answered].mean())
    assert curve.coverage[-1] == 1


def test_the_coverage_at_a_risk_is_the_greatest_one() -> None:
    curve = risk_coverage([0.9, 0.8, 0.7, 0.6], [False, True, False, False])
    assert curve.risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 4])
    assert [curve.coverage_at(risk) for risk in (0, 0.25, 0.3, 0.5)] == [0.25, 1, 1, 1]
    assert risk_coverage([0.5], [True]).coverage_at(0.1) == 0


def test_a_thinned_curve_keeps_its_ends() -> None:
    curve = risk_coverage(np.linspace(1, 0, 5000), np.zeros(5000))
    thinned = curve.thinned(100)
    assert 90 <= len(thinned.coverage) <= 101
    assert thinned.coverage[[0, -1]].tolist() == curve.coverage[[0, -1]].tolist()
    assert curve.thinned(5000) is curve
