"""A run's epochs as curves: accuracy, loss, the gap between them, the learning rate."""

from collections.abc import Sequence

from mnistlab.arch.presets import GOAL_ACCURACY, ArticleResult
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
from mnistlab.stats.score import Score
from mnistlab.training.epoch import Epoch
from mnistlab.training.recipe import Recipe
from mnistlab.training.schedules import Schedule, learning_rate_at

GOAL = 100 * GOAL_ACCURACY
"""Per cent: the article's aim."""
FLOORS = (99.0, 98.0, 95.0, 90.0, 80.0, 50.0, 0.0)
VALIDATION_DIGITS = MNIST.n_validation


def goal_marks() -> list[dict[str, object]]:
    """The goal's line, and the band in which a network of just that accuracy may be seen.

    Its 95 % Wilson interval on 10,000 digits, under both splits.
    """
    errors = round(VALIDATION_DIGITS * (1 - GOAL / 100))
    low, high = Score(errors, VALIDATION_DIGITS).confidence_interval
    return [band(100 * low, 100 * high), reference(GOAL, f"goal: {GOAL:.2f}%")]


def floor(values: Sequence[float]) -> float:
    """Where an axis of accuracies (per cent) begins, so that all but a first epoch are in view."""
    return next(floor for floor in FLOORS if floor <= min(values, default=90.0))


def accuracy(
    epochs: Sequence[Epoch],
    planned: int,
    kept: int | None = None,
    article: ArticleResult | None = None,
) -> Figure:
    """Training and validation accuracy in per cent.

    `kept` is the number of the epoch whose checkpoint is kept, `article` the article's report on
    this network.
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
    at = [epoch for epoch in epochs if epoch.number == kept]
    traces.append(
        _line("Kept", at, [100 * e.validation_accuracy for e in at], VALIDATION_COLOR) | star
    )
    figure = over_epochs("Accuracy (%) by epoch", traces, planned)
    # The first epoch is so far below the rest that a floor under it would flatten the others.
    low = floor(train[1:] + validation[1:] or train + validation)
    # Room above for the name of the article's line.
    figure["layout"]["yaxis"]["range"] = [low, 100 + (100 - low) * 0.1]
    figure["layout"]["shapes"] = goal_marks()
    if article:
        value = article.validation or article.train
        what = "validation" if article.validation else "train"
        figure["layout"]["shapes"].append(
            reference(value, f"article's {what}: {value:.2f}%", at="end")
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
    """Training less validation accuracy, in percentage points; above nought it overfits."""
    values = [100 * (e.train_accuracy - e.validation_accuracy) for e in epochs]
    traces = [_line("Train − validation", epochs, values, REFERENCE_COLOR) | {"fill": "tozeroy"}]
    figure = over_epochs("Gap, train − validation (points)", traces, planned, height=210)
    figure["layout"] |= {"showlegend": False, "shapes": [reference(0, "")]}
    # Once more than noise is seen, the axis follows; until then noise must not fill it.
    reach = max([1.0, *(abs(value) * 1.1 for value in values[1:] or values)])
    figure["layout"]["yaxis"]["range"] = [-reach, reach]
    return _low(figure)


def learning_rate(recipe: Recipe, epochs: Sequence[Epoch] = ()) -> Figure:
    """The schedule's curve over the planned epochs, and each epoch's last rate on it."""
    points = 200
    shares = [n / points for n in range(points)]
    history = [epoch.validation_accuracy for epoch in epochs]

    def seen(share: float) -> float:
        earlier = history[: int(share * recipe.epochs)]
        return learning_rate_at(recipe.schedule, recipe.learning_rate, share, earlier)

    # An epoch's figures stand at its end, so the whole run reaches from 0 to its last epoch.
    plan = line(
        "planned", [s * recipe.epochs for s in shares], [*map(seen, shares)], REFERENCE_COLOR
    )
    plan |= {"mode": "lines", "hoverinfo": "skip", "line": {"color": REFERENCE_COLOR, "width": 1.5}}
    done = _line("Learning rate", epochs, [e.learning_rate for e in epochs], TRAIN_COLOR)
    traces = [plan, done | {"mode": "markers"}]
    figure = over_epochs("Learning rate by epoch", traces, recipe.epochs, height=210)
    figure["layout"] |= {"showlegend": False}
    figure["layout"]["xaxis"]["range"] = [0, recipe.epochs + 0.5]
    figure["layout"]["yaxis"] |= {
        "range": [-0.04 * recipe.learning_rate, 1.08 * recipe.learning_rate],
        "tickformat": "~g",
    }
    if recipe.schedule is Schedule.PLATEAU and not epochs:
        figure["layout"]["title"]["text"] = "Learning rate: falls when accuracy saturates"
    return _low(figure)


def _low(figure: Figure) -> Figure:
    figure["layout"]["margin"]["b"] = 28
    return figure


def _line(name: str, epochs: Sequence[Epoch], values: Sequence[float], color: str) -> Trace:
    return line(name, [epoch.number for epoch in epochs], values, color)
