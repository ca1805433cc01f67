"""One run: its curves, what it misreads, how sure it is, its filters, how it was made."""

from dataclasses import fields
from typing import Any

import streamlit as st

from mnistlab.charts import runs as charts
from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.report import gather
from mnistlab.runs.archive import pack
from mnistlab.runs.compare import recipe_value
from mnistlab.runs.export import epochs_csv
from mnistlab.runs.jobs import submit, tend
from mnistlab.runs.state import Run
from mnistlab.runs.store import Store
from mnistlab.runs.table import describe, newest
from mnistlab.training.readings import calibration, calibration_error, read_readings
from mnistlab.training.score import percent
from mnistlab.training.suggest import command
from mnistlab.ui import address, insight, live, page, parts, plot
from mnistlab.ui.report import downloads

lab = home()
store = Store(lab.runs)


def again(run: Run) -> None:
    """Queue the same network and recipe once more, and show that one."""
    address.watch(submit(lab, run.name, run.spec, run.recipe, run.who))


def say(run: Run) -> None:
    """The controls for what people say of a run."""
    with st.form(f"words{run.id}", border=False):
        one, two, three = st.columns(3)
        name = one.text_input("Name", run.name, key=f"name{run.id}")
        who = two.text_input("Who", run.who, key=f"who{run.id}")
        tags = three.text_input(
            "Tags", " ".join(run.tags), placeholder="words, with spaces", key=f"tags{run.id}"
        )
        notes = st.text_area("Notes", run.notes, height=90, key=f"notes{run.id}")
        if st.form_submit_button("Keep"):
            page.attempt(describe, store, run.id, name, who, tags, notes)
            st.rerun()


def mistakes(run: Run) -> None:
    """Confusion, each digit's accuracy, the misread digits, the calibration."""
    try:
        readings = read_readings(store.readings(run.id))
    except LabError as error:
        st.html(parts.empty(str(error)))
        return
    st.html(parts.note(f"The best epoch's weights on MNIST's test images: {readings.score}."))
    one, two = st.columns(2)
    with one:
        plot.chart(charts.confusion(readings.confusion()), f"confusion{run.id}")
    with two:
        plot.chart(charts.calibration(calibration(readings)), f"calibration{run.id}")
        st.html(
            parts.note(
                f"Between how sure it is and how often it is right lie "
                f"{percent(calibration_error(readings))} on average. Below the dotted line it is "
                "too sure of itself."
            )
        )
    st.html(insight.accuracies(readings))
    st.subheader("Misread, the surest mistake first", anchor=False)
    st.html(insight.misread(lab.data, readings))


def origin(run: Run) -> None:
    """The exact recipe, and the machine and versions that followed it."""
    rows = [("network", str(run.spec)), ("parameters", f"{run.parameters:,}")]
    rows += [
        (f.name.replace("_", " "), recipe_value(run.recipe, f.name)) for f in fields(run.recipe)
    ]
    st.html(parts.rows([*rows, *insight.environment(store.best_checkpoint(run.id))]))
    st.caption("The same from a terminal:")
    st.code(command(run.spec, run.recipe), language="sh", wrap_lines=True)


def files(run: Run) -> None:
    """What can be carried away."""
    with st.container(horizontal=True):
        give: dict[str, Any] = {"on_click": "ignore", "icon": ":material/download:"}
        st.download_button(
            "The whole run (zip)", lambda: pack(store, run.id), f"run{run.id}.zip", **give
        )
        st.download_button(
            "Epochs (CSV)",
            lambda: epochs_csv(store.run(run.id) or run),
            f"run{run.id}-epochs.csv",
            "text/csv",
            **give,
        )
        for label, path in (
            ("Best checkpoint", store.best_checkpoint(run.id)),
            ("Last checkpoint", store.last_checkpoint(run.id)),
        ):
            if path.is_file():
                st.download_button(
                    label, path.read_bytes, f"run{run.id}-{path.name}", key=label, **give
                )
    downloads(f"run{run.id}", lambda: gather.runs(store, [store.run(run.id) or run]))
    st.caption(
        "Another lab takes the zip in on its runs page. Checkpoints are safetensors files: numbers "
        "and their names, no code. For TensorBoard:"
    )
    st.code(f"python -m mnistlab export {run.id} --tensorboard", language="sh", wrap_lines=True)


page.begin("Run", "A run")
plot.load()
try:
    tend(lab)
    known = {each.id: f"{each.id} · {each.name}" for each in newest(store, 50)}
    shown = address.runs(store, known, most=1)
    run = store.run(shown[0]) if shown else None
except LabError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
if run is None:
    st.html(parts.empty("No runs yet. Train a network first."))
    st.stop()
if run.deleted:
    st.warning("This run is in the bin; the runs page can take it back.")


def draw(store: Store) -> None:
    """The run as it stands."""
    for seen in store.runs(shown):
        live.one(lab, seen, wide=True)


course, wrong, filters, made, out, words = st.tabs(
    ["Course", "What it misreads", "Filters", "How it was made", "Take it away", "Words"]
)
with course:
    live.follow(lab, [run.id], draw)
    with st.container(horizontal=True):
        st.button(
            "Train it again",
            icon=":material/replay:",
            on_click=page.attempt,
            args=(again, run),
            help="The same network and recipe, as a new run.",
        )
        st.page_link(
            "pages/design.py",
            label="Open in design",
            icon=":material/tune:",
            query_params={"net": str(run.spec)},
        )
        st.page_link("pages/runs.py", label="All runs", icon=":material/list:")
with wrong:
    mistakes(run)
with filters:
    try:
        st.html(insight.first_filters(store.best_checkpoint(run.id)))
    except LabError as error:
        st.html(parts.empty(str(error)))
with made:
    origin(run)
with out:
    files(run)
with words:
    say(run)
