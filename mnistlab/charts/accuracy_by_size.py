"""Accuracy against parameters, as SVG whose points are links: the home page's figure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mnistlab.arch.presets import TARGET_ACCURACY
from mnistlab.arch.summary import BUDGET
from mnistlab.markup import Markup, fill, join
from mnistlab.text import percent, percent_range

WIDTH, HEIGHT = 560, 400
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 28, 50
RADIUS = 6


@dataclass(frozen=True)
class Network:
    """A measured network: accuracy and its 95% interval (0–1), and where its point leads.

    `in_article` networks are joined by a line, in their order.
    """

    number: int
    label: str
    parameters: int
    accuracy: float
    interval: tuple[float, float]
    in_article: bool

    @property
    def text(self) -> str:
        return (
            f"{self.label}: {percent(self.accuracy)} (95% CI {percent_range(*self.interval)}), "
            f"{self.parameters:,} parameters"
        )


@dataclass(frozen=True)
class _Axes:
    """Parameters (logarithmic) and accuracy (linear) as pixels."""

    parameters: tuple[float, float]
    accuracy: tuple[float, float]

    def x(self, parameters: float) -> float:
        low, high = map(math.log, self.parameters)
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log(parameters) - low) / (high - low)

    def y(self, accuracy: float) -> float:
        low, high = self.accuracy
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (accuracy - low) / (high - low)


def accuracy_by_size(networks: Sequence[Network], selected: int) -> Markup:
    """The networks' points with their intervals; the step `selected` has a ring."""
    axes = _axes(networks)
    article = [n for n in networks if n.in_article]
    path = " ".join(f"{axes.x(n.parameters):.1f},{axes.y(n.accuracy):.1f}" for n in article)
    return fill(
        '<svg class="lab-hero" viewBox="0 0 {} {}" role="group" aria-label="Accuracy on the test '
        'images by parameters">{}<polyline class="lab-hero-path" points="{}"/>{}</svg>',
        WIDTH,
        HEIGHT,
        _scales(axes),
        path,
        join(_point(axes, n, n.number == selected) for n in networks),
    )


def _axes(networks: Sequence[Network]) -> _Axes:
    """Axes that hold all intervals, the budget and the target accuracy."""
    totals = [BUDGET, *(n.parameters for n in networks)]
    ends = [TARGET_ACCURACY, *(end for n in networks for end in n.interval)]
    # Whole multiples of 0.2 percentage points, with the target accuracy in between.
    low = math.floor(500 * min(ends) - 0.5) / 500
    high = math.ceil(500 * max(ends) + 0.5) / 500
    return _Axes((min(totals) / 1.5, max(totals) * 1.6), (low, high))


def _scales(axes: _Axes) -> Markup:
    """The two rules with their labels, the area within both, and the ends of the axes."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    target_x, target_y = axes.x(BUDGET), axes.y(TARGET_ACCURACY)
    largest = 10 ** math.floor(math.log10(axes.parameters[1]))
    texts = [
        (LEFT - 8, target_y, "end", percent(TARGET_ACCURACY), "lab-hero-target"),
        *((LEFT - 8, axes.y(end), "end", percent(end, 1), "") for end in axes.accuracy),
        (target_x, bottom + 18, "middle", f"{BUDGET:,}", "lab-hero-target"),
        (axes.x(largest), bottom + 18, "middle", f"{largest:,}", ""),
        (right, bottom + 36, "end", "parameters", ""),
        (LEFT, TOP - 16, "start", "accuracy", ""),
    ]
    labels = join(
        fill(
            '<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}" dy="0.32em">{}</text>',
            kind,
            x,
            y,
            anchor,
            text,
        )
        for x, y, anchor, text, kind in texts
    )
    area = fill(
        '<rect class="lab-hero-within" x="{left}" y="{top}" width="{width:.1f}" '
        'height="{height:.1f}"/><path class="lab-hero-rule" '
        'd="M{x:.1f} {top}V{bottom}M{left} {y:.1f}H{right}"/>',
        left=LEFT,
        top=TOP,
        width=target_x - LEFT,
        height=target_y - TOP,
        x=target_x,
        y=target_y,
        bottom=bottom,
        right=right,
    )
    return area + labels


def _point(axes: _Axes, network: Network, is_selected: bool) -> Markup:
    """A point with its interval, as a link to its step; its label is where it has room."""
    x, y = axes.x(network.parameters), axes.y(network.accuracy)
    low, high = map(axes.y, network.interval)
    kind = "lab-hero-article" if network.in_article else "lab-hero-own"
    return fill(
        '<a class="lab-hero-point {kind}{chosen}" href="?step={number}" data-part="{number}" '
        'aria-label="{text}"><title>{text}</title>'
        '<path class="lab-hero-interval" d="M{x:.1f} {low:.1f}V{high:.1f}"/>'
        '<circle class="lab-hero-hit" cx="{x:.1f}" cy="{y:.1f}" r="16"/>'
        '<circle class="lab-hero-dot" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'
        '<text x="{label_x:.1f}" y="{y:.1f}" dy="0.32em">{number}</text></a>',
        kind=kind,
        chosen=" lab-hero-chosen" if is_selected else "",
        number=network.number,
        text=network.text,
        x=x,
        y=y,
        low=low,
        high=high,
        radius=RADIUS,
        label_x=x + 13,
    )
