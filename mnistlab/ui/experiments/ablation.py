"""One choice of a target switched: the controls, both ways as they train, what came of it."""

from collections.abc import Sequence

import streamlit as st

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
from mnistlab.ui.common.report import downloads
from mnistlab.ui.experiments.reproduction import buttons, standing
from mnistlab.ui.train import live


def choose(length: Length, split: Split, seeds: Sequence[int]) -> Ablation:
    """The controls for a target and the one choice of it that is switched."""
    targets = {target.preset.label: target for target in TARGETS}
    one, two = st.columns(2)
    # What is bound to the address must be shown as it is: a link says "Target 4".
    name = one.selectbox("Target", list(targets), index=3, key="target", bind="query-params")
    target = targets[name]
    there = {each.label: each.name for each in variants(target.spec, target.recipe(length, split))}
    label = two.selectbox("Switch one choice", list(there), key="switch", bind="query-params")
    return ablation.make_ablation(target, there[label], seeds, length, split)


def show(lab: Home, study: Ablation) -> None:
    """Both ways as they train, and what the switch did."""
    store = Store(lab.runs)
    before, after = ablation.ablation_runs(store, study)
    runs = [*before.values(), *after.values()]
    planned = 2 * len(study.seeds)
    missing = planned - sum(run.state.active or run.state is State.DONE for run in runs)
    label = "Train both ways" if missing == planned else f"Go on: {missing} of {planned} runs"
    buttons(lab, runs, label, bool(missing), lambda: ablation.submit_ablation(lab, study))

    def draw(store: Store) -> None:
        one, two = ablation.ablation_runs(store, study)
        standing(lab, [*one.values(), *two.values()], [study.recipe] * 2 * len(study.seeds))
        (as_is, _), (changed, _) = study.configs
        groups = [(as_is, tuple(one.values())), (changed, tuple(two.values()))]
        key = f"ablate-{study.target.preset.name}-{study.variant.name}"
        plot.chart(charts.grouped_curves(groups, study.recipe.epochs), key)
        rows = [
            (f"seed {seed}", best_epoch_text(one.get(seed)), best_epoch_text(two.get(seed)))
            for seed in study.seeds
        ]
        st.html(html.table(("", as_is, changed), rows, sums=False))
        if found := ablation.accuracy_difference(store, one, two):
            st.markdown(f"**{describe(study.variant.label, found)}**")

    live.auto_refresh(lab, [run.id for run in runs], draw)
    st.html(html.caption(HOW_COMPARED))
    name = f"{study.target.preset.name}-{study.variant.name}"
    downloads(name, lambda: build.ablation_report(store, study))


HOW_COMPARED = (
    "Everything else is the same in both, the seeds too. One seed: McNemar's exact test on the "
    "test images that only one of the two checkpoints classifies correctly. Several seeds: a "
    "paired t test on their best validation accuracies, whose error is never below that of the "
    "choice of images."
)
HOLM = (
    "Differences in percentage points (pp). Intervals are for each difference alone; p values "
    "carry Holm's correction for the {count} differences listed, so the chance of any false "
    "“significant” among them is at most 5%."
)


def tried(lab: Home, study: Ablation) -> None:
    """All switches of a target that were trained under these conditions, with their effects."""
    store, labels, effects = Store(lab.runs), [], []
    for each in variants(study.target.spec, study.recipe):
        one = Ablation(study.target, each, study.recipe, study.seeds)
        if found := ablation.accuracy_difference(store, *ablation.ablation_runs(store, one)):
            labels.append(each.label)
            effects.append(found)
    if not effects:
        return
    rows = [
        (
            label,
            percentage_points(each.difference),
            percentage_points_range(*each.confidence_interval) if each.confidence_interval else "–",
            str(each.n_pairs),
            each.significance,
        )
        for label, each in zip(labels, holm_corrected(effects), strict=True)
    ]
    st.subheader(f"Ablations of {study.target.preset.label.lower()}", anchor=False)
    st.html(html.table(("", "Δ accuracy", "95% CI", "Seeds", "Significance"), rows, sums=False))
    tested = sum(each.p_value is not None for each in effects)
    if tested > 1:
        st.html(html.caption(HOLM.format(count=tested)))
