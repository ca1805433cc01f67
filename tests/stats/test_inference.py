"""Distributions and corrections against published values, closed forms and scipy's tests."""

import math
import subprocess
import sys

import pytest
from scipy.stats import binomtest

from mnistlab.stats.inference import (
    holm,
    sign_test,
    significance,
    t_interval,
    t_p_value,
    t_quantile,
)

# Student's own example (1908): hours of sleep gained with one drug more than with another.
SLEEP = (1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4)


@pytest.mark.parametrize(
    ("freedom", "value"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (5, 2.5706), (9, 2.2622), (19, 2.0930),
     (30, 2.0423), (100, 1.9840), (999, 1.9623)],
)  # fmt: skip
def test_t_quantiles_are_the_published_ones(freedom: int, value: float) -> None:
    assert t_quantile(freedom) == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("t", [0.0, 0.3, -2.0, 40.0])
def test_a_t_statistic_s_p_value_is_the_closed_form_of_one_and_two_degrees(t: float) -> None:
    cauchy = 1 - 2 / math.pi * math.atan(abs(t))
    assert t_p_value(t, 1) == pytest.approx(cauchy)
    assert t_p_value(t, 2) == pytest.approx(1 - abs(t) / math.sqrt(2 + t**2))


def test_student_s_own_example() -> None:
    assert t_interval(SLEEP) == pytest.approx((0.7001142, 2.4598858), abs=1e-6)
    assert t_p_value(4.0621277, 9) == pytest.approx(0.0028329, abs=1e-7)
    assert t_interval([1.0]) is None


@pytest.mark.parametrize(
    ("few", "many"), [(0, 0), (0, 1), (3, 3), (2, 9), (9, 2), (20, 41), (4000, 5000)]
)
def test_the_sign_test_is_the_exact_binomial_test(few: int, many: int) -> None:
    expected = binomtest(few, few + many).pvalue if few + many else 1.0
    assert sign_test(few, many) == pytest.approx(expected, rel=1e-9)


def test_holm_s_correction_is_the_textbook_example() -> None:
    """Four p values of which, at 5%, the two smallest are rejected and the others are not."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0] and holm([]) == [] and holm([0.2]) == [0.2]


def test_significance_gives_the_p_value() -> None:
    assert significance(0.012) == "significant (p = 0.012)"
    assert significance(0.3061) == "not significant (p = 0.31)"
    assert significance(1e-9) == "significant (p < 0.001)"
    assert significance(1.0) == "not significant (p = 1.00)"


def test_importing_the_library_does_not_import_scipy() -> None:
    modules = (
        "experiments.ablation, mnistlab.experiments.selection_bias, mnistlab.experiments.article"
    )
    code = f"import sys, mnistlab.{modules}; print([n for n in sys.modules if n[:5] == 'scipy'])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
