"""Starting a run: the whole recipe or a short run of it, each with its estimated time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import streamlit as st

from mnistlab import zoo
from mnistlab.arch.spec import Spec
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.markup import Markup, fill
from mnistlab.recipe.recipe import Recipe
from mnistlab.store import queue
from mnistlab.store.run import RunSummary
from mnistlab.store.store import Store
from mnistlab.text import duration, quantity
from mnistlab.training.record import TrainingRecord, read_record
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.classroom.session_task import recipe_problem
from mnistlab.ui.common import html
from mnistlab.ui.design.cost import speed_model
from mnistlab.worker.forecast import run_forecast
from mnistlab.worker.processes import submit
from mnistlab.worker.source_search import teacher_spec

DEMO, QUICK = {"train_size": 2_560, "epochs": 3}, {"train_size": 12_800, "epochs": 8}
REFERENCE = "target-4"
"""The pretrained checkpoint whose training is the measure on a machine that has none."""


@dataclass(frozen=True)
class Submission:
    """A run as it will be submitted."""

    name: str
    spec: Spec
    recipe: Recipe
    owner: str

    def submit(self, home: Home) -> int:
        """Queue the run; its id. Raises LabError if that fails."""
        return submit(home, self.name, self.spec, self.recipe, self.owner)


@dataclass(frozen=True)
class ShortRun:
    """A run that a card offers: what it is called, what it is good for, and its recipe."""

    label: str
    purpose: str
    recipe: Recipe

    def submission(self, whole: Submission) -> Submission:
        """The run to submit, which is called what it is."""
        name = f"{whole.name} ({self.label.lower()})"
        return replace(whole, name=name, recipe=self.recipe)


def short_runs(recipe: Recipe) -> tuple[ShortRun, ...]:
    """The recipe on few images, and on some."""
    return (
        ShortRun("Demo", "See the curves move.", replace(recipe, **DEMO)),  # type: ignore[arg-type]
        ShortRun("Quick", "Good enough to draw with.", replace(recipe, **QUICK)),  # type: ignore[arg-type]
    )


def estimated_time(spec: Spec, recipe: Recipe, recent: Sequence[RunSummary]) -> str:
    """How long a run will take: "≈ 54 s", for another machine with its number of cores."""
    forecast = run_forecast(
        spec,
        recipe,
        recent=recent,
        speed_model=speed_model(),
        reference=_reference(),
        teacher_spec=partial(teacher_spec, session_home()),
    )
    if forecast is None:
        return "time not measured"
    cores = f" on {quantity(int(forecast.threads), 'core')}" if forecast.threads.isdigit() else ""
    return f"≈ {duration(_rounded(forecast.seconds))}{cores}"


def expected_time(submission: Submission | None, recent: Sequence[RunSummary]) -> Markup:
    """The estimated time, for a place next to the start button."""
    time = estimated_time(submission.spec, submission.recipe, recent) if submission else "–"
    return fill('<div class="lab-expected">{}</div>', time)


def _rounded(seconds: float) -> float:
    """An estimate is no more precise than a twentieth."""
    unit = 1 if seconds < 20 else 5 if seconds < 120 else 30
    return unit * round(seconds / unit)


@cache
def _reference() -> TrainingRecord | None:
    """The training of a pretrained checkpoint, with the time that it took."""
    path = zoo.checkpoint(REFERENCE)
    return read_record(path) if path else None


def recent_runs(home: Home) -> list[RunSummary]:
    """The runs that estimates are based on; none if the store cannot be read."""
    try:
        return queue.recent_runs(Store.of(home))
    except LabError:
        return []


def _card(one: ShortRun, size: str, time: str) -> Markup:
    return fill(
        '<div class="lab-begin"><b>{}</b><span>{}</span><span>{}</span><em>{}</em></div>',
        one.label,
        one.purpose,
        size,
        time,
    )


def choose_short_run(
    submission: Submission | None, recent: Sequence[RunSummary]
) -> Submission | None:
    """A card for each short run, if there is a valid `submission`; the one that was pressed."""
    if submission is None:
        return None
    # A task may lock the number of images or epochs, which these change.
    offered = [one for one in short_runs(submission.recipe) if not recipe_problem(one.recipe)]
    if not offered:
        st.html(html.empty("No run selected. Start training."))
        return None
    st.header("Short runs", anchor=False)
    pressed = None
    cards = st.container(horizontal=True)
    for one in offered:
        with cards.container(border=True, key=f"begin-{one.label.lower()}"):
            images = quantity(one.recipe.images_per_epoch, "image")
            size = f"{images}, {quantity(one.recipe.epochs, 'epoch')}"
            time = estimated_time(submission.spec, one.recipe, recent)
            st.html(_card(one, size, time))
            if st.button(
                f"Start {one.label.lower()}",
                key=f"begin_{one.label.lower()}",
                icon=":material/play_arrow:",
                width="stretch",
            ):
                pressed = one.submission(submission)
    return pressed
