"""Train: choose a network and a recipe, start, and watch the epochs come."""

import contextlib
from typing import Any

import streamlit as st

from mnistlab import charts
from mnistlab.arch.ledger import ledger
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import Spec
from mnistlab.data import files
from mnistlab.data.kinds import Augmentation, Split
from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.runs.jobs import submit, tend
from mnistlab.runs.state import Run
from mnistlab.runs.store import Store
from mnistlab.training.epoch import best
from mnistlab.training.recipe import Optimiser, Recipe, Schedule, suggested
from mnistlab.training.score import percent
from mnistlab.ui import bench, page, parts, plot

POLL_SECONDS = 1.0
DIGITS = {"all": None, "12,800 (a quick look)": 12_800, "2,560 (a taste)": 2_560}
lab = home()
store = Store(lab.runs)


def keep(name: str) -> dict[str, Any]:
    """The key of a control whose value outlives a change of page."""
    return {"key": f"train_{name}", "persist_state": "session"}


def choose() -> tuple[str, Spec, Recipe]:
    """The controls: a name, a network and a recipe. Raises RecipeError on a value out of bounds."""
    networks = {bench.LABEL: bench.design()}
    networks |= {f"Target {n}: {p.title}": p.spec for n, p in enumerate(PRESETS, 1)}
    left, right = st.columns([2, 3], gap="large")
    with left:
        network = st.selectbox("Network", networks, **keep("network"))
        spec = networks[network]
        start = suggested(spec)
        name = st.text_input("Name of the run", placeholder=network, **keep("name"))
        st.html(parts.gauge(ledger(spec).total) + parts.mono(str(spec)))
    with right:
        one, two, three = st.columns(3)
        epochs = one.number_input("Epochs", value=start.epochs, step=1, **keep("epochs"))
        rate = two.number_input(
            "Learning rate",
            value=start.learning_rate,
            step=0.01,
            format="%g",
            help="The schedule's highest. Without batch norm a network bears less.",
            # Another key for another start: what suits one network must not stay for the other.
            **keep(f"rate_from_{start.learning_rate}"),
        )
        batch = three.number_input("Batch size", value=start.batch_size, step=32, **keep("batch"))
        one, two, three = st.columns(3)
        digits = one.selectbox("Training digits", DIGITS, **keep("digits"))
        augmentation = two.selectbox(
            "Augmentation",
            list(Augmentation),
            index=list(Augmentation).index(start.augmentation),
            help="shift: up to 2 pixels each way. affine: rotation, scale and shear too.",
            **keep("augmentation"),
        )
        schedule = three.selectbox(
            "Schedule",
            list(Schedule),
            index=list(Schedule).index(start.schedule),
            help="How the learning rate moves. plateau halves it when accuracy saturates.",
            **keep("schedule"),
        )
        split = st.segmented_control(
            "Split",
            list(Split),
            default=Split.STRICT,
            required=True,
            help="strict: 50,000 train, 10,000 validate, the test images are read once at the end. "
            "article: 60,000 train, the test images validate every epoch; its best is optimistic.",
            **keep("split"),
        )
        with st.expander("More"):
            one, two, three = st.columns(3)
            optimiser = one.selectbox("Optimiser", list(Optimiser), **keep("optimiser"))
            decay = two.number_input(
                "Weight decay", value=start.weight_decay, step=0.0001, format="%g", **keep("decay")
            )
            seed = three.number_input("Seed", value=0, step=1, **keep("seed"))
    recipe = Recipe(
        optimiser=optimiser,
        learning_rate=rate,
        schedule=schedule,
        batch_size=batch,
        epochs=epochs,
        weight_decay=decay,
        augmentation=augmentation,
        split=split,
        subset=DIGITS[digits],
        seed=seed,
    )
    return name or network, spec, recipe


def stop(run_id: int) -> None:
    """Ask a run to stop; what the store refuses is said when the page reads it next."""
    with contextlib.suppress(LabError):
        store.request_stop(run_id)


def show(run: Run) -> None:
    """A run as it stands: state, network and recipe, progress, two charts, figures."""
    top = best(run.epochs)
    words = [run.name, run.message]
    if run.stop_requested and run.state.active:
        words.append("stopping …")
    if run.progress:
        words.append(f"{run.progress.images_per_second:,.0f} images/s")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(parts.status(run.state, words), width="content")
        if run.state.active:
            st.button("Stop", icon=":material/stop:", on_click=stop, args=(run.id,))
    total = f"{ledger(run.spec).total:,} parameters · {run.recipe}"
    st.html(parts.mono(str(run.spec)) + parts.note(total))
    done, label = len(run.epochs) / run.recipe.epochs, f"{len(run.epochs)} of {run.recipe.epochs}"
    if run.progress and run.progress.epoch > len(run.epochs):
        done += run.progress.done / run.progress.total / run.recipe.epochs
        label = f"{run.progress.epoch} of {run.recipe.epochs}"
    st.progress(min(done, 1.0), f"Epoch {label}")
    one, two = st.columns(2)
    with one:
        plot.chart(charts.accuracy(run.epochs, run.recipe.epochs), f"accuracy{run.id}")
    with two:
        plot.chart(charts.loss(run.epochs, run.recipe.epochs), f"loss{run.id}")
    if top:
        last = run.epochs[-1]
        pairs = [
            (f"Best validation, epoch {top.number}", percent(top.validation_accuracy)),
            ("Last validation", percent(last.validation_accuracy)),
            ("Last train", percent(last.train_accuracy)),
            ("An epoch", f"{sum(e.seconds for e in run.epochs) / len(run.epochs):.1f} s"),
        ]
        if run.test:
            pairs.append(("Test, read once", percent(run.test.accuracy)))
        st.html(parts.facts(pairs))
        told = f"Best: {top.validation}. {SPLITS[run.recipe.split]}"
        st.html(parts.note(f"{told} Test: {run.test}." if run.test else told))


SPLITS = {
    Split.STRICT: "Chosen on 10,000 training images that were kept apart.",
    Split.ARTICLE: "Chosen on the test images themselves, as the article does: optimistic.",
}


def title(run_id: int) -> str:
    return f"{run_id} · {by_id[run_id].name}"


page.begin("Train", "Train a network")
if "design" not in st.session_state and (text := st.query_params.get("net")):
    # A reloaded or a sent address brings its network with it.
    with contextlib.suppress(LabError):
        bench.accept(text)
st.query_params["net"] = str(bench.design())
try:
    chosen = choose()
except LabError as error:
    st.error(str(error), icon=":material/error:")
    chosen = None
try:
    if not files.present(lab.data):
        st.html(parts.note("MNIST (20 MB) is fetched once, when the first run begins."))
    start = st.button(
        "Start training", type="primary", icon=":material/play_arrow:", disabled=chosen is None
    )
    if start and chosen:
        st.query_params["run"] = str(submit(lab, *chosen))
        st.session_state.pop("shown_run", None)
    tend(lab)
    by_id = {run.id: run for run in store.runs()}
    # An address, or a run that was being watched, may be older than the newest ones.
    for wanted in (st.query_params.get("run", ""), str(st.session_state.get("shown_run", ""))):
        known = wanted.isascii() and wanted.isdecimal() and len(wanted) < 10
        if known and (run := store.run(int(wanted))):
            by_id[run.id] = run
except LabError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
if not by_id:
    st.html(parts.empty("No runs yet. Start one: a taste of 2,560 digits takes half a minute."))
    st.stop()

asked = st.query_params.get("run", "")
if "shown_run" not in st.session_state and asked:
    if found := next((run_id for run_id in by_id if str(run_id) == asked), None):
        st.session_state["shown_run"] = found
    else:
        st.warning(f"There is no run {asked[:20]} here; this is the newest.")
shown = st.selectbox("Run", by_id, format_func=title, key="shown_run", persist_state="session")
st.query_params["run"] = str(shown)
plot.load()


@st.fragment(run_every=POLL_SECONDS if by_id[shown].state.active else None)
def live() -> None:
    """Look at the store again, and at the whole page once the run has ended."""
    try:
        tend(lab)
        run = store.run(shown)
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        return
    if run is None:
        return
    show(run)
    if by_id[shown].state.active and not run.state.active:
        st.rerun()


live()
