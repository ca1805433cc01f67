"""A search: ordinary runs with its tag, which are all that it remembers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mnistlab.arch.summary import BUDGET
from mnistlab.errors import LabError
from mnistlab.experiments.search.search_space import Parameters, parameters_of
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.lookup import tagged_runs, tags_with
from mnistlab.store.run import Run, RunSummary
from mnistlab.store.store import Store

PREFIX = "search-"
"""Of the tags."""
BUDGET_PREFIX = "budget-"
"""Of a trial's second tag; nothing else about a run tells the search's budget."""
EPOCHS = 4
"""Of a trial; target 4 has more than 99% after so many."""
BATCH_SIZE = 64
"""That of target 4's four epochs: most steps, for trainings that are short."""


@dataclass(frozen=True)
class Search:
    """What is the same for all trials of a search, and the most parameters that one may have.

    `seed` is that of the suggestions and of every training. Raises LabError if the name cannot be
    part of a tag, or a number is out of bounds.
    """

    name: str
    epochs: int = EPOCHS
    train_size: int | None = None
    budget: int = BUDGET
    seed: int = 0

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,39}", self.name, re.ASCII):
            raise LabError(
                f"“{self.name[:60]}” is no name for a search. Use at most 40 letters, digits, "
                "points, hyphens and underscores."
            )
        _ = self.recipe  # raises if a number is out of bounds

    @property
    def tag(self) -> str:
        return PREFIX + self.name

    @property
    def tags(self) -> tuple[str, str]:
        """Of every trial."""
        return self.tag, f"{BUDGET_PREFIX}{self.budget}"

    @property
    def recipe(self) -> Recipe:
        """Every trial's, apart from the learning rate. It chooses by held-out training images."""
        return Recipe(
            batch_size=BATCH_SIZE, epochs=self.epochs, train_size=self.train_size, seed=self.seed
        )

    def parameters_of(self, run: RunSummary) -> Parameters | None:
        """A trial's parameters; None if the run is none of this search's, whatever its tag."""
        if replace(run.recipe, learning_rate=self.recipe.learning_rate) != self.recipe:
            return None
        return parameters_of(run.spec, run.recipe)


def search_runs(store: Store, search: Search) -> list[Run]:
    """The runs of a search, oldest first. Raises LabError if one has other settings, or another
    budget among its tags.
    """
    runs = store.runs([run.id for run in tagged_runs(store, search.tag)])
    for run in runs:
        if search.parameters_of(run) is None:
            raise LabError(
                f"Run {run.id} has the tag {search.tag}, but not the settings of this search. "
                "Repeat the options with which the search was started, or choose another name."
            )
        budgets = {tag for tag in run.tags if tag.startswith(BUDGET_PREFIX)}
        if budgets - set(search.tags):
            known = ", ".join(sorted(tag.removeprefix(BUDGET_PREFIX) for tag in budgets))
            raise LabError(
                f"The search “{search.name}” was started with --budget {known}, not "
                f"{search.budget}. Repeat that, or choose another name."
            )
    return runs


def search_names(store: Store) -> list[str]:
    """The searches that have a run, the newest run's first."""
    return [tag.removeprefix(PREFIX) for tag in tags_with(store, PREFIX) if tag != PREFIX]


def pareto_front(runs: Sequence[RunSummary]) -> list[RunSummary]:
    """The runs than which none is smaller and as accurate, or as small and more accurate.

    By the best validation accuracy; the smallest first, of equals the oldest.
    """
    front: list[RunSummary] = []
    highest = -1.0
    for accuracy, run in sorted(
        ((run.best.accuracy, run) for run in runs if run.best),
        key=lambda pair: (pair[1].parameters, -pair[0], pair[1].id),
    ):
        if accuracy > highest:
            front.append(run)
            highest = accuracy
    return front
