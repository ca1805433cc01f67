"""What follows from a design: one function for each tab of the page."""

from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnistlab.arch.advice.advise import advise
from mnistlab.arch.budget import filters_to_budget, parameter_formula
from mnistlab.arch.diff import align_rows
from mnistlab.arch.export.json_file import MAX_JSON, from_json, to_json
from mnistlab.arch.export.keras_summary import keras_summary
from mnistlab.arch.export.pytorch import pytorch_source
from mnistlab.arch.presets import ARTICLE_PRESETS, PRESETS
from mnistlab.arch.spec import INPUT_SIZE, Spec, named
from mnistlab.arch.summary import LayerSummary, NetworkSummary, summarize
from mnistlab.charts.receptive_field import receptive_field_picture
from mnistlab.data.download import DataError
from mnistlab.data.idx import read_images
from mnistlab.home import home
from mnistlab.text import percent
from mnistlab.ui.common import html, page
from mnistlab.ui.common.svg import show_svg
from mnistlab.uploads import NETWORK, megabytes

Put = Callable[[Spec], None]


def parameters(result: NetworkSummary, chosen: str) -> None:
    """Every row's parameters, how they are reckoned, and what would still fit."""
    fits = {}
    for index, (name, layer) in enumerate(named(result.spec.layers)):
        more = filters_to_budget(result, index)
        if more is not None and layer.filters:
            # A layer keeps one filter at the least, whatever has to go.
            fits[name] = f"{more:+,}" if layer.filters + more > 0 else "not by itself"
    lines = [
        (
            row.name,
            parameter_formula(row) or "–",
            f"{row.out_channels} × {row.out_size}²",
            f"{row.total:,}" if row.total else "–",
            percent(row.total / result.total, 1) if row.total else "–",
            fits.get(row.name, ""),
        )
        for row in result.rows
    ]
    total = ("total", "", "", f"{result.total:,}", "", "")
    head = ("Layer", "Reckoned as", "Output", "Parameters", "Share", "Filters that fit")
    st.html(html.table(head, [*lines, total], left=2, marked={chosen}))
    st.html(
        html.caption(
            f"Keras and the article count {result.total:,}, PyTorch's parameters() "
            f"{result.trainable:,}: the {result.non_trainable:,} between are batch norm's "
            "running means "
            "and variances, which no gradient moves and no prediction can do without. Reckoned as: "
            "inputs · filters · kernel + biases + batch norm's scale, shift, mean and variance. "
            "Filters that fit: how many more (or fewer) in this layer alone fill the budget, the "
            "next layer's share of them included; layers that residual connections tie together "
            "change together."
        )
    )


def advice(result: NetworkSummary, put: Put) -> None:
    """What there is to say about the design, with reasons and a mend where there is one."""
    found = advise(result)
    if not found:
        st.html(html.empty("Nothing to say against this design. Train it."))
    for number, one in enumerate(found):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.html(html.advice(one.layer, one.reason), width="stretch")
            if one.change:
                st.button(
                    one.label, key=f"advice{number}", on_click=put, args=(one.change,), wrap=False
                )


def sight(result: NetworkSummary, chosen: str, choose: Callable[[str], None]) -> None:
    """The receptive-field ruler over a digit."""
    number = st.session_state.setdefault("ruler_digit", 0)
    digit = _digit(number)
    shown, told = st.columns([5, 3], gap="medium")
    with shown:
        show_svg(receptive_field_picture(result, chosen, digit), "ruler", choose)
    with told:
        row = next((row for row in result.rows if row.name == chosen), result.rows[0])
        sees = f"{row.receptive_field} × {row.receptive_field} px"
        st.html(
            html.metrics(
                [(f"One unit of {row.name} sees", sees), ("Jump", f"{row.effective_stride} px")]
            )
        )
        reach = next((r.name for r in result.rows if r.receptive_field >= INPUT_SIZE), None)
        st.html(
            html.caption(
                "Choose a layer: the bright square is what the unit in the middle of its map sees. "
                "The ticks are where the layer's units look, one jump apart. A 3×3 sees two jumps "
                "more than the layer before it, a pool doubles the jump, a 1×1 adds nothing. "
                + (
                    f"{reach} is the first to see all {INPUT_SIZE} pixels."
                    if reach
                    else f"No unit sees all {INPUT_SIZE} pixels."
                )
            )
        )
        if digit is None:
            st.html(html.caption("MNIST is fetched with the first training; this three is drawn."))
        else:
            st.button("Another digit", on_click=_another, icon=":material/refresh:")


def _another() -> None:
    st.session_state["ruler_digit"] += 1


def _digit(number: int) -> NDArray[np.uint8] | None:
    """One of MNIST's training images, None before they are fetched."""
    try:
        image: NDArray[np.uint8] = read_images(home().data, "train", [number])[0]
    except DataError:
        return None
    return image


def comparison(result: NetworkSummary) -> None:
    """The rows that differ from a preset's, and by how much."""
    names = {one.heading: one.spec for one in PRESETS}
    start = [one.heading for one in PRESETS].index(ARTICLE_PRESETS[3].heading)
    other = summarize(
        names[
            st.selectbox(
                "Compared with", names, index=start, key="compared_with", persist_state="session"
            )
        ]
    )
    lines = []
    for mine, theirs in align_rows(result, other):
        if mine and theirs and _what(mine) == _what(theirs):
            continue
        gap = (mine.total if mine else 0) - (theirs.total if theirs else 0)
        name = mine.name if mine else f"({theirs.name})" if theirs else ""
        lines.append((name, _what(mine), _what(theirs), f"{gap:+,}" if gap else "0"))
    if not lines:
        st.html(html.empty("Row by row the same."))
        return
    gap = result.total - other.total
    total = ("total", f"{result.total:,}", f"{other.total:,}", f"{gap:+,}" if gap else "0")
    st.html(html.table(("Layer", "Here", "There", "Parameters"), [*lines, total], left=3))
    st.html(html.caption("Only rows that differ; a name in brackets is the other network's."))


def _what(row: LayerSummary | None) -> str:
    """A row in short: what it does, its shape, its parameters."""
    if row is None:
        return "–"
    return f"{row.label}, {row.out_channels} × {row.out_size}², {row.total:,}"


def files(spec: Spec, result: NetworkSummary, put: Put) -> None:
    """The network as source, as a summary, as JSON; and a JSON taken in."""
    forms = {
        "PyTorch": (pytorch_source(spec), "network.py", "python"),
        "Summary": (keras_summary(result), "network.txt", None),
        "JSON": (to_json(spec), "network.json", "json"),
    }
    form = st.segmented_control(
        "Form", list(forms), default="PyTorch", key="form", required=True, persist_state="session"
    )
    text, name, language = forms[form]
    st.code(text, language=language, height=380)
    st.download_button(
        f"Download {name}", text, name, on_click="ignore", icon=":material/download:"
    )
    st.file_uploader(
        "Open a network's JSON",
        "json",
        key="network_json",
        max_upload_size=megabytes(NETWORK),
        on_change=_take,
        args=(put,),
    )


def _take(put: Put) -> None:
    """Put the network of an uploaded file on the bench, or say what is wrong with it."""
    if given := st.session_state["network_json"]:
        # Four bytes a character are the most that UTF-8 needs; what is longer is not read.
        text = given.read(4 * MAX_JSON + 1).decode("utf-8", "replace")
        page.run_action(lambda: put(from_json(text)))
