"""The planned runs of an experiment: the buttons that start and pause them, and their progress."""

from collections.abc import Callable, Sequence

import streamlit as st

from mnistlab.experiments.seeds import pause_runs
from mnistlab.home import Home
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.training.recipe import Recipe
from mnistlab.ui.common import html, page
from mnistlab.ui.train import live


def buttons(
    home: Home,
    runs: Sequence[Run],
    label: str,
    n_missing: int,
    n_planned: int,
    submit: Callable[[], list[int]],
) -> None:
    """Start or resume the planned runs, and pause those that are active."""
    active = [run for run in runs if run.state.active]
    if n_missing:
        icon = "play_arrow"
        if n_missing < n_planned:
            label = f"Resume ({n_missing} of {n_planned} left)"
    else:
        label, icon = ("Running…", "hourglass_empty") if active else ("All done", "check")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            label,
            type="primary",
            icon=f":material/{icon}:",
            disabled=not n_missing,
            on_click=page.run_action,
            args=(submit,),
            key="start",
        )
        if active:
            st.button(
                "Pause all",
                icon=":material/pause:",
                on_click=page.run_action,
                args=(pause_runs, Store(home.runs), active),
                help="Finished epochs are saved. Resume continues after them.",
                key="pause",
            )


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
            live.status(home, run)
