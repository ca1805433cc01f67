"""An ablation: one setting of a target changed, both configurations trained, the difference."""

from collections.abc import Sequence

import streamlit as st

from mnistlab.arch.presets import get_preset
from mnistlab.charts import target_curves as charts
from mnistlab.data.options import Split
from mnistlab.experiments import ablation
from mnistlab.experiments.ablation import Ablation
from mnistlab.experiments.results_table import best_epoch_text
from mnistlab.experiments.targets import TARGETS, Length
from mnistlab.experiments.variants import variants
from mnistlab.home import Home
from mnistlab.report import build
from mnistlab.stats.difference import describe, holm_corrected
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.text import percentage_points, percentage_points_range
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


def choose(length: Length, split: Split, seeds: Sequence[int]) -> Ablation:
    """The controls: a target, and the setting of it to change."""
    targets = {target.preset.label: target for target in TARGETS}
    left, right = st.columns(2)
    # A widget bound to the address has its label as its value there: a link says "Target 4".
    label = left.selectbox(
        "Target",
        list(targets),
        index=list(targets).index(get_preset("target-4").label),
        key="target",
        bind="query-params",
    )
    target = targets[label]
    names = {each.label: each.name for each in variants(target.spec, target.recipe(length, split))}
    variant = right.selectbox("Setting to change", list(names), key="variant", bind="query-params")
    return ablation.make_ablation(target, names[variant], seeds, length, split)


def show(home: Home, study: Ablation) -> None:
    """Baseline and variant as they train, and the difference between them."""
    store = Store.of(home)
    baseline, variant = ablation.ablation_runs(store, study)
    runs = [*baseline.values(), *variant.values()]
    n_planned = 2 * len(study.seeds)
    n_missing = n_planned - sum(run.state.active or run.state is State.DONE for run in runs)
    buttons(
        home,
        runs,
        "Train baseline and variant",
        n_missing,
        n_planned,
        lambda: ablation.submit_ablation(home, study),
    )

    def draw(store: Store) -> None:
        baseline, variant = ablation.ablation_runs(store, study)
        runs = [*baseline.values(), *variant.values()]
        show_progress(home, runs, [study.recipe] * n_planned)
        (baseline_label, _), (variant_label, _) = study.configs
        groups = [
            (baseline_label, tuple(baseline.values())),
            (variant_label, tuple(variant.values())),
        ]
        key = f"ablation-{study.target.preset.name}-{study.variant.name}"
        gray = references([(study.target, runs)])
        plot.chart(charts.grouped_curves(groups, study.recipe.epochs, gray), key)
        st.html(html.caption(REFERENCES if any(epochs for _, epochs in gray) else CURVES))
        rows = [
            (
                f"Seed {seed}",
                best_epoch_text(baseline.get(seed)),
                best_epoch_text(variant.get(seed)),
            )
            for seed in study.seeds
        ]
        st.html(html.table(("", baseline_label, variant_label), rows, sums=False))
        if difference := ablation.accuracy_difference(store, baseline, variant):
            st.markdown(f"**{describe(study.variant.label, difference)}**")
        show_processors(store, runs)

    live.auto_refresh(home, runs, draw)
    st.html(html.caption(HOW_COMPARED))
    name = f"{study.target.preset.name}-{study.variant.name}"
    downloads(name, runs, lambda: build.ablation_report(store, study))


HOW_COMPARED = (
    "Network, recipe and seeds are otherwise the same. One seed: McNemar's exact test on the test "
    "images that only one of the two checkpoints classifies correctly. Several seeds: paired t "
    "test on the best validation accuracies; its standard error is at least that of sampling the "
    "images."
)
HOLM = (
    "Differences in percentage points (pp). Each interval is for one difference alone. The p "
    "values are corrected for {count} comparisons (Holm): the chance of any false “significant” "
    "is at most 5%."
)


def show_all(home: Home, study: Ablation) -> None:
    """Every variant of the target that was trained under these conditions, with its difference."""
    store, labels, differences = Store.of(home), [], []
    for variant in variants(study.target.spec, study.recipe):
        one = Ablation(study.target, variant, study.recipe, study.seeds)
        runs = ablation.ablation_runs(store, one)
        if difference := ablation.accuracy_difference(store, *runs):
            labels.append(variant.label)
            differences.append(difference)
    if not differences:
        return
    rows = [
        (
            label,
            percentage_points(each.difference),
            percentage_points_range(*each.confidence_interval) if each.confidence_interval else "–",
            str(each.n_pairs),
            each.significance,
        )
        for label, each in zip(labels, holm_corrected(differences), strict=True)
    ]
    st.header(f"Ablations of {study.target.preset.label.lower()}", anchor=False)
    head = ("Variant", "Δ accuracy (pp)", "95% CI", "Seeds", "Significant")
    st.html(html.table(head, rows, sums=False))
    n_tests = sum(each.p_value is not None for each in differences)
    if n_tests > 1:
        st.html(html.caption(HOLM.format(count=n_tests)))
