"""How sure a run's networks are of each digit of one drawing, epoch by epoch."""

from collections.abc import Sequence

from mnistlab.charts.base import RUN_COLORS, Figure, line, over_epochs

SHOWN = 3
"""Digits that have a line: those that were ever likeliest, then the likeliest on the whole."""


def probability_by_epoch(epochs: Sequence[int], probabilities: Sequence[Sequence[float]]) -> Figure:
    """Probabilities (0–1) of the ten digits at each of some epochs, numbered from 1."""
    sums = [sum(values) for values in zip(*probabilities, strict=True)]
    won = {max(range(10), key=each.__getitem__) for each in probabilities}
    order = sorted(range(10), key=lambda digit: (digit not in won, -sums[digit]))
    traces = [
        line(
            f"{digit}", list(epochs), [100 * p[digit] for p in probabilities], RUN_COLORS[place % 8]
        )
        for place, digit in enumerate(sorted(order[: max(SHOWN, len(won))]))
    ]
    for trace in traces:
        trace["hovertemplate"] = "%{y:.1f}%"
    figure = over_epochs("How sure of each digit after each epoch, in %", traces, max(epochs))
    figure["layout"]["yaxis"] |= {"range": [-2, 102], "ticksuffix": " %"}
    return figure
