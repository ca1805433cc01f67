"""The probabilities that a run's checkpoints give to the digits of one drawing, by epoch."""

from collections.abc import Sequence

from mnistlab.charts.base import RUN_COLORS, Figure, line, over_epochs

MIN_LINES = 3
"""Digits with a line: every predicted digit, then those with the highest mean probability."""


def probability_by_epoch(epochs: Sequence[int], probabilities: Sequence[Sequence[float]]) -> Figure:
    """One line a digit. `probabilities` holds the ten probabilities (0–1) for each of `epochs`."""
    sums = [sum(values) for values in zip(*probabilities, strict=True)]
    predicted = {max(range(10), key=values.__getitem__) for values in probabilities}
    order = sorted(range(10), key=lambda digit: (digit not in predicted, -sums[digit]))
    traces = [
        line(f"{digit}", list(epochs), [100 * p[digit] for p in probabilities], RUN_COLORS[n % 8])
        for n, digit in enumerate(sorted(order[: max(MIN_LINES, len(predicted))]))
    ]
    for trace in traces:
        trace["hovertemplate"] = "%{y:.1f}%"
    figure = over_epochs("Probability by epoch (%)", traces, max(epochs))
    figure["layout"]["yaxis"] |= {"range": [-2, 102], "ticksuffix": "%"}
    return figure
