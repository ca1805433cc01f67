"""The Design page's controls: one line per layer, and the network-wide options."""

from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import Protocol

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
from mnistlab.classroom.task import Control
from mnistlab.ui.classroom.session_task import locked
from mnistlab.ui.common import current_network, html, page

ACTIONS: dict[str, Callable[[Spec, int], Spec]] = {
    "Move up": lambda spec, at: edit.moved(spec, at, -1),
    "Move down": lambda spec, at: edit.moved(spec, at, 1),
    "Insert 3×3 convolution below": lambda spec, at: edit.inserted(
        spec, at + 1, edit.matching_conv(spec, at)
    ),
    "Insert transition below": lambda spec, at: edit.inserted(spec, at + 1, edit.transition(True)),
    "Insert partial transition below": lambda spec, at: edit.inserted(
        spec, at + 1, edit.transition(False)
    ),
    "Insert max-pool below": lambda spec, at: edit.inserted(spec, at + 1, Transition(None)),
    "Remove": edit.removed,
}
LABEL_WIDTH, FILTERS_WIDTH, OPTIONS_WIDTH = 80, 122, 70
"""Pixels for a layer's name and type, its filters, and the button that opens the options. If they
were wider, a phone would cut off the line; below 120 pixels, a number has no − and +.
"""
OPTIONS = {
    "padded": ("Padding", "Adds a border of zeros, so that the output has the size of the input."),
    "residual": (
        "Residual connection",
        "Adds the layer's input to its output before the activation. Needs padding, and as many "
        "filters as input channels.",
    ),
    "separable": (
        "Depthwise-separable",
        "One 3×3 kernel per input channel, then a 1×1 convolution: far fewer parameters.",
    ),
}
"""A 3×3 convolution's options by field name, each with its label and help."""


class SetNetwork(Protocol):
    """Makes an edited network the current one, or shows why it cannot be built.

    `control` is the key of a control that is changed in small steps, which are undone together.
    """

    def __call__(self, spec: Spec, control: str = "") -> None: ...


def edit_layers(spec: Spec, set_network: SetNetwork) -> None:
    """One line per layer: its filters, its options or pool, and a menu of actions."""
    are_layers_locked = Control.LAYERS in locked()
    captions = {row.name: row.caption for row in summarize(spec).rows}
    for index, (name, layer) in enumerate(named(spec.layers)):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
            st.html(html.labeled(name, _caption(layer, captions[name])), width=LABEL_WIDTH)
            if layer.filters is None:
                st.space(FILTERS_WIDTH + OPTIONS_WIDTH + 8)  # as wide as the other lines' controls
            else:
                _layer(index, name, layer, set_network)
            st.menu_button(
                "⋮",
                list(ACTIONS),
                key=f"menu{index}",
                help=f"Move or remove {name}, insert a layer below",
                on_click=_act,
                disabled=are_layers_locked,
                args=(index, set_network),
            )


def _caption(layer: Layer, caption: str) -> str:
    """A layer's type in short; a transition's row is its 1×1 convolution alone."""
    if isinstance(layer, Conv) or layer.filters is None:
        return caption
    return f"{caption}, {'2×2 max' if layer.pooled else 'partial'}"


def _act(index: int, set_network: SetNetwork) -> None:
    action = ACTIONS[st.session_state[f"menu{index}"]]
    page.run_action(lambda: set_network(action(current_network.current(), index)))


def _layer(index: int, name: str, layer: Layer, set_network: SetNetwork) -> None:
    """The number of filters, and the options of a convolution or a transition."""
    state = st.session_state
    state[f"filters{index}"] = layer.filters

    def update_filters() -> None:
        filters = state[f"filters{index}"]
        page.run_action(
            lambda: set_network(
                edit.with_filters(current_network.current(), index, filters), f"filters{index}"
            )
        )

    st.number_input(
        f"Filters of {name}",
        step=1,
        key=f"filters{index}",
        on_change=update_filters,
        disabled=Control.FILTERS in locked(),
        label_visibility="collapsed",
        width=FILTERS_WIDTH,
    )
    if isinstance(layer, Conv):
        _options(index, name, layer, set_network)
        return
    state[f"pooled{index}"] = layer.pooled

    def update_pool() -> None:
        new = replace(layer, pooled=state[f"pooled{index}"])
        page.run_action(lambda: set_network(edit.with_layer(current_network.current(), index, new)))

    st.toggle(
        "pool",
        key=f"pooled{index}",
        on_change=update_pool,
        disabled=Control.LAYERS in locked(),
        width=OPTIONS_WIDTH,
    )


def _options(index: int, name: str, layer: Conv, set_network: SetNetwork) -> None:
    """A popover: padding, residual connection, depthwise-separable."""
    state = st.session_state

    key = f"options{index}"
    state[key] = [option for option in OPTIONS if getattr(layer, option)]

    def update_options() -> None:
        new = edit.with_options(layer, state[key])
        page.run_action(lambda: set_network(edit.with_layer(current_network.current(), index, new)))

    with st.popover("", icon=":material/tune:", help=f"Options of {name}", width=OPTIONS_WIDTH):
        st.pills(
            f"Options of {name}",
            list(OPTIONS),
            format_func=lambda option: OPTIONS[option][0],
            selection_mode="multi",
            key=key,
            on_change=update_options,
            disabled=Control.LAYERS in locked(),
            help="\n".join(f"- **{label}**: {text}" for label, text in OPTIONS.values()),
        )


def edit_options(spec: Spec, set_network: SetNetwork) -> None:
    """Batch norm, biases, the activation, dropout and the head."""
    state = st.session_state
    state["batch_norm"], state["head"] = spec.batch_norm, spec.head
    state["dropout"], state["conv_bias"] = spec.dropout, spec.conv_bias
    state["activation"] = spec.activation
    if spec.dropout or "dropout_kind" not in state:
        # At rate 0 the network string has no dropout type, so the session keeps it.
        state["dropout_kind"] = spec.dropout_kind

    def update_network(control: str = "") -> None:
        set_network(
            replace(
                current_network.current(),
                head=state["head"],
                batch_norm=state["batch_norm"],
                conv_bias=state["conv_bias"] or not state["batch_norm"],
                dropout=round(state["dropout"], 4),
                dropout_kind=state["dropout_kind"],
                activation=state["activation"],
            ),
            control,
        )

    fixed = locked()
    left, right = st.columns(2)
    left.toggle(
        "Batch norm",
        key="batch_norm",
        on_change=update_network,
        disabled=Control.BATCH_NORM in fixed,
        help="After every 3×3 convolution.",
    )
    right.toggle(
        "Convolution bias",
        key="conv_bias",
        on_change=update_network,
        disabled=not spec.batch_norm or Control.BATCH_NORM in fixed,
        help="Redundant with batch norm, whose shift replaces it.",
    )
    left.number_input(
        "Dropout rate",
        min_value=0.0,
        max_value=MAX_DROPOUT,
        step=0.01,
        format="%.4g",
        key="dropout",
        on_change=update_network,
        args=("dropout",),
        disabled=Control.DROPOUT in fixed,
        help="After every 3×3 convolution.",
    )
    right.selectbox(
        "Dropout type",
        list(Dropout),
        format_func=attrgetter("label"),
        key="dropout_kind",
        on_change=update_network,
        disabled=Control.DROPOUT in fixed,
    )
    st.selectbox(
        "Activation",
        list(Activation),
        format_func=attrgetter("label"),
        key="activation",
        on_change=update_network,
        disabled=Control.ACTIVATION in fixed,
        help=" ".join(["After every hidden layer.", *(each.help for each in Activation)]),
    )
    st.selectbox(
        "Head",
        list(Head),
        format_func=attrgetter("label"),
        key="head",
        on_change=update_network,
        disabled=Control.HEAD in fixed,
    )
