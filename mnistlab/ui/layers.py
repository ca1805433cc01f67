"""The bench's controls: every layer in its place, and the choices for the whole network."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from mnistlab.arch import edit
from mnistlab.arch.spec import MAX_DROPOUT, Conv, Dropout, Head, Layer, Spec, Transition, named
from mnistlab.ui import bench, page, parts

ACTIONS: dict[str, Callable[[Spec, int], Spec]] = {
    "Move up": lambda spec, at: edit.moved(spec, at, -1),
    "Move down": lambda spec, at: edit.moved(spec, at, 1),
    "Add a 3×3 below": lambda spec, at: edit.inserted(spec, at + 1, edit.like(spec, at)),
    "Add a transition below": lambda spec, at: edit.inserted(spec, at + 1, edit.transition(True)),
    "Add a partial transition below": lambda spec, at: edit.inserted(
        spec, at + 1, edit.transition(False)
    ),
    "Add a pool below": lambda spec, at: edit.inserted(spec, at + 1, Transition(None)),
    "Remove": edit.removed,
}
Put = Callable[[Spec], None]
"""What takes a changed network: it puts it on the bench or says why that cannot be."""


def edit_layers(spec: Spec, put: Put) -> None:
    """One line a layer: its filters, its pool or padding, and what can be done with it."""
    for index, (name, layer) in enumerate(named(spec.layers)):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
            st.html(parts.labelled(name, _kind(layer)), width=84)
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


def _act(index: int, put: Put) -> None:
    action = ACTIONS[st.session_state[f"menu{index}"]]
    page.attempt(lambda: put(action(bench.design(), index)))


def _kind(layer: Layer) -> str:
    if isinstance(layer, Conv):
        return "3×3"
    if layer.filters is None:
        return "2×2 max"
    return "1×1, 2×2 max" if layer.pooled else "1×1, partial"


def _layer(index: int, name: str, layer: Layer, put: Put) -> None:
    get = st.session_state
    switch = "padded" if isinstance(layer, Conv) else "pooled"
    get[f"filters{index}"], get[f"{switch}{index}"] = layer.filters, getattr(layer, switch)

    def changed() -> None:
        values = {"filters": get[f"filters{index}"], switch: get[f"{switch}{index}"]}
        page.attempt(lambda: put(edit.with_layer(bench.design(), index, replace(layer, **values))))

    st.number_input(
        f"Filters of {name}",
        step=1,
        key=f"filters{index}",
        on_change=changed,
        label_visibility="collapsed",
        width=125,
    )
    st.toggle("pad" if switch == "padded" else "pool", key=f"{switch}{index}", on_change=changed)


def edit_choices(spec: Spec, put: Put) -> None:
    """Batch norm, biases, dropout and the head."""
    get = st.session_state
    get["batch_norm"], get["head"] = spec.batch_norm, spec.head
    get["dropout"], get["conv_bias"] = spec.dropout, spec.conv_bias
    if spec.dropout or "dropout_kind" not in get:
        # The text names the kind only where there is dropout: without, the choice stays here.
        get["dropout_kind"] = spec.dropout_kind

    def changed() -> None:
        put(
            replace(
                bench.design(),
                head=get["head"],
                batch_norm=get["batch_norm"],
                conv_bias=get["conv_bias"] or not get["batch_norm"],
                dropout=round(get["dropout"], 4),
                dropout_kind=get["dropout_kind"],
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
        "Dropout after every 3×3",
        min_value=0.0,
        max_value=MAX_DROPOUT,
        step=0.01,
        format="%.4g",
        key="dropout",
        on_change=changed,
    )
    right.selectbox(
        "Dropout drops",
        list(Dropout),
        format_func={Dropout.ELEMENT: "elements", Dropout.CHANNEL: "whole channels"}.__getitem__,
        key="dropout_kind",
        on_change=changed,
    )
    st.selectbox(
        "Head",
        list(Head),
        format_func={
            Head.FULL: "1×1 to 10 maps, then a convolution over the whole map",
            Head.GAP: "global average, then linear",
        }.__getitem__,
        key="head",
        on_change=changed,
    )
