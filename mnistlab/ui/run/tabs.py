"""The tabs of one run's page, but for its errors: curves, filters, configuration, export, notes."""

from functools import partial
from typing import Any

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.experiments.differences import recipe_settings, source_names
from mnistlab.home import Home
from mnistlab.recipe.defaults import train_command
from mnistlab.report import build
from mnistlab.store.classroom import permission
from mnistlab.store.exchange.archive import export_run
from mnistlab.store.exchange.export import epochs_csv
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details
from mnistlab.ui.common import html, page, run_picker
from mnistlab.ui.downloads import take_home
from mnistlab.ui.downloads.buttons import Download, download_buttons
from mnistlab.ui.downloads.report import downloads
from mnistlab.ui.run import run_details
from mnistlab.ui.train import limits, live
from mnistlab.worker.processes import submit

CURVES = (
    "Accuracy and loss are measured after each epoch, on the training images while the network "
    "learns from them and on the validation images. The generalization gap is their difference in "
    "percentage points (pp). Drag over a chart to enlarge a part of it, double-click to go back."
)


def show_curves(home: Home, run: Run) -> None:
    """The run as it trains, and where to go from it."""

    def draw(store: Store) -> None:
        for current in store.runs([run.id]):
            live.show_run(home, current, wide=True)

    live.auto_refresh(home, [run], draw)
    st.html(html.caption(CURVES))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Train again",
            icon=":material/replay:",
            on_click=page.run_action,
            args=(_train_again, home, run),
            help="A new run with the same network and recipe.",
        )
        st.page_link(
            "pages/design.py",
            label="Open in Design",
            icon=":material/tune:",
            query_params={"net": str(run.spec)},
        )
        st.page_link("pages/runs.py", label="All runs", icon=":material/list:")


def _train_again(home: Home, run: Run) -> None:
    start = partial(submit, home, run.name, run.spec, run.recipe, run.owner)
    run_picker.select_run(limits.limited(start))


def show_filters(home: Home, run: Run) -> None:
    try:
        st.html(run_details.first_filters(Store.of(home).best_checkpoint_path(run.id)))
    except LabError as error:
        st.html(html.empty(str(error)))


def show_configuration(home: Home, run: Run) -> None:
    """The network, the recipe, the machine and its versions, and the command for all of it."""
    store = Store.of(home)
    rows = [("network", str(run.spec)), ("parameters", f"{run.parameters:,}")]
    rows += recipe_settings(run.recipe, source_names(store, [run]))
    rows += run_details.environment(store.best_checkpoint_path(run.id))
    st.html(html.rows(rows))
    st.caption("Command line:")
    st.code(train_command(run.spec, run.recipe), language="sh", wrap_lines=True)


def show_export(home: Home, run: Run) -> None:
    """Buttons for the run's archive, its epochs, its checkpoints and its report."""
    store = Store.of(home)
    checkpoints = (
        ("Best checkpoint", store.best_checkpoint_path(run.id)),
        ("Last checkpoint", store.last_checkpoint_path(run.id)),
    )
    download_buttons(
        Download(
            "Run archive (.zip)",
            partial(export_run, store, run.id),
            f"run{run.id}.zip",
            key="archive",
        ),
        Download(
            "Epochs (CSV)",
            lambda: epochs_csv(store.run(run.id) or run),
            f"run{run.id}-epochs.csv",
            key="epochs-csv",
            disabled=not run.epochs,
        ),
        *(
            Download(label, path.read_bytes, f"run{run.id}-{path.name}", key=label)
            for label, path in checkpoints
            if path.is_file()
        ),
    )
    best = store.best_checkpoint_path(run.id)
    if best.is_file():
        st.html(html.caption("The best checkpoint, for computers without mnistlab:"))
        take_home.downloads(best, run.name, f"run{run.id}")
    downloads(f"run{run.id}", [run], lambda: build.runs_report(store, [store.run(run.id) or run]))
    st.caption(
        "Import the archive on the Runs page of any mnistlab. Checkpoints are safetensors files, "
        "which hold tensors and their names but no code. For TensorBoard and for ONNX Runtime:"
    )
    commands = (f"python -m mnistlab export {run.id} --{name}" for name in ("tensorboard", "onnx"))
    st.code("\n".join(commands), language="sh", wrap_lines=True)


def edit_notes(home: Home, run: Run) -> None:
    """The run's name, owner, tags and notes; they stay while they are not saved yet.

    What is saved meanwhile, in another browser too, replaces them.
    """
    state = st.session_state
    saved = {"name": run.name, "owner": run.owner, "tags": " ".join(run.tags), "notes": run.notes}
    if state.get(known := f"details{run.id}") != saved:
        state[known] = saved
        for field, text in saved.items():
            state[f"{field}{run.id}"] = text

    problem = permission.refusal(Store.of(home), [run.id])
    if problem:
        st.html(html.caption(problem))

    def key(field: str) -> dict[str, Any]:
        arguments = {"key": f"{field}{run.id}", "persist_state": "session"}
        return {**arguments, "disabled": bool(problem)}

    left, middle, right = st.columns(3)
    left.text_input("Name", **key("name"))
    # In a class the owner is the person, whatever is typed.
    middle.text_input("Owner", **{**key("owner"), "disabled": home.is_class})
    right.text_input("Tags", placeholder="space-separated", **key("tags"))
    st.text_area("Notes", height=90, **key("notes"))

    def save() -> None:
        typed = (state[f"{field}{run.id}"] for field in saved)
        edit_details(Store.of(home), run.id, *typed)
        del state[known]  # show what has been saved, which may be other words than the typed ones

    is_changed = any(state[f"{field}{run.id}"] != text for field, text in saved.items())
    st.button(
        "Save notes",
        type="primary" if is_changed else "secondary",
        on_click=page.run_action,
        args=(save,),
        disabled=bool(problem),
    )
