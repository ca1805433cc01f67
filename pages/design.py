"""Design: change a network and see every parameter of it."""

from dataclasses import replace

import streamlit as st

from mnistlab.arch.ledger import ledger
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import MAX_DROPOUT, MAX_FILTERS, Conv, Dropout, Head, Spec, named
from mnistlab.errors import LabError
from mnistlab.ui import bench, page, parts


def put(spec: Spec) -> None:
    """Make a Spec the page's; the text is what the address and every control follow."""
    st.session_state["net"] = str(spec)


def put_options() -> None:
    """Read the switches back into the Spec."""
    get = st.session_state
    put(
        replace(
            bench.design(),
            head=get["head"],
            batch_norm=get["batch_norm"],
            conv_bias=bench.design().conv_bias or not get["batch_norm"],
            dropout=get["dropout"],
            dropout_kind=get["dropout_kind"],
        )
    )


def put_layer(index: int) -> None:
    """Read one layer's controls back into the Spec."""
    layers = list(bench.design().layers)
    layer, filters = layers[index], st.session_state[f"filters{index}"]
    if isinstance(layer, Conv):
        layers[index] = replace(layer, filters=filters)
    else:
        layers[index] = replace(layer, filters=filters, pooled=st.session_state[f"pooled{index}"])
    put(replace(bench.design(), layers=tuple(layers)))


page.begin("Design", "Design a network")

with st.container(horizontal=True, gap="small"):
    for preset in PRESETS:
        st.button(
            preset.label,
            help=preset.title,
            on_click=put,
            args=(preset.spec,),
            key=preset.name,
        )

# The browser's way back may come without a network; then the one on the bench is meant.
if not st.session_state.get("net", st.query_params.get("net")):
    put(bench.design())
text = st.text_input(
    "Network",
    key="net",
    bind="query-params",
    placeholder=str(bench.design()),
    help="16: a 3×3 convolution to 16 maps (16s: padded). p10: 1×1 to 10 maps, then pool. "
    "t12: 1×1 to 12 maps. full or gap: the head. bn: batch norm. drop0.05: dropout.",
)
try:
    spec = bench.accept(text or str(bench.design()))
except LabError as error:
    st.error(f"{error} Below is the last network that could be built.", icon=":material/error:")
    spec = bench.design()
result = ledger(spec)
st.html(parts.gauge(result.total))

controls, outcome = st.columns([2, 3], gap="large")

with controls:
    st.subheader("Choices", anchor=False)
    get = st.session_state
    get["batch_norm"], get["head"] = spec.batch_norm, spec.head
    get["dropout"], get["dropout_kind"] = spec.dropout, spec.dropout_kind
    st.toggle("Batch norm after every 3×3", key="batch_norm", on_change=put_options)
    st.slider(
        "Dropout after every 3×3", 0.0, MAX_DROPOUT, step=0.01, key="dropout", on_change=put_options
    )
    left, right = st.columns(2)
    left.selectbox(
        "Dropout drops",
        list(Dropout),
        format_func={Dropout.ELEMENT: "elements", Dropout.CHANNEL: "whole channels"}.__getitem__,
        key="dropout_kind",
        on_change=put_options,
        disabled=not spec.dropout,
    )
    right.selectbox(
        "Head",
        list(Head),
        format_func={Head.FULL: "full convolution", Head.GAP: "average + linear"}.__getitem__,
        key="head",
        on_change=put_options,
    )
    st.subheader("Filters", anchor=False)
    for index, (name, layer) in enumerate(named(spec.layers)):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            kind = "3×3" if isinstance(layer, Conv) else "1×1" if layer.filters else "2×2 max-pool"
            st.markdown(f"{name} :small[{kind}]", width=125)
            if layer.filters is None:
                continue
            get[f"filters{index}"] = layer.filters
            st.number_input(
                f"Filters of {name}",
                1,
                MAX_FILTERS,
                key=f"filters{index}",
                on_change=put_layer,
                args=(index,),
                label_visibility="collapsed",
                width=125,
            )
            if not isinstance(layer, Conv):
                get[f"pooled{index}"] = layer.pooled
                st.toggle("pool", key=f"pooled{index}", on_change=put_layer, args=(index,))

with outcome:
    st.html(
        parts.facts(
            [
                ("Trainable", f"{result.trainable:,}"),
                ("Running statistics", f"{result.running:,}"),
                ("Receptive field", f"{result.receptive_field} px"),
                ("MACs an image", f"{result.macs / 1e6:,.2f} M"),
            ]
        )
    )
    st.html(parts.ledger_table(result))
    st.html(
        parts.note(
            "Sees: the side of the square of input pixels that one unit depends on; the marked row "
            "is the first to see all 28. Jump: input pixels between neighbouring units. Running: "
            "batch norm's means and variances, which Keras counts and parameters() misses."
        )
    )
    page.go("Train", "Train this network", ":material/play_arrow:")
