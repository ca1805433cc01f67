"""Design: change a network and see its parameters, receptive fields, cost and advice."""

import streamlit as st

from mnistlab.arch.advice.advise import advise
from mnistlab.arch.edit import scaled
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import Activation, Spec
from mnistlab.arch.summary import summarize
from mnistlab.charts.network import network_picture
from mnistlab.classroom.task import Control
from mnistlab.errors import LabError
from mnistlab.store.store import Store
from mnistlab.ui.classroom.lesson.panel import show_lesson
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.classroom.session_task import locked, network_problem, parameter_limit
from mnistlab.ui.common import current_network, html, page, run_picker
from mnistlab.ui.common.current_network import History
from mnistlab.ui.common.svg import show_svg
from mnistlab.ui.design import cost, design_tabs
from mnistlab.ui.design.layers import edit_layers, edit_options


def set_network(spec: Spec, control: str = "") -> None:
    """Make a network the current one, or show why it cannot be built.

    `control` is the key of a control that is changed in small steps.
    """
    page.run_action(current_network.set_current, spec, control)
    update_text()


def open_network(spec: Spec) -> None:
    """Open a preset or an imported network, to which Reset returns."""
    page.run_action(current_network.open_preset, spec)
    update_text()


def scale_filters(factor: float) -> None:
    page.run_action(lambda: set_network(scaled(current_network.current(), factor)))


def move_in_history(direction: History, has_valid_text: bool) -> None:
    """Undo or redo a step; a text that is no network is the last step."""
    if has_valid_text or direction is History.FUTURE:
        current_network.move_in_history(direction)
    update_text()


def update_text() -> None:
    """Show the current network in the text field, and so in the page's address."""
    st.session_state["net"] = str(current_network.current())


def read_address() -> None:
    """Take the network from an address that was pasted into the text field."""
    st.session_state["net"] = current_network.text_in_address(st.session_state["net"])


def open_network_of_run() -> None:
    """Open the network of the run in the address (`?run=3`).

    Raises LabError if there is no such run.
    """
    text = st.query_params[run_picker.PARAMETER]
    del st.query_params[run_picker.PARAMETER]
    runs = Store.of(session_home()).runs(run_picker.run_ids(text)[:1])
    if not runs:
        raise LabError(f"Run {text[:20]} not found. Showing the current network.")
    current_network.open_preset(runs[0].spec)
    update_text()


def select_layer(layer: str) -> None:
    """Select the layer that the picture, the receptive fields and the table highlight."""
    st.session_state["selected_layer"] = layer


if st.query_params.get(run_picker.PARAMETER) and "net" not in st.query_params:
    page.run_action(open_network_of_run)
page.setup("Design", "Design a network")
lesson = st.container(gap="small")
toolbar = st.container(horizontal=True, gap="xsmall")
# The browser's Back button may lead to an address without a network: show the current one.
if not st.session_state.get("net", st.query_params.get("net")):
    set_network(current_network.current())
text = st.text_input(
    "Network",
    key="net",
    bind="query-params",
    on_change=read_address,
    placeholder=str(current_network.current()),
    help="16: 3×3 convolution with 16 filters (16s: padded, 16r: residual, 16d: "
    "depthwise-separable). p10: transition to 10 channels; p: max-pool; t12: partial transition. "
    f"full or gap: head. bn, nobias, {', '.join(list(Activation)[1:])}, drop0.05: options.",
)
is_valid = True
try:
    spec = current_network.set_from_text(text or str(current_network.current()))
except LabError as error:
    is_valid = False
    spec = current_network.current()
    preset = current_network.preset_of(spec)
    page.show_error(f"{error} Showing {preset.label.lower() if preset else spec} instead.")
with lesson:
    show_lesson(session_home(), spec, None, open_network)
result = summarize(spec)
names = [row.name for row in result.rows]
selected = st.session_state.get("selected_layer", names[0])
selected = selected if selected in names else names[0]

with toolbar:
    for preset in PRESETS:
        st.button(
            preset.label,
            help=preset.title,
            on_click=open_network,
            args=(preset.spec,),
            key=preset.name,
            disabled=bool(network_problem(preset.spec)),
        )
    for label, factor in (("Double filters", 2), ("Halve filters", 0.5)):
        st.button(
            label,
            on_click=scale_filters,
            args=(factor,),
            help="All layers",
            disabled=Control.FILTERS in locked(),
        )
    for label, direction, icon in (
        ("Undo", History.PAST, ":material/undo:"),
        ("Redo", History.FUTURE, ":material/redo:"),
    ):
        st.button(
            label,
            on_click=move_in_history,
            args=(direction, is_valid),
            disabled=not current_network.history(direction)
            and (is_valid or direction is History.FUTURE),
            icon=icon,
        )
    st.button(
        "Reset",
        on_click=set_network,
        args=(current_network.origin(),),
        disabled=spec == current_network.origin(),
        icon=":material/restart_alt:",
        help=f"Return to {current_network.origin()}",
    )

with st.container(key="gauge"):
    st.html(html.budget_bar(result.total, parameter_limit(), result.non_trainable))
show_svg(network_picture(result, selected), "picture", select_layer)

with st.container(key="editor"):
    controls, results = st.columns([2, 3], gap="large")
with controls:
    st.header("Layers", anchor=False)
    with st.container(gap="xsmall"):
        edit_layers(spec, set_network)
    st.header("Whole network", anchor=False)
    edit_options(spec, set_network)
    page.primary_link("Train", "Train this network", ":material/play_arrow:")
with results:
    speed_model = cost.speed_model()
    st.html(
        html.metrics(
            [
                ("Receptive field", f"{result.receptive_field} px"),
                ("MACs per image", f"{result.macs / 1e6:,.2f} M"),
                ("Time per epoch", cost.epoch_time(result, speed_model)),
                ("Advice", str(len(advise(result)) or "none")),
            ]
        )
    )
    page.show_tabs(
        {
            "Parameters": lambda: design_tabs.parameters(result, selected),
            "Advice": lambda: design_tabs.advice(result, set_network),
            "Receptive field": lambda: design_tabs.receptive_field(result, selected, select_layer),
            "Cost": lambda: cost.cost(result, speed_model),
            "Compare": lambda: design_tabs.comparison(result),
            "Export": lambda: design_tabs.export(spec, result, open_network),
        }
    )
