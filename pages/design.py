"""Design: change a network and see every consequence of it."""

import streamlit as st

from mnistlab.arch.edit import scaled
from mnistlab.arch.ledger import ledger
from mnistlab.arch.lint import advise
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import Spec
from mnistlab.charts.picture import picture
from mnistlab.errors import LabError
from mnistlab.ui import bench, consequences, cost, page, parts
from mnistlab.ui.drawing import draw
from mnistlab.ui.layers import edit_choices, edit_layers


def put(spec: Spec) -> None:
    """Put a network on the bench, or say why it cannot be; the text follows the bench."""
    page.attempt(bench.keep, spec)
    st.session_state["net"] = str(bench.design())


def begin(spec: Spec) -> None:
    """Put a network on the bench that Reset leads back to."""
    page.attempt(bench.begin, spec)
    st.session_state["net"] = str(bench.design())


def scale(factor: float) -> None:
    page.attempt(lambda: put(scaled(bench.design(), factor)))


def step(way: str) -> None:
    """Undo, or do again."""
    bench.step(way)
    st.session_state["net"] = str(bench.design())


def look(layer: str) -> None:
    """Choose the layer that picture, ruler and table point at."""
    st.session_state["looked_at"] = layer


page.begin("Design", "Design a network")

tools = st.container(horizontal=True, gap="small")
# The browser's way back may come without a network; then the one on the bench is meant.
if not st.session_state.get("net", st.query_params.get("net")):
    put(bench.design())
text = st.text_input(
    "Network",
    key="net",
    bind="query-params",
    placeholder=str(bench.design()),
    help="16: a 3×3 convolution with 16 filters (16s: padded, 16r: residual, 16d: "
    "depthwise-separable). p10: 1×1 with 10 filters, then max-pool. t12: 1×1 with 12. full or gap: "
    "the head. bn: batch norm. leaky or gelu: the activation. drop0.05: dropout.",
)
try:
    spec = bench.accept(text or str(bench.design()))
except LabError as error:
    st.error(f"{error} Below is the last network that could be built.", icon=":material/error:")
    spec = bench.design()
result = ledger(spec)
names = [row.name for row in result.rows]
chosen = st.session_state.get("looked_at", names[0])
chosen = chosen if chosen in names else names[0]

with tools:
    for preset in PRESETS:
        st.button(
            preset.label, help=preset.title, on_click=begin, args=(preset.spec,), key=preset.name
        )
    st.button("Double", on_click=scale, args=(2,), help="Twice the filters everywhere")
    st.button("Halve", on_click=scale, args=(0.5,), help="Half the filters everywhere")
    st.button(
        "Undo",
        on_click=step,
        args=("past",),
        disabled=not bench.steps("past"),
        icon=":material/undo:",
    )
    st.button(
        "Redo",
        on_click=step,
        args=("future",),
        disabled=not bench.steps("future"),
        icon=":material/redo:",
    )
    st.button(
        "Reset",
        on_click=put,
        args=(bench.origin(),),
        disabled=spec == bench.origin(),
        icon=":material/restart_alt:",
        help=f"Back to {bench.origin()}",
    )

with st.container(key="gauge"):
    st.html(parts.gauge(result.total, running=result.running))
draw(picture(result, chosen), "picture", look)

controls, outcome = st.columns([2, 3], gap="large")
with controls:
    st.subheader("Layers", anchor=False)
    with st.container(gap="xsmall"):
        edit_layers(spec, put)
    st.subheader("Everywhere", anchor=False)
    edit_choices(spec, put)
    page.go("Train", "Train this network", ":material/play_arrow:")
with outcome:
    measured = cost.known()
    st.html(
        parts.facts(
            [
                ("Receptive field", f"{result.receptive_field} px"),
                ("MACs an image", f"{result.macs / 1e6:,.2f} M"),
                ("An epoch here", cost.epoch(result, measured)),
                ("Advice", str(len(advise(result)) or "none")),
            ]
        )
    )
    parameters, advice, sight, cost_tab, others, files = st.tabs(
        ["Parameters", "Advice", "What it sees", "Cost", "Compare", "Take it along"],
        key="tab",
        on_change="rerun",
        bind="query-params",
    )
    with parameters:
        consequences.parameters(result, chosen)
    with advice:
        consequences.advice(result, put)
    with sight:
        consequences.sight(result, chosen, look)
    with cost_tab:
        cost.cost(result, measured)
    with others:
        consequences.comparison(result)
    with files:
        consequences.files(spec, result, begin)
