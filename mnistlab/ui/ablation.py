"""One choice of a target switched: the controls, both ways as they train, what came of it."""

from collections.abc import Sequence

import streamlit as st

from mnistlab.charts import ladder as charts
from mnistlab.data.kinds import Split
from mnistlab.home import Home
from mnistlab.report import gather
from mnistlab.runs import ablation
from mnistlab.runs.ablation import Ablation
from mnistlab.runs.outcome import interval
from mnistlab.runs.state import Run, State
from mnistlab.runs.store import Store
from mnistlab.training.effect import corrected, points, points_range, verdict
from mnistlab.training.ladder import RUNGS, Length
from mnistlab.training.score import percent
from mnistlab.training.switches import switches
from mnistlab.ui import live, parts, plot
from mnistlab.ui.experiments import buttons, standing
from mnistlab.ui.report import downloads


def choose(length: Length, split: Split, seeds: Sequence[int]) -> Ablation:
    """The controls for a target and the one choice of it that is switched."""
    names = {rung.preset.label: rung for rung in RUNGS}
    one, two = st.columns(2)
    # What is bound to the address must be shown as it is: a link says "Target 4".
    target = one.selectbox("Target", list(names), index=3, key="target", bind="query-params")
    rung = names[target]
    there = {each.label: each.name for each in switches(rung.spec, rung.recipe(length, split))}
    label = two.selectbox("Switch one choice", list(there), key="switch", bind="query-params")
    return ablation.ablation(rung, there[label], seeds, length, split)


def show(lab: Home, study: Ablation) -> None:
    """Both ways as they train, and what the switch did."""
    store = Store(lab.runs)
    before, after = ablation.runs(store, study)
    runs = [*before.values(), *after.values()]
    planned = 2 * len(study.seeds)
    missing = planned - sum(run.state.active or run.state is State.DONE for run in runs)
    label = "Train both ways" if missing == planned else f"Go on: {missing} of {planned} runs"
    buttons(lab, runs, label, bool(missing), lambda: ablation.start(lab, study))

    def draw(store: Store) -> None:
        one, two = ablation.runs(store, study)
        standing(lab, [*one.values(), *two.values()], [study.recipe] * 2 * len(study.seeds))
        (as_is, _), (changed, _) = study.ways
        groups = [(as_is, tuple(one.values())), (changed, tuple(two.values()))]
        key = f"ablate-{study.rung.preset.name}-{study.switch.name}"
        plot.chart(charts.over(groups, study.recipe.epochs), key)
        rows = [
            (f"seed {seed}", _best(one.get(seed)), _best(two.get(seed))) for seed in study.seeds
        ]
        st.html(parts.table(("", as_is, changed), rows, sums=False))
        if found := ablation.effect(store, one, two):
            st.markdown(f"**{verdict(study.switch.label, found)}**")

    live.follow(lab, [run.id for run in runs], draw)
    st.html(parts.note(EFFECT))
    name = f"{study.rung.preset.name}-{study.switch.name}"
    downloads(name, lambda: gather.ablation(store, study))


EFFECT = (
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


def _best(run: Run | None) -> str:
    if run is None or run.best is None:
        return "–"
    return f"{percent(run.best.accuracy)} ({interval(run.best)}), epoch {run.best_epoch}"


def tried(lab: Home, study: Ablation) -> None:
    """All switches of a target that were trained under these conditions, with their effects."""
    store, labels, effects = Store(lab.runs), [], []
    for each in switches(study.rung.spec, study.recipe):
        one = Ablation(study.rung, each, study.recipe, study.seeds)
        if found := ablation.effect(store, *ablation.runs(store, one)):
            labels.append(each.label)
            effects.append(found)
    if not effects:
        return
    rows = [
        (
            label,
            points(each.difference),
            points_range(*each.interval) if each.interval else "–",
            str(each.pairs),
            each.significance,
        )
        for label, each in zip(labels, corrected(effects), strict=True)
    ]
    st.subheader(f"Ablations of {study.rung.preset.label.lower()}", anchor=False)
    st.html(parts.table(("", "Δ accuracy", "95% CI", "Seeds", "Significance"), rows, sums=False))
    tested = sum(each.p is not None for each in effects)
    if tested > 1:
        st.html(parts.note(HOLM.format(count=tested)))
