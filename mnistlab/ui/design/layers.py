"""The bench's controls: every layer in its place, and the choices for the whole network."""

from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter

import streamlit as st

from mnistlab.arch import edit
from mnistlab.arch.spec import (
    MAX_DROPOUT,
    Activation,
    Conv,
    Dropout,
    Head,
    Layer,
    Spec,
    Transition,
    named,
)
from mnistlab.arch.summary import summarize
from mnistlab.ui.common import current_network, html, page

ACTIONS: dict[str, Callable[[Spec, int], Spec]] = {
    "Move up": lambda spec, at: edit.moved(spec, at, -1),
    "Move down": lambda spec, at: edit.moved(spec, at, 1),
    "Add a 3×3 below": lambda spec, at: edit.inserted(spec, at + 1, edit.matching_conv(spec, at)),
    "Add a transition below": lambda spec, at: edit.inserted(spec, at + 1, edit.transition(True)),
    "Add a partial transition below": lambda spec, at: edit.inserted(
        spec, at + 1, edit.transition(False)
    ),
    "Add a pool below": lambda spec, at: edit.inserted(spec, at + 1, Transition(None)),
    "Remove": edit.removed,
}
LABEL = 84
"""Pixels for a layer's name and what it is; any wider, and a phone cuts the line off."""
OPTIONS = {
    "padded": ("Padding", "Adds a border of zeros, so the output is as large as the input."),
    "residual": (
        "Residual connection",
        "Adds the layer's input to its output before the activation. Needs padding, and as many "
        "filters as channels come in.",
    ),
    "separable": (
        "Depthwise-separable",
        "One 3×3 kernel for each channel, then a 1×1 convolution: far fewer parameters.",
    ),
}
"""A 3×3 convolution's choices by their fields: what the controls call them, and why."""
Put = Callable[[Spec], None]
"""What takes a changed network: it puts it on the bench or says why that cannot be."""


def edit_layers(spec: Spec, put: Put) -> None:
    """One line a layer: its filters, its options or pool, and what can be done with it."""
    captions = {row.name: row.caption for row in summarize(spec).rows}
    for index, (name, layer) in enumerate(named(spec.layers)):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
            st.html(html.labeled(name, _caption(layer, captions[name])), width=LABEL)
            if layer.filters is None:
                st.space("stretch")
            else:
                _layer(index, name, layer, put)
            st.menu_button(
                "⋮",
                list(ACTIONS),
                key=f"menu{index}",
                help=f"Move {name}, remove it, add a layer below it",
                on_click=_act,
                args=(index, put),
            )


def _caption(layer: Layer, caption: str) -> str:
    """A transition's row is its 1×1 convolution; what follows is told with it."""
    if isinstance(layer, Conv) or layer.filters is None:
        return caption
    return f"{caption}, {'2×2 max' if layer.pooled else 'partial'}"


def _act(index: int, put: Put) -> None:
    action = ACTIONS[st.session_state[f"menu{index}"]]
    page.run_action(lambda: put(action(current_network.current(), index)))


def _layer(index: int, name: str, layer: Layer, put: Put) -> None:
    """The number of filters, and what a convolution or a transition can be."""
    get = st.session_state
    get[f"filters{index}"] = layer.filters

    def filters() -> None:
        number = get[f"filters{index}"]
        page.run_action(lambda: put(edit.with_filters(current_network.current(), index, number)))

    st.number_input(
        f"Filters of {name}",
        step=1,
        key=f"filters{index}",
        on_change=filters,
        label_visibility="collapsed",
        width=125,
    )
    if isinstance(layer, Conv):
        _options(index, name, layer, put)
        return
    get[f"pooled{index}"] = layer.pooled

    def pooled() -> None:
        new = replace(layer, pooled=get[f"pooled{index}"])
        page.run_action(lambda: put(edit.with_layer(current_network.current(), index, new)))

    st.toggle("pool", key=f"pooled{index}", on_change=pooled)


def _options(index: int, name: str, layer: Conv, put: Put) -> None:
    """Padding, the residual connection, and ordinary or depthwise-separable."""
    get = st.session_state

    def chosen() -> None:
        options = [option for option in OPTIONS if get[f"{option}{index}"]]
        new = edit.with_options(layer, options)
        page.run_action(lambda: put(edit.with_layer(current_network.current(), index, new)))

    with st.popover("", icon=":material/tune:", help=f"Options of {name}"):
        for option, (label, told) in OPTIONS.items():
            get[f"{option}{index}"] = getattr(layer, option)
            st.checkbox(label, key=f"{option}{index}", on_change=chosen, help=told)


def edit_choices(spec: Spec, put: Put) -> None:
    """Batch norm, biases, the activation, dropout and the head."""
    get = st.session_state
    get["batch_norm"], get["head"] = spec.batch_norm, spec.head
    get["dropout"], get["conv_bias"] = spec.dropout, spec.conv_bias
    get["activation"] = spec.activation
    if spec.dropout or "dropout_kind" not in get:
        # The text names the kind only where there is dropout: without, the choice stays here.
        get["dropout_kind"] = spec.dropout_kind

    def changed() -> None:
        put(
            replace(
                current_network.current(),
                head=get["head"],
                batch_norm=get["batch_norm"],
                conv_bias=get["conv_bias"] or not get["batch_norm"],
                dropout=round(get["dropout"], 4),
                dropout_kind=get["dropout_kind"],
                activation=get["activation"],
            )
        )

    left, right = st.columns(2)
    left.toggle("Batch norm", key="batch_norm", on_change=changed, help="After every 3×3.")
    right.toggle(
        "Bias in every 3×3",
        key="conv_bias",
        on_change=changed,
        disabled=not spec.batch_norm,
        help="Only batch norm makes it superfluous: its own shift does the same.",
    )
    left.number_input(
        "Dropout rate",
        min_value=0.0,
        max_value=MAX_DROPOUT,
        step=0.01,
        format="%.4g",
        key="dropout",
        on_change=changed,
        help="After every 3×3 convolution.",
    )
    right.selectbox(
        "Dropout type",
        list(Dropout),
        format_func=attrgetter("label"),
        key="dropout_kind",
        on_change=changed,
    )
    st.selectbox(
        "Activation",
        list(Activation),
        format_func=attrgetter("label"),
        key="activation",
        on_change=changed,
        help="After every hidden layer. Leaky ReLU keeps 1% of negative values; GELU is smooth, "
        "and slower.",
    )
    st.selectbox(
        "Head",
        list(Head),
        format_func=attrgetter("label"),
        key="head",
        on_change=changed,
    )
