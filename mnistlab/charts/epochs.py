"""A run's epochs as curves: accuracy, loss, generalization gap, learning rate."""

from collections.abc import Sequence

from mnistlab.arch.presets import TARGET_ACCURACY, ArticleResult
from mnistlab.charts.base import (
    REFERENCE_COLOR,
    TRAIN_COLOR,
    VALIDATION_COLOR,
    Figure,
    Trace,
    band,
    line,
    logarithmic,
    over_epochs,
    reference,
)
from mnistlab.data.dataset import MNIST
from mnistlab.recipe.recipe import Recipe
from mnistlab.recipe.schedules import Schedule, learning_rate_at
from mnistlab.stats.score import Score
from mnistlab.training.epoch import Epoch

TARGET_PERCENT = 100 * TARGET_ACCURACY
FLOORS = (99.0, 98.0, 95.0, 90.0, 80.0, 50.0, 0.0)
"""Percent, at which an accuracy axis may start."""
FEW_EPOCHS = 5
NARROW = 5
"""Ticks of an epoch axis that have room in a chart of half the width."""


SAVED_EPOCH = "Saved epoch"


def target_accuracy_marks() -> list[dict[str, object]]:
    """A line at the target accuracy, and a band for its 95% confidence interval on 10,000 images.

    A network whose true accuracy is the target is measured within this band in 95% of cases.
    """
    errors = round(MNIST.n_validation * (1 - TARGET_ACCURACY))
    low, high = Score(errors, MNIST.n_validation).confidence_interval
    return [
        band(100 * low, 100 * high),
        reference(TARGET_PERCENT, f"Target accuracy: {TARGET_PERCENT:.2f}%"),
    ]


def axis_floor(values: Sequence[float]) -> float:
    """The value (percent) at which an accuracy axis starts, so that it shows all of the values."""
    return next(floor for floor in FLOORS if floor <= min(values, default=90.0))


def curve_floor(curves: Sequence[Sequence[float]]) -> float:
    """The value (percent) at which the axis of accuracies by epoch starts."""
    longest = max(map(len, curves), default=0)
    return axis_floor([value for curve in curves for value in _after_the_start(curve, longest)])


def _after_the_start(curve: Sequence[float], length: int | None = None) -> Sequence[float]:
    """The values that an axis has to show.

    The first epoch is so far from the others that an axis up to it would flatten them: it counts
    only while it is a large part of a curve, which may be a longer one beside this.
    """
    return curve[1:] if (length or len(curve)) > FEW_EPOCHS else curve


def accuracy(
    epochs: Sequence[Epoch],
    planned: int,
    saved_epoch: int | None = None,
    article: ArticleResult | None = None,
) -> Figure:
    """Training and validation accuracy (%).

    `saved_epoch` is the number of the epoch whose checkpoint was saved, `article` the article's
    result for this network.
    """
    train = [100 * epoch.train_accuracy for epoch in epochs]
    validation = [100 * epoch.validation_accuracy for epoch in epochs]
    traces = [
        _line("Train", epochs, train, TRAIN_COLOR),
        _line("Validation", epochs, validation, VALIDATION_COLOR),
    ]
    star: Trace = {
        "mode": "markers",
        "marker": {"symbol": "star", "size": 13, "color": VALIDATION_COLOR},
    }
    saved = [epoch for epoch in epochs if epoch.number == saved_epoch]
    heights = [100 * epoch.validation_accuracy for epoch in saved]
    traces.append(_line(SAVED_EPOCH, saved, heights, VALIDATION_COLOR) | star)
    figure = over_epochs("Accuracy (%) by epoch", traces, planned)
    low = curve_floor([train, validation])
    figure["layout"]["yaxis"]["range"] = [low, 100 + (100 - low) * 0.04]
    figure["layout"]["shapes"] = target_accuracy_marks()
    if article:
        value = article.validation or article.train
        kind = "validation" if article.validation else "train"
        figure["layout"]["shapes"].append(
            reference(value, f"Article's {kind} accuracy: {value:.2f}%", dash="dash")
        )
    return figure


def loss(epochs: Sequence[Epoch], planned: int) -> Figure:
    """Training and validation loss (mean cross-entropy in nats, logarithmic)."""
    traces = [
        _line("Train", epochs, [epoch.train_loss for epoch in epochs], TRAIN_COLOR),
        _line("Validation", epochs, [epoch.validation_loss for epoch in epochs], VALIDATION_COLOR),
    ]
    figure = over_epochs("Loss (nats, log) by epoch", traces, planned)
    return logarithmic(figure)


def gap(epochs: Sequence[Epoch], planned: int) -> Figure:
    """Generalization gap: training minus validation accuracy (pp). It grows when a run overfits."""
    values = [100 * (e.train_accuracy - e.validation_accuracy) for e in epochs]
    traces = [_line("Train − validation", epochs, values, REFERENCE_COLOR) | {"fill": "tozeroy"}]
    figure = over_epochs("Generalization gap", traces, planned, height=210, n_ticks=NARROW)
    figure["layout"] |= {"showlegend": False, "shapes": [reference(0)]}
    # At least ±1 pp, so that noise does not fill the chart; more if the gap is larger.
    limit = max([1.0, *(abs(value) * 1.1 for value in _after_the_start(values))])
    figure["layout"]["yaxis"] |= {
        "range": [-limit, limit],
        # A title with the unit would not fit a narrow chart.
        "ticksuffix": " pp",
        "showticksuffix": "last",
    }
    return _without_legend_space(figure)


def learning_rate(recipe: Recipe, epochs: Sequence[Epoch] = ()) -> Figure:
    """The planned schedule as a line, and the last rate of each epoch as dots on it."""
    n_points = 200
    fractions = [n / n_points for n in range(n_points)]
    history = [epoch.validation_accuracy for epoch in epochs]

    def rate(fraction: float) -> float:
        earlier = history[: int(fraction * recipe.epochs)]
        return learning_rate_at(recipe.schedule, recipe.learning_rate, fraction, earlier)

    # Epoch n ends at x = n, so the run starts at x = 0.
    x = [fraction * recipe.epochs for fraction in fractions]
    plan = line("planned", x, [*map(rate, fractions)], REFERENCE_COLOR)
    plan |= {"mode": "lines", "hoverinfo": "skip", "line": {"color": REFERENCE_COLOR, "width": 1.5}}
    done = _line("Learning rate", epochs, [e.learning_rate for e in epochs], TRAIN_COLOR)
    traces = [plan, done | {"mode": "markers"}]
    figure = over_epochs("Learning rate", traces, recipe.epochs, height=210, n_ticks=NARROW)
    figure["layout"] |= {"showlegend": False}
    figure["layout"]["xaxis"]["range"] = [0, recipe.epochs + 0.5]
    figure["layout"]["yaxis"] |= {
        "range": [-0.04 * recipe.learning_rate, 1.08 * recipe.learning_rate],
        "tickformat": "~g",
    }
    if recipe.schedule is Schedule.PLATEAU and not epochs:
        figure["layout"]["title"]["text"] = "Learning rate (falls when accuracy stalls)"
    return _without_legend_space(figure)


def _without_legend_space(figure: Figure) -> Figure:
    figure["layout"]["margin"]["b"] = 28
    return figure


def _line(name: str, epochs: Sequence[Epoch], values: Sequence[float], color: str) -> Trace:
    return line(name, [epoch.number for epoch in epochs], values, color)
