"""Numbers as text: percentages, percentage points, durations, counts. One form for each."""

import statistics
from collections.abc import Sequence

MINUS = "−"  # as wide as a plus sign, which a hyphen is not


def percent(fraction: float, decimals: int = 2) -> str:
    """A fraction (0–1) as "99.42%"."""
    return f"{100 * fraction:.{decimals}f}%"


def mean_and_spread(fractions: Sequence[float], decimals: int = 2) -> str:
    """Fractions (0–1) as "99.42% ± 0.05", mean ± sample standard deviation; one alone has none."""
    mean = percent(statistics.mean(fractions), decimals)
    if len(fractions) == 1:
        return mean
    return f"{mean} ± {100 * statistics.stdev(fractions):.{decimals}f}"


def probability(value: float) -> str:
    """A probability (0–1) as "97.3%"; never "100.0%", as rounding is no certainty."""
    return percent(value, 1) if value < 0.999 else ">99.9%"


def percent_range(low: float, high: float, decimals: int = 2) -> str:
    """Two fractions (0–1), such as the ends of a confidence interval, as "99.25–99.55%"."""
    return f"{100 * low:.{decimals}f}–{percent(high, decimals)}"


def short_percent(fraction: float) -> str:
    """A fraction (0–1) with up to three significant digits and no trailing zeros: "5%", "12.5%"."""
    return f"{100 * fraction:.3g}%"


def signed(value: float, decimals: int = 2) -> str:
    """A difference with its sign: "+0.12", "−0.30"; what rounds to zero has none."""
    text = f"{value:+.{decimals}f}".replace("-", MINUS)
    return text if text.strip(f"+{MINUS}0.") else text[1:]


def percentage_points(difference: float) -> str:
    """A difference of two accuracies (−1–1) in percentage points: "−0.12 pp"."""
    return f"{signed(100 * difference)} pp"


def percentage_points_range(low: float, high: float) -> str:
    """The interval of such a difference: "−0.30 to +0.06 pp"."""
    return f"{signed(100 * low)} to {percentage_points(high)}"


def duration(seconds: float | None) -> str:
    """A length of time in the two units that matter: "42 s", "3 min 05 s", "1 h 23 min"."""
    if seconds is None:
        return "unknown"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s" if whole < 600 else f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def quantity(number: int, noun: str) -> str:
    """A number of things whose plural ends in s: "1 seed", "12,800 images"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def how_often(number: int) -> str:
    """A number of times: "never", "once", "12,800 times"."""
    return {0: "never", 1: "once"}.get(number, f"{number:,} times")


MAX_NAME = 80
"""Characters of a name that a user typed."""


def one_line(text: str) -> str:
    """A name that a user typed, on one line and not too long for a table cell."""
    return " ".join(text.split())[:MAX_NAME]
