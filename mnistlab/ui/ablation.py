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
from mnistlab.training.effect import points, verdict
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
            st.markdown(f"**{found}.** {verdict(study.switch.label, found)}")

    live.follow(lab, [run.id for run in runs], draw)
    st.html(parts.note(EFFECT))
    name = f"{study.rung.preset.name}-{study.switch.name}"
    downloads(name, lambda: gather.ablation(store, study))


EFFECT = (
    "Everything else is the same in both ways, the seeds too. With one seed the two kept "
    "checkpoints are compared image by image on MNIST's test images (McNemar); with several, their "
    "best validation accuracies seed by seed (Student's t)."
)


def _best(run: Run | None) -> str:
    if run is None or run.best is None:
        return "–"
    return f"{percent(run.best.accuracy)} ({interval(run.best)}), epoch {run.best_epoch}"


def tried(lab: Home, study: Ablation) -> None:
    """All switches of a target that were trained under these conditions, with their effects."""
    store, rows = Store(lab.runs), []
    for each in switches(study.rung.spec, study.recipe):
        one = Ablation(study.rung, each, study.recipe, study.seeds)
        if found := ablation.effect(store, *ablation.runs(store, one)):
            word = {True: "more than noise", False: "noise", None: "not known"}[found.shown]
            low, high = found.interval or (0.0, 0.0)
            between = f"{points(low)} to {points(high)}" if found.interval else "–"
            rows.append((each.label, points(found.difference), between, str(found.pairs), word))
    if rows:
        st.subheader(f"All that was tried with {study.rung.preset.label}", anchor=False)
        st.html(parts.table(("", "Points", "95 %", "Seeds", ""), rows, sums=False))
