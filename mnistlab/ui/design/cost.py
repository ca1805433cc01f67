"""What a design costs in arithmetic, memory and time, and the measuring that the time needs."""

import time

import streamlit as st

from mnistlab.arch.cost import activation_bytes, activation_memory
from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import NetworkSummary, summarize
from mnistlab.errors import LabError
from mnistlab.home import Home, home
from mnistlab.text import duration, percent
from mnistlab.training.defaults import default_recipe
from mnistlab.training.recipe import Recipe
from mnistlab.ui.common import html, page
from mnistlab.worker import benchmark
from mnistlab.worker.speed_model import SpeedModel

POLL_SECONDS = 1.0
STARTING_SECONDS = 20.0
"""How long a process that was started to measure may take until it can be seen to."""


def known() -> SpeedModel | None:
    """What was measured on this machine; None before, or if the file is damaged."""
    try:
        return benchmark.load_speed_model(home())
    except LabError:
        return None


def epoch(result: NetworkSummary, measured: SpeedModel | None) -> str:
    """How long an epoch of the network's own recipe takes, in two words."""
    if measured is None:
        return "unknown"
    return f"≈ {duration(measured.epoch_seconds(result, default_recipe(result.spec)))}"


def whole_run(spec: Spec, recipe: Recipe) -> str:
    """How long a training takes here, in a sentence; empty if this machine was not measured."""
    measured = known()
    if measured is None:
        return ""
    seconds = recipe.epochs * measured.epoch_seconds(summarize(spec), recipe)
    return f"About {duration(seconds)} on this machine, by its calibration."


def cost(result: NetworkSummary, measured: SpeedModel | None) -> None:
    """Every row's multiply–accumulates, its maps' memory, and its share of an epoch."""
    recipe = default_recipe(result.spec)
    lines = []
    for row in result.rows:
        line = [
            row.name,
            f"{row.macs:,}" if row.macs else "–",
            percent(row.macs / result.macs, 1) if row.macs else "–",
            f"{activation_bytes(row) / 1024:,.1f}",
        ]
        if measured:
            seconds = recipe.images_per_epoch * measured.row_seconds(result, row, recipe.batch_size)
            line.append(f"{seconds:.1f}")
        lines.append(line)
    total = ["total", f"{result.macs:,}", "", f"{activation_memory(result) / 1024:,.1f}"]
    head = ["Layer", "MACs", "Share", "Maps, KB"]
    if measured:
        head.append("Epoch, s")
        total.append(f"{measured.epoch_seconds(result, recipe):.1f}")
        rest = recipe.images_per_epoch * measured.costs.images
        if rest >= 0.05:
            lines.append(["the rest", "–", "–", "–", f"{rest:.1f}"])
    st.html(html.table(head, [*lines, total]))
    batch = recipe.batch_size * activation_memory(result) / 1024**2
    st.html(
        html.caption(
            "MACs: multiply–accumulates for one image, of convolutions and linear layers alone. "
            "Maps: what a layer hands on for one image, four bytes a value. To learn, a whole "
            f"batch's are held at once: {batch:,.0f} MB for {recipe.batch_size} images, and about "
            "as much again for their gradients. Early layers have few parameters and large maps: "
            "they cost the time."
        )
    )
    if measured:
        st.html(
            html.caption(
                f"Epoch: {recipe.images_per_epoch:,} digits in batches of {recipe.batch_size}, "
                "foretold from "
                f"{len(measured.timings)} small networks that were timed here on {measured.day} "
                f"({measured.threads} threads, torch {measured.versions.get('torch', '?')}). "
                f"Typical error: {percent(measured.error, 0)}."
            )
        )
    _measuring(home(), measured)


def _measuring(lab: Home, measured: SpeedModel | None) -> None:
    """The button that measures, or how it stands."""
    if not _under_way(lab):
        label = "Measure again" if measured else "Measure how long an epoch takes here"
        st.button(
            label,
            icon=":material/timer:",
            on_click=page.run_action,
            args=(_begin, lab),
            help="Times a dozen small networks, once: about a quarter of a minute. The result is "
            "kept.",
        )
        return

    @st.fragment(run_every=POLL_SECONDS)
    def wait() -> None:
        st.html(html.progress("Timing a dozen small networks on this machine", "", None))
        if not _under_way(lab):
            st.rerun()

    wait()


def _begin(lab: Home) -> None:
    benchmark.start_benchmark(lab)
    st.session_state["measuring_since"] = (time.time(), _written(lab))


def _under_way(lab: Home) -> bool:
    """Whether this machine is being measured, or will be as soon as the process is up."""
    try:
        if benchmark.is_running(lab):
            return True
    except LabError:
        return False
    since: float
    since, written = st.session_state.get("measuring_since", (0.0, 0.0))
    return time.time() - since < STARTING_SECONDS and bool(_written(lab) == written)


def _written(lab: Home) -> float:
    """When the stored measurement was written; 0 if there is none."""
    return lab.speed_model.stat().st_mtime if lab.speed_model.is_file() else 0.0
