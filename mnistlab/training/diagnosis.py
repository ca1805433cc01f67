"""Whether a run fails to learn, from its epochs, and what to change then."""

import math
from collections.abc import Sequence

from mnistlab.arch.spec import Spec
from mnistlab.choice import Choice
from mnistlab.data.dataset import MNIST
from mnistlab.recipe.recipe import Recipe
from mnistlab.recipe.schedules import Schedule
from mnistlab.stats.score import Score
from mnistlab.text import percent
from mnistlab.training.epoch import Epoch

CHANCE = 1.5 / MNIST.n_classes
"""A validation accuracy (0–1) below which nothing was learned. Every image of one class gives at
most 11.35%, the share of ones; a network that learns has more after its first epoch."""
GUESSING_LOSS = math.log(MNIST.n_classes)
"""The cross-entropy of a network that gives all classes the same probability."""
GUESSING_MARGIN = 0.1
RISE = 1.5
"""The training loss has risen if it is this many times its lowest value so far."""


class Failure(Choice):
    """How a run fails to learn."""

    ONE_CLASS = "one-class", "Not learning: it predicts one digit for nearly every image"
    CHANCE = "chance", "Not learning: its accuracy is that of guessing"
    DIVERGED = "diverged", "Diverged: its loss rises instead of falling"


def failure(epochs: Sequence[Epoch]) -> Failure | None:
    """How a run fails after its epochs so far; None while it learns, or is too young to tell.

    Only the latest epoch counts, because a run may recover. The first one is too early, unless its
    loss is no number.
    """
    if not epochs:
        return None
    last, lowest = epochs[-1], min(epoch.train_loss for epoch in epochs)
    if not (math.isfinite(last.train_loss) and math.isfinite(last.validation_loss)):
        return Failure.DIVERGED
    guesses = is_guessing(last.validation)
    has_risen = last.train_loss > max(RISE * lowest, lowest + GUESSING_MARGIN)
    is_worse_than_guessing = last.train_loss > GUESSING_LOSS + GUESSING_MARGIN
    if len(epochs) > 1 and has_risen and (guesses or is_worse_than_guessing):
        return Failure.DIVERGED
    if len(epochs) == 1 or not guesses:
        return None
    # With equal probabilities for all classes, the largest is that of the same class every time.
    guesses_equally = abs(last.train_loss - GUESSING_LOSS) <= GUESSING_MARGIN
    return Failure.ONE_CLASS if guesses_equally else Failure.CHANCE


def is_guessing(score: Score | None) -> bool:
    """Whether a validation score is no better than guessing; False if there is none."""
    return score is not None and score.accuracy < CHANCE


def what_to_change(spec: Spec, recipe: Recipe) -> str:
    """A sentence: the changes that make such a network learn, the most likely one first."""
    rate = recipe.learning_rate
    changes = [f"lower the learning rate, now {rate:g}, for example to {rate / 10:g}"]
    if not spec.batch_norm:
        changes.append("add batch norm in Design")
    if recipe.schedule is not Schedule.ONE_CYCLE:
        changes.append(f"choose the schedule “{Schedule.ONE_CYCLE.label}”, which starts slowly")
    text = ", or ".join(changes)
    return f"{text[0].upper()}{text[1:]}."


def describe_failure(epochs: Sequence[Epoch], spec: Spec, recipe: Recipe) -> str:
    """What is wrong and what to change, in sentences; empty if the run learns."""
    problem = failure(epochs)
    if problem is None:
        return ""
    accuracy = percent(epochs[-1].validation_accuracy)
    return f"{problem.label} ({accuracy} validation). {what_to_change(spec, recipe)}"
