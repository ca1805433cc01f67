"""One run: its curves, what it misreads, how sure it is, its filters, how it was made."""

from dataclasses import fields
from typing import Any

import streamlit as st

from mnistlab.charts import results as charts
from mnistlab.errors import LabError
from mnistlab.experiments.differences import recipe_value
from mnistlab.home import home
from mnistlab.report import build
from mnistlab.stats.predictions import calibration_bins, calibration_error, load_predictions
from mnistlab.store.archive import export_run
from mnistlab.store.export import epochs_csv
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details, newest
from mnistlab.text import percent
from mnistlab.training.defaults import train_command
from mnistlab.ui.common import html, page, plot, run_picker
from mnistlab.ui.common.report import downloads
from mnistlab.ui.run import run_details
from mnistlab.ui.train import live
from mnistlab.worker.processes import ensure_workers, submit

lab = home()
store = Store(lab.runs)


def again(run: Run) -> None:
    """Queue the same network and recipe once more, and show that one."""
    run_picker.select_run(submit(lab, run.name, run.spec, run.recipe, run.owner))


def say(run: Run) -> None:
    """The controls for what people say of a run."""
    with st.form(f"words{run.id}", border=False):
        one, two, three = st.columns(3)
        name = one.text_input("Name", run.name, key=f"name{run.id}")
        owner = two.text_input("Who", run.owner, key=f"who{run.id}")
        tags = three.text_input(
            "Tags", " ".join(run.tags), placeholder="words, with spaces", key=f"tags{run.id}"
        )
        notes = st.text_area("Notes", run.notes, height=90, key=f"notes{run.id}")
        if st.form_submit_button("Keep"):
            page.run_action(edit_details, store, run.id, name, owner, tags, notes)
            st.rerun()


def mistakes(run: Run) -> None:
    """Confusion, each digit's accuracy, the misread digits, the calibration."""
    try:
        predictions = load_predictions(store.predictions_path(run.id))
    except LabError as error:
        st.html(html.empty(str(error)))
        return
    st.html(html.caption(f"The best epoch's weights on MNIST's test images: {predictions.score}."))
    one, two = st.columns(2)
    with one:
        plot.chart(charts.confusion(predictions.confusion()), f"confusion{run.id}")
    with two:
        plot.chart(charts.calibration(calibration_bins(predictions)), f"calibration{run.id}")
        st.html(
            html.caption(
                f"Between how sure it is and how often it is right lie "
                f"{percent(calibration_error(predictions))} on average. Below the dotted line it "
                "is "
                "too sure of itself."
            )
        )
    st.html(run_details.accuracies(predictions))
    st.subheader("Misread, the surest mistake first", anchor=False)
    st.html(run_details.misclassified(lab.data, predictions))


def origin(run: Run) -> None:
    """The exact recipe, and the machine and versions that followed it."""
    rows = [("network", str(run.spec)), ("parameters", f"{run.parameters:,}")]
    rows += [
        (f.name.replace("_", " "), recipe_value(run.recipe, f.name)) for f in fields(run.recipe)
    ]
    st.html(html.rows([*rows, *run_details.environment(store.best_checkpoint_path(run.id))]))
    st.caption("The same from a terminal:")
    st.code(train_command(run.spec, run.recipe), language="sh", wrap_lines=True)


def files(run: Run) -> None:
    """What can be carried away."""
    with st.container(horizontal=True):
        give: dict[str, Any] = {"on_click": "ignore", "icon": ":material/download:"}
        st.download_button(
            "The whole run (zip)", lambda: export_run(store, run.id), f"run{run.id}.zip", **give
        )
        st.download_button(
            "Epochs (CSV)",
            lambda: epochs_csv(store.run(run.id) or run),
            f"run{run.id}-epochs.csv",
            "text/csv",
            **give,
        )
        for label, path in (
            ("Best checkpoint", store.best_checkpoint_path(run.id)),
            ("Last checkpoint", store.last_checkpoint_path(run.id)),
        ):
            if path.is_file():
                st.download_button(
                    label, path.read_bytes, f"run{run.id}-{path.name}", key=label, **give
                )
    downloads(f"run{run.id}", lambda: build.runs_report(store, [store.run(run.id) or run]))
    st.caption(
        "Another lab takes the zip in on its runs page. Checkpoints are safetensors files: numbers "
        "and their names, no code. For TensorBoard:"
    )
    st.code(f"python -m mnistlab export {run.id} --tensorboard", language="sh", wrap_lines=True)


page.setup("Run", "A run")
plot.load()
try:
    ensure_workers(lab)
    known = {each.id: f"{each.id} · {each.name}" for each in newest(store, 50)}
    shown = run_picker.choose_runs(store, known, most=1)
    run = store.run(shown[0]) if shown else None
except LabError as error:
    page.show_error(error)
    st.stop()
if run is None:
    st.html(html.empty("No runs yet. Train a network first."))
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
    live.auto_refresh(lab, [run.id], draw)
    with st.container(horizontal=True):
        st.button(
            "Train it again",
            icon=":material/replay:",
            on_click=page.run_action,
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
        st.html(run_details.first_filters(store.best_checkpoint_path(run.id)))
    except LabError as error:
        st.html(html.empty(str(error)))
with made:
    origin(run)
with out:
    files(run)
with words:
    say(run)
