"""The planned runs of an experiment: the buttons that start and pause them, and their progress."""

from collections.abc import Callable, Sequence

import streamlit as st

from mnistlab.experiments.measured import reference_epochs
from mnistlab.experiments.processors import unlike_processors
from mnistlab.experiments.seeds import pause_runs
from mnistlab.experiments.targets import Target
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import Run, RunSummary, State
from mnistlab.store.store import Store
from mnistlab.training.epoch import Epoch
from mnistlab.ui.common import html, page
from mnistlab.ui.train import limits, live


def buttons(
    home: Home,
    runs: Sequence[Run],
    label: str,
    n_missing: int,
    n_planned: int,
    submit: Callable[[], list[int]],
) -> None:
    """One button that starts or resumes the missing runs, and one that pauses all active ones."""
    active = [run for run in runs if run.state.active]
    if any(run.state.resumable for run in runs):
        label = f"Resume {n_missing} of {n_planned} runs"
    elif 0 < n_missing < n_planned:
        label = f"Train {n_missing} of {n_planned} runs"
    with st.container(horizontal=True, vertical_alignment="center"):
        if n_missing:
            st.button(
                label,
                type="primary",
                icon=":material/play_arrow:",
                on_click=page.run_action,
                args=(limits.limited, submit),
                key="start",
            )
        if active:
            st.button(
                "Pause all",
                icon=":material/pause:",
                on_click=page.run_action,
                args=(pause_runs, Store.of(home), active),
                help="Finished epochs are saved. Resume continues after them.",
                key="pause",
            )
        if not n_missing and not active:
            st.html(html.caption("All runs are done."))


REFERENCES = (
    "Gray: this project's own runs on all training images by the article protocol, one seed each, "
    "until a run of yours has an epoch."
)


CURVES = (
    "Validation accuracy after each epoch. Stars: saved epochs with their 95% CI. Click an entry "
    "of the legend to show or hide a curve, such as the training accuracy."
)


def references(groups: Sequence[tuple[Target, Sequence[Run]]]) -> list[tuple[str, Sequence[Epoch]]]:
    """The bundled training of each target, without epochs where the target has some of its own."""
    return [
        (target.preset.label, () if any(run.epochs for run in runs) else reference_epochs(target))
        for target, runs in groups
    ]


def show_processors(store: Store, runs: Sequence[RunSummary]) -> None:
    """A sentence if the runs were trained on unlike processors."""
    if sentence := unlike_processors(store, runs):
        st.html(html.caption(sentence))


def show_progress(home: Home, runs: Sequence[Run], recipes: Sequence[Recipe]) -> None:
    """The running runs and a bar for all of them; `recipes` are those of all planned runs."""
    if not runs:
        return
    n_epochs = sum(recipe.epochs for recipe in recipes)
    n_epochs_done = sum(run.epochs_done for run in runs)
    n_runs_done = sum(run.state is State.DONE for run in runs)
    st.html(
        html.progress(
            f"{n_runs_done} of {len(recipes)} runs done",
            f"{n_epochs_done} of {n_epochs} epochs",
            n_epochs_done / n_epochs,
        )
    )
    for run in runs:
        if run.state is State.RUNNING:
            # Pause all is enough, except for a process that no longer reports.
            is_silent = live.seconds_silent(Store.of(home), run) is not None
            live.status(home, run, has_controls=is_silent)
