"""A network's MACs, activation memory and time per epoch, and the benchmark for the latter."""

import time

import streamlit as st

from mnistlab.arch.cost import activation_bytes, activation_memory
from mnistlab.arch.summary import NetworkSummary
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.recipe.defaults import default_recipe
from mnistlab.text import duration, percent
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import html, page
from mnistlab.worker import benchmark
from mnistlab.worker.speed_model import SpeedModel

POLL_SECONDS = 1.0
STARTUP_SECONDS = 20.0
"""The longest that a benchmark process may take to start."""


def speed_model() -> SpeedModel | None:
    """This machine's speed model; None before the benchmark, or if the file is damaged."""
    try:
        return benchmark.load_speed_model(session_home())
    except LabError:
        return None


def epoch_time(result: NetworkSummary, model: SpeedModel | None) -> str:
    """The estimated time of one epoch with the network's default recipe."""
    if model is None:
        return "not measured"
    return f"≈ {duration(model.epoch_seconds(result, default_recipe(result.spec)))}"


def cost(result: NetworkSummary, model: SpeedModel | None) -> None:
    """Each layer's MACs, activation memory and time per epoch."""
    recipe = default_recipe(result.spec)
    lines = []
    for row in result.rows:
        line = [
            row.name,
            f"{row.macs:,}" if row.macs else "–",
            percent(row.macs / result.macs, 1) if row.macs else "–",
            f"{activation_bytes(row) / 1024:,.1f}",
        ]
        if model:
            seconds = recipe.images_per_epoch * model.row_seconds(row, recipe.batch_size)
            line.append(f"{seconds:.1f}")
        lines.append(line)
    total = ["total", f"{result.macs:,}", "", f"{activation_memory(result) / 1024:,.1f}"]
    head = ["Layer", "MACs", "Share", "Activations (KB)"]
    if model:
        head.append("Time per epoch (s)")
        total.append(f"{model.epoch_seconds(result, recipe):.1f}")
        overhead = recipe.images_per_epoch * model.costs.images
        if overhead >= 0.05:
            lines.append(["overhead", "–", "–", "–", f"{overhead:.1f}"])
    st.html(html.table(head, [*lines, total]))
    batch = recipe.batch_size * activation_memory(result) / 1024**2
    st.html(
        html.caption(
            "MACs (multiply–accumulates) count convolutions and linear layers for one image. "
            f"Training keeps all activations of a batch: {batch:,.0f} MB for {recipe.batch_size} "
            "images, plus about as much for gradients. Early layers have few parameters but large "
            "feature maps, so they take most of the time."
        )
    )
    if model:
        st.html(
            html.caption(
                f"Estimated from a benchmark of {len(model.timings)} networks on this machine "
                f"({model.day}, {model.threads} threads, torch "
                f"{model.versions.get('torch', '?')}); typical error {percent(model.error, 0)}. "
                f"One epoch: {recipe.images_per_epoch:,} images in batches of {recipe.batch_size}."
            )
        )
    _benchmark(session_home(), model)


def _benchmark(home: Home, model: SpeedModel | None) -> None:
    """The button that starts the benchmark, or its progress."""
    if not _is_running(home):
        st.button(
            "Run benchmark again" if model else "Benchmark this machine",
            icon=":material/timer:",
            on_click=page.run_action,
            args=(_start, home),
            help="Times a dozen small networks to estimate the time per epoch; takes about 15 s.",
        )
        return

    @page.fragment(run_every=POLL_SECONDS)
    def wait() -> None:
        st.html(html.progress("Benchmark running: a dozen small networks", "", None))
        if not _is_running(home):
            st.rerun()

    wait()


def _start(home: Home) -> None:
    benchmark.start_benchmark(home)
    st.session_state["benchmark_started"] = (time.time(), _modified_at(home))


def _is_running(home: Home) -> bool:
    """Whether the benchmark is running, or has just been started."""
    try:
        if benchmark.is_running(home):
            return True
    except LabError:
        return False
    started_at: float
    started_at, modified_at = st.session_state.get("benchmark_started", (0.0, 0.0))
    is_starting = time.time() - started_at < STARTUP_SECONDS
    return is_starting and bool(_modified_at(home) == modified_at)


def _modified_at(home: Home) -> float:
    """When the speed model was stored; 0 if there is none."""
    return home.speed_model.stat().st_mtime if home.speed_model.is_file() else 0.0
