"""Reproducing the article: its four targets, their curves and their results."""

import streamlit as st

from mnistlab.charts import target_curves as charts
from mnistlab.experiments import reproduction
from mnistlab.experiments.reproduction import Reproduction
from mnistlab.experiments.results_table import results_table
from mnistlab.home import Home
from mnistlab.report import build
from mnistlab.store.store import Store
from mnistlab.ui.common import html, plot
from mnistlab.ui.downloads.report import downloads
from mnistlab.ui.experiments.progress import (
    CURVES,
    REFERENCES,
    buttons,
    references,
    show_processors,
    show_progress,
)
from mnistlab.ui.train import live


def show_reproduction(home: Home, plan: Reproduction) -> None:
    """The buttons that train all four targets; their curves and results as they come."""
    store = Store.of(home)
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
        gray = references([(result.target, result.runs) for result in results])
        plot.chart(charts.grouped_curves(groups, epochs, gray), key)
        st.html(html.caption(REFERENCES if any(epochs for _, epochs in gray) else CURVES))
        head, *rows = results_table(results)
        st.html(html.table(head, rows, sums=False))
        show_processors(store, [run for result in results for run in result.runs])

    live.auto_refresh(home, runs, draw)
    st.html(html.caption(TABLE))
    downloads(f"reproduction-{plan.length}", runs, lambda: build.reproduction_report(store, plan))


TABLE = (
    "Validation (best) is the saved epoch's accuracy, a star in the chart. The other accuracies "
    "and the generalization gap (train − validation, in percentage points, pp) are the last "
    "epoch's. Several seeds: mean ± SD. “…”: not all of its runs are done. Runs continue when the "
    "browser is closed."
)
