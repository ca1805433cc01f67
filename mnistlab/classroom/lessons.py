"""Four lessons of 45 minutes, one for each of the article's targets: what a class's task is set to.

Plans for teachers are in `docs/lessons`, a page each. The networks are small and the images few, so
that thirty runs end within minutes on two cores.
"""

from dataclasses import dataclass, replace

from mnistlab.arch.presets import get_preset
from mnistlab.arch.spec import parse
from mnistlab.arch.summary import BUDGET
from mnistlab.classroom.task import Control, Task
from mnistlab.data.options import Augmentation
from mnistlab.recipe.recipe import ADAM_RATE, RATE_WITHOUT, Optimizer, Recipe
from mnistlab.recipe.schedules import Schedule

RECIPE = Recipe(
    learning_rate=RATE_WITHOUT,
    batch_size=64,
    epochs=4,
    augmentation=Augmentation.NONE,
    train_size=10_000,
)
"""Of the lessons: 10 to 20 s of training on one core."""


@dataclass(frozen=True)
class Lesson:
    """A lesson's name, which is also that of its page in `docs/lessons`; its title and its task."""

    name: str
    title: str
    task: Task


LESSONS = (
    Lesson(
        "1-where-the-parameters-are",
        "1 · Where the parameters are",
        Task(
            sentence="Find the layers that hold most of the parameters, and halve the total.",
            network=parse("8-16-p8-16-32-64-128-full"),
            recipe=RECIPE,
            controls=frozenset({Control.FILTERS, Control.LAYERS}),
            max_parameters=50_000,
            min_accuracy=0.97,
        ),
    ),
    Lesson(
        "2-within-the-budget",
        "2 · Within the budget",
        Task(
            sentence="Fit the network into the article's budget. What does it cost?",
            network=parse("8-16-p8-16-32-64-full"),
            recipe=RECIPE,
            controls=frozenset({Control.FILTERS, Control.LAYERS, Control.HEAD}),
            max_parameters=BUDGET,
            min_accuracy=0.97,
        ),
    ),
    Lesson(
        "3-batch-norm",
        "3 · Batch norm",
        Task(
            sentence="Same layers, better training: batch norm, and the learning rate it allows.",
            network=get_preset("target-2").spec,
            recipe=RECIPE,
            controls=frozenset({Control.BATCH_NORM, Control.LEARNING_RATE}),
            max_parameters=BUDGET,
            min_accuracy=0.98,
        ),
    ),
    Lesson(
        "4-overfitting",
        "4 · Overfitting",
        Task(
            sentence="Close the gap between training and validation accuracy.",
            network=get_preset("target-3").spec,
            recipe=replace(
                RECIPE,
                optimizer=Optimizer.ADAM,
                learning_rate=ADAM_RATE,
                schedule=Schedule.CONSTANT,
                weight_decay=0.0,
                epochs=10,
                train_size=4_000,
            ),
            controls=frozenset(
                {
                    Control.DROPOUT,
                    Control.LEARNING_RATE,
                    Control.BATCH_SIZE,
                    Control.REGULARIZATION,
                    Control.AUGMENTATION,
                }
            ),
            max_parameters=BUDGET,
            min_accuracy=0.97,
        ),
    ),
)


def find_lesson(name: str) -> Lesson | None:
    """The lesson with a name, None if there is none."""
    return next((lesson for lesson in LESSONS if lesson.name == name), None)
