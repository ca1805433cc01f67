"""The ladder as it is climbed, and what both experiments share: their conditions, their buttons."""

from collections.abc import Sequence

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


def conditions() -> tuple[Length, Split, tuple[int, ...]]:
    """The controls that hold for everything on the page: how long, on which split, which seeds."""
    one, two, three = st.columns([2, 2, 1])
    with one:
        length = st.segmented_control(
            "How long", list(Length), default=Length.QUICK, required=True,
            key="length", bind="query-params",
        )  # fmt: skip
        st.caption(length.help)
    with two:
        split = st.segmented_control(
            "Which images choose the epoch", [Split.ARTICLE, Split.HOLDOUT], default=Split.ARTICLE,
            required=True, key="split", bind="query-params",
        )  # fmt: skip
        st.caption(split.help)
    with three:
        count = st.number_input("Seeds", 1, ablation.MAX_SEEDS, 1, key="seeds", bind="query-params")
        st.caption("Each repeats everything with other chances.")
    return length, split, ablation.first_seeds(int(count))


def show_reproduction(lab: Home, way: Reproduction) -> None:
    """The button that runs the ladder or goes on with it; its curves and its table as they come."""
    store = Store(lab.runs)
    found = reproduction.target_runs(store, way)
    missing, planned = reproduction.n_missing(way, found), len(way.targets) * len(way.seeds)
    runs = [run for step in found for run in step.runs]
    label = "Run the ladder" if missing == planned else f"Go on: {missing} of {planned} runs"
    buttons(lab, runs, label, bool(missing), lambda: reproduction.submit_reproduction(lab, way))

    def draw(store: Store) -> None:
        steps = reproduction.target_runs(store, way)
        planned = [step.recipe for step in steps] * len(way.seeds)
        standing(lab, [run for step in steps for run in step.runs], planned)
        groups = [(step.target.preset.label, step.runs) for step in steps]
        longest = max(step.recipe.epochs for step in steps)
        plot.chart(charts.grouped_curves(groups, longest), f"climb-{way.length}-{way.split}")
        head, *rows = results_table(steps)
        st.html(html.table(head, rows, sums=False))

    live.auto_refresh(lab, [run.id for run in runs], draw)
    st.html(html.caption(TABLE))
    downloads(f"ladder-{way.length}", lambda: build.reproduction_report(store, way))


TABLE = (
    "Best validation is the kept epoch's, with its 95% CI; "
    "with several seeds it is their mean and standard deviation. Train, last validation and gap "
    "(train less validation, in points) are the last epoch's. Three dots: so far. Stars in the "
    "chart are the kept epochs. Closing the browser loses nothing: the runs go on, and this page "
    "finds them again."
)


def buttons(lab: Home, runs: Sequence[Run], label: str, can: bool, begin: object) -> None:
    """Begin or go on, and let everything wait."""
    active = [run for run in runs if run.state.active]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            label if can else "Running …" if active else "All done",
            type="primary",
            icon=f":material/{'play_arrow' if can else 'hourglass_empty' if active else 'check'}:",
            disabled=not can,
            on_click=page.run_action,
            args=(begin,),
            key="begin",
        )
        if active:
            st.button(
                "Let it wait",
                icon=":material/pause:",
                on_click=page.run_action,
                args=(pause_runs, Store(lab.runs), active),
                help="What was trained is kept; the button beside this one goes on.",
                key="wait",
            )


def standing(lab: Home, runs: Sequence[Run], planned: Sequence[Recipe]) -> None:
    """What trains now, and how far the whole has come; `planned` are its runs' recipes."""
    if not runs:
        return
    training = [run for run in runs if run.state is State.RUNNING]
    done = sum(run.epochs_done for run in runs)
    epochs = sum(recipe.epochs for recipe in planned)
    ended = sum(run.state is State.DONE for run in runs)
    left = f"{done} of {epochs} epochs"
    st.html(html.progress(f"{ended} of {len(planned)} runs are done", left, done / epochs))
    for run in training:
        live.status(lab, run)
