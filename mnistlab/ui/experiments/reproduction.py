"""Reproducing the article, and what both experiments share: their conditions and their buttons."""

from collections.abc import Callable, Sequence

import streamlit as st

from mnistlab.charts import target_curves as charts
from mnistlab.data.options import Split
from mnistlab.experiments import ablation, reproduction
from mnistlab.experiments.reproduction import Reproduction
from mnistlab.experiments.results_table import results_table
from mnistlab.experiments.seeds import pause_runs
from mnistlab.experiments.targets import Length
from mnistlab.home import Home
from mnistlab.report import build
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.training.recipe import Recipe
from mnistlab.ui.common import html, page, plot
from mnistlab.ui.common.report import downloads
from mnistlab.ui.train import live


def choose_conditions() -> tuple[Length, Split, tuple[int, ...]]:
    """The controls for duration, evaluation protocol and seeds."""
    left, middle, right = st.columns([2, 2, 1])
    with left:
        length = st.segmented_control(
            "Duration", list(Length), default=Length.QUICK, required=True,
            key="length", bind="query-params", format_func=lambda each: each.label,
        )  # fmt: skip
        st.caption(length.help)
    with middle:
        split = st.segmented_control(
            "Evaluation protocol", [Split.ARTICLE, Split.HOLDOUT], default=Split.ARTICLE,
            required=True, key="split", bind="query-params", format_func=lambda each: each.label,
        )  # fmt: skip
        st.caption(split.help)
    with right:
        count = st.number_input("Seeds", 1, ablation.MAX_SEEDS, 1, key="seeds", bind="query-params")
        st.caption("Each repeats every run with another seed.")
    return length, split, ablation.first_seeds(int(count))


def show_reproduction(home: Home, plan: Reproduction) -> None:
    """The buttons that train all four targets; their curves and results as they come."""
    store = Store(home.runs)
    results = reproduction.target_runs(store, plan)
    runs = [run for result in results for run in result.runs]
    buttons(
        home,
        runs,
        "Train all four targets",
        reproduction.n_missing(plan, results),
        len(plan.targets) * len(plan.seeds),
        lambda: reproduction.submit_reproduction(home, plan),
    )

    def draw(store: Store) -> None:
        results = reproduction.target_runs(store, plan)
        recipes = [result.recipe for result in results] * len(plan.seeds)
        show_progress(home, [run for result in results for run in result.runs], recipes)
        groups = [(result.target.preset.label, result.runs) for result in results]
        epochs = max(result.recipe.epochs for result in results)
        key = f"reproduction-{plan.length}-{plan.split}"
        plot.chart(charts.grouped_curves(groups, epochs), key)
        head, *rows = results_table(results)
        st.html(html.table(head, rows, sums=False))

    live.auto_refresh(home, [run.id for run in runs], draw)
    st.html(html.caption(TABLE))
    downloads(f"reproduction-{plan.length}", lambda: build.reproduction_report(store, plan))


TABLE = (
    "Validation (best) is the saved epoch's accuracy, a star in the chart. The other accuracies "
    "and the generalization gap (train − validation, in percentage points, pp) are the last "
    "epoch's. Several seeds: mean ± SD. “…”: still training. Runs continue when the browser is "
    "closed."
)


def buttons(
    home: Home,
    runs: Sequence[Run],
    label: str,
    n_missing: int,
    n_planned: int,
    submit: Callable[[], object],
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
