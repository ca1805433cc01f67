"""The experiments' parts: the ladder as it is climbed, one choice switched, how far to trust it."""

from collections.abc import Sequence

import streamlit as st

from mnistlab.charts import ladder as charts
from mnistlab.data.kinds import Split
from mnistlab.home import Home
from mnistlab.runs import ablation, honesty, ladder
from mnistlab.runs.ablation import Ablation
from mnistlab.runs.honesty import Mean
from mnistlab.runs.jobs import tend
from mnistlab.runs.ladder import Climb
from mnistlab.runs.state import Run, State
from mnistlab.runs.store import Store
from mnistlab.runs.study import pause
from mnistlab.training.effect import points, verdict
from mnistlab.training.ladder import RUNGS, Length, Rung
from mnistlab.training.score import percent
from mnistlab.training.switches import switches
from mnistlab.ui import live, page, parts, plot
from mnistlab.ui.recipe import SPLITS

LENGTHS = {
    Length.QUICK: "6,000 digits and few epochs: about five minutes for all four on two cores. The "
    "accuracies are lower, but each step still shows what it is for.",
    Length.FULL: "The article's way, all 60,000 digits: target 1 takes about an hour on two cores, "
    "the others ten minutes each.",
}


def conditions() -> tuple[Length, Split, tuple[int, ...]]:
    """The controls that hold for everything on the page: how long, on which split, which seeds."""
    one, two, three = st.columns([2, 2, 1])
    with one:
        length = st.segmented_control(
            "How long", list(Length), default=Length.QUICK, required=True,
            key="length", bind="query-params",
        )  # fmt: skip
        st.caption(LENGTHS[length])
    with two:
        split = st.segmented_control(
            "Which images choose the epoch", [Split.ARTICLE, Split.STRICT], default=Split.ARTICLE,
            required=True, key="split", bind="query-params",
        )  # fmt: skip
        st.caption(SPLITS[split])
    with three:
        count = st.number_input(
            "Seeds", 1, ablation.MOST_SEEDS, 1, key="seeds", bind="query-params"
        )
        st.caption("Each repeats everything with other chances.")
    return length, split, ablation.seeds(int(count))


def climb(lab: Home, way: Climb) -> None:
    """The button that runs the ladder or goes on with it; its curves and its table as they come."""
    store = Store(lab.runs)
    found = ladder.steps(store, way)
    missing, planned = ladder.left(way, found), len(way.rungs) * len(way.seeds)
    runs = [run for step in found for run in step.runs]
    label = "Run the ladder" if missing == planned else f"Go on: {missing} of {planned} runs"
    _buttons(lab, runs, label, bool(missing), lambda: ladder.start(lab, way))

    def draw(store: Store) -> None:
        steps = ladder.steps(store, way)
        _standing(lab, [run for step in steps for run in step.runs])
        groups = [(step.rung.preset.label, step.runs) for step in steps]
        longest = max(step.recipe.epochs for step in steps)
        plot.chart(charts.over(groups, longest), f"climb-{way.length}-{way.split}")
        st.html(parts.table(ladder.HEAD, [ladder.cells(step) for step in steps], sums=False))

    live.follow(lab, [run.id for run in runs], draw)
    st.html(parts.note(TABLE))


TABLE = (
    "Best validation is the kept epoch's, with the 95 % interval that its number of images leaves; "
    "with several seeds it is their mean and standard deviation. Train, last validation and gap "
    "(train less validation, in points) are the last epoch's. Stars in the chart are the kept "
    "epochs. Closing the browser loses nothing: the runs go on, and this page finds them again."
)


def _buttons(lab: Home, runs: Sequence[Run], label: str, can: bool, begin: object) -> None:
    """Begin or go on, and let everything wait."""
    active = [run for run in runs if run.state.active]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            label if can else "Running …" if active else "All done",
            type="primary",
            icon=":material/play_arrow:" if can else ":material/check:",
            disabled=not can,
            on_click=page.attempt,
            args=(begin,),
            key="begin",
        )
        if active:
            st.button(
                "Let it wait",
                icon=":material/pause:",
                on_click=page.attempt,
                args=(pause, Store(lab.runs), active),
                help="What was trained is kept; the button beside this one goes on.",
                key="wait",
            )


def _standing(lab: Home, runs: Sequence[Run]) -> None:
    """What trains now, and how far the whole has come."""
    if not runs:
        return
    training = [run for run in runs if run.state is State.RUNNING]
    done = sum(run.epochs_done for run in runs)
    planned = sum(run.recipe.epochs for run in runs)
    ended = sum(not run.state.active for run in runs)
    left = f"{done} of {planned} epochs"
    st.html(parts.progress(f"{ended} of {len(runs)} runs have ended", left, done / planned))
    for run in training:
        live.status(lab, run)


def choose(length: Length, split: Split, seeds: Sequence[int]) -> Ablation:
    """The controls for a target and the one choice of it that is switched."""
    names = {rung.preset.name: rung for rung in RUNGS}
    one, two = st.columns(2)
    target = one.selectbox(
        "Target", list(names), index=3, format_func=lambda name: names[name].preset.heading,
        key="target", bind="query-params",
    )  # fmt: skip
    rung = names[target]
    there = {each.name: each.label for each in switches(rung.spec, rung.recipe(length, split))}
    name = two.selectbox(
        "Switch one choice",
        list(there),
        format_func=lambda name: there[name],
        key="switch",
        bind="query-params",
    )
    return ablation.ablation(rung, name, seeds, length, split)


def ablate(lab: Home, study: Ablation) -> None:
    """Both ways as they train, and what the switch did."""
    store = Store(lab.runs)
    before, after = ablation.runs(store, study)
    runs = [*before.values(), *after.values()]
    planned = 2 * len(study.seeds)
    missing = planned - sum(run.state.active or run.state is State.DONE for run in runs)
    label = "Train both ways" if missing == planned else f"Go on: {missing} of {planned} runs"
    _buttons(lab, runs, label, bool(missing), lambda: ablation.start(lab, study))

    def draw(store: Store) -> None:
        one, two = ablation.runs(store, study)
        _standing(lab, [*one.values(), *two.values()])
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


EFFECT = (
    "Everything else is the same in both ways, the seeds too. With one seed the two kept "
    "checkpoints are compared image by image on MNIST's test images (McNemar); with several, their "
    "best validation accuracies seed by seed (Student's t)."
)


def _best(run: Run | None) -> str:
    if run is None or run.best is None:
        return "–"
    return f"{percent(run.best.accuracy)} ({ladder.interval(run.best)}), epoch {run.best_epoch}"


def tried(lab: Home, rung: Rung, study: Ablation) -> None:
    """All switches of a target that were trained under these conditions, with their effects."""
    store, rows = Store(lab.runs), []
    for each in switches(rung.spec, study.recipe):
        one = Ablation(rung, each, study.recipe, study.seeds)
        if found := ablation.effect(store, *ablation.runs(store, one)):
            word = {True: "more than noise", False: "noise", None: "not known"}[found.shown]
            low, high = found.interval or (0.0, 0.0)
            between = f"{points(low)} to {points(high)}" if found.interval else "–"
            rows.append((each.label, points(found.difference), between, str(found.pairs), word))
    if rows:
        st.subheader(f"All that was tried with {rung.preset.label}", anchor=False)
        st.html(parts.table(("", "Points", "95 %", "Seeds", ""), rows, sums=False))


def trust(lab: Home) -> None:
    """How often the test images were read here, and by how much a chosen epoch flatters."""
    tend(lab)
    store = Store(lab.runs)
    looks, flattery = honesty.looks(store), honesty.flattery(store)
    st.subheader("How often were the test images looked at?", anchor=False)
    st.html(
        parts.facts(
            [
                ("To choose an epoch by", f"{looks.choosing:,} times"),
                ("by runs of the article's split", f"{looks.choosing_runs:,}"),
                ("Once, after a run", f"{looks.once:,} times"),
            ]
        )
    )
    st.html(parts.note(LOOKS))
    st.subheader("By how much does the best of many epochs flatter?", anchor=False)
    st.html(
        parts.facts(
            [
                (
                    f"Best of the last {honesty.PLATEAU} epochs, less their mean",
                    _mean(flattery.plateau),
                ),
                ("Best epoch, less the last", _mean(flattery.last)),
                ("Best validation, less test", _mean(flattery.unseen)),
            ]
        )
    )
    st.html(parts.note(FLATTERY))


LOOKS = (
    "Under the article's split every epoch reads them to decide which epoch is kept. Under the "
    "strict split 10,000 training digits decide, and the test images are read once, when nothing "
    "is left to be decided. The more often a set of images decides, the less its figure says of "
    "new ones. Runs in the bin are counted; runs removed for good are forgotten."
)
FLATTERY = (
    "In points of accuracy, over the newest finished runs of at least 20 epochs. Were the last ten "
    "epochs equally good, the best of them would stand above their mean by chance alone, and that "
    "much of its figure would not come again on new images. It is an upper estimate: where the "
    "accuracy still rises, or restless weights really differ, part of it is earned. The last "
    "figure needs no such guess: validation images that chose, less test images that did not; but "
    "one of the two sets is a little easier, so only a mean over many runs says much."
)


def _mean(found: Mean | None) -> str:
    if found is None:
        return "no run yet"
    runs = f"{found.runs} run" + "s" * (found.runs > 1)
    if found.interval is None:
        return f"{points(found.value)} ({runs})"
    low, high = found.interval
    return f"{points(found.value)} ({points(low)} to {points(high)}; {runs})"
