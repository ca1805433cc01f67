import pytest

from mnistlab.text import duration, how_often, percent_range, quantity, short_percent, signed


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.12, "+0.12"), (-0.3, "−0.30"), (0.0, "0.00"), (-1e-9, "0.00"), (10.0, "+10.00")],
)
def test_a_difference_has_its_sign_unless_it_rounds_to_zero(value: float, text: str) -> None:
    assert signed(value) == text


def test_a_range_names_its_unit_once() -> None:
    assert percent_range(0.9925, 0.9955) == "99.25–99.55%"


def test_short_percentages_have_no_trailing_zeros() -> None:
    assert (short_percent(0.05), short_percent(0.125)) == ("5%", "12.5%")


def test_one_thing_is_singular() -> None:
    assert quantity(1, "seed") == "1 seed" and quantity(2000, "image") == "2,000 images"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "unknown"), (0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (150, "2 min 30 s"),
        (1500, "25 min"), (3599, "60 min"), (3600, "1 h 00 min"), (9000, "2 h 30 min"),
    ],
)  # fmt: skip
def test_durations_have_two_units(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_how_often_has_no_zero_times() -> None:
    assert [how_often(n) for n in (0, 1, 2, 12_800)] == [
        "never",
        "once",
        "2 times",
        "12,800 times",
    ]
