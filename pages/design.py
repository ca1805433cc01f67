"""Design: change a network and see every consequence of it."""

import streamlit as st

from mnistlab.arch.advice.advise import advise
from mnistlab.arch.edit import scaled
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.charts.network import network_picture
from mnistlab.errors import LabError
from mnistlab.ui.common import current_network, html, page
from mnistlab.ui.common.svg import show_svg
from mnistlab.ui.design import cost, design_tabs
from mnistlab.ui.design.layers import edit_choices, edit_layers


def put(spec: Spec) -> None:
    """Put a network on the bench, or say why it cannot be; the text follows the bench."""
    page.run_action(current_network.set_current, spec)
    st.session_state["net"] = str(current_network.current())


def begin(spec: Spec) -> None:
    """Put a network on the bench that Reset leads back to."""
    page.run_action(current_network.open_preset, spec)
    st.session_state["net"] = str(current_network.current())


def scale(factor: float) -> None:
    page.run_action(lambda: put(scaled(current_network.current(), factor)))


def step(way: str) -> None:
    """Undo, or do again."""
    current_network.move_in_history(way)
    st.session_state["net"] = str(current_network.current())


def look(layer: str) -> None:
    """Choose the layer that picture, ruler and table point at."""
    st.session_state["looked_at"] = layer


page.setup("Design", "Design a network")

tools = st.container(horizontal=True, gap="small")
# The browser's way back may come without a network; then the one on the bench is meant.
if not st.session_state.get("net", st.query_params.get("net")):
    put(current_network.current())
text = st.text_input(
    "Network",
    key="net",
    bind="query-params",
    placeholder=str(current_network.current()),
    help="16: a 3×3 convolution with 16 filters (16s: padded, 16r: residual, 16d: "
    "depthwise-separable). p10: 1×1 with 10 filters, then max-pool. t12: 1×1 with 12. full or gap: "
    "the head. bn: batch norm. leaky or gelu: the activation. drop0.05: dropout.",
)
try:
    spec = current_network.set_from_text(text or str(current_network.current()))
except LabError as error:
    page.show_error(f"{error} Below is the last network that could be built.")
    spec = current_network.current()
result = summarize(spec)
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
        disabled=not current_network.history("past"),
        icon=":material/undo:",
    )
    st.button(
        "Redo",
        on_click=step,
        args=("future",),
        disabled=not current_network.history("future"),
        icon=":material/redo:",
    )
    st.button(
        "Reset",
        on_click=put,
        args=(current_network.origin(),),
        disabled=spec == current_network.origin(),
        icon=":material/restart_alt:",
        help=f"Back to {current_network.origin()}",
    )

with st.container(key="gauge"):
    st.html(html.budget_bar(result.total, running=result.non_trainable))
show_svg(network_picture(result, chosen), "picture", look)

controls, outcome = st.columns([2, 3], gap="large")
with controls:
    st.subheader("Layers", anchor=False)
    with st.container(gap="xsmall"):
        edit_layers(spec, put)
    st.subheader("Everywhere", anchor=False)
    edit_choices(spec, put)
    page.primary_link("Train", "Train this network", ":material/play_arrow:")
with outcome:
    measured = cost.known()
    st.html(
        html.metrics(
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
        design_tabs.parameters(result, chosen)
    with advice:
        design_tabs.advice(result, put)
    with sight:
        design_tabs.sight(result, chosen, look)
    with cost_tab:
        cost.cost(result, measured)
    with others:
        design_tabs.comparison(result)
    with files:
        design_tabs.files(spec, result, begin)
