"""The tabs of the Design page, one function each."""

from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnistlab import zoo
from mnistlab.arch.advice.advise import advise
from mnistlab.arch.budget import filters_to_budget, parameter_formula
from mnistlab.arch.diff import align_rows
from mnistlab.arch.export.json_file import MAX_JSON, from_json, to_json
from mnistlab.arch.export.keras_summary import keras_summary
from mnistlab.arch.export.pytorch import pytorch_source
from mnistlab.arch.presets import PRESETS, get_preset
from mnistlab.arch.spec import INPUT_SIZE, Spec, named
from mnistlab.arch.summary import BUDGET, LayerSummary, NetworkSummary, summarize
from mnistlab.charts.receptive_field import receptive_field_picture
from mnistlab.data.download import DataError
from mnistlab.data.idx import read_images
from mnistlab.text import percent
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import get_mnist, html, page
from mnistlab.ui.common.svg import show_svg
from mnistlab.ui.downloads import take_home
from mnistlab.ui.downloads.buttons import Download, download_buttons
from mnistlab.uploads import NETWORK, megabytes

SetNetwork = Callable[[Spec], None]


def parameters(result: NetworkSummary, selected: str) -> None:
    """Each layer's parameters, their calculation, and the filters that fit the budget."""
    filters = {}
    for index, (name, layer) in enumerate(named(result.spec.layers)):
        more = filters_to_budget(result, index)
        if more is not None and layer.filters:
            # A layer keeps at least one filter, even if the network then stays over budget.
            filters[name] = f"{more:+,}" if layer.filters + more > 0 else "not alone"
    lines = [
        (
            row.name,
            f"{row.out_channels} × {row.out_size}²",
            f"{row.total:,}" if row.total else "–",
            parameter_formula(row) or "–",
            percent(row.total / result.total, 1) if row.total else "–",
            filters.get(row.name, ""),
        )
        for row in result.rows
    ]
    total = ("total", "", f"{result.total:,}", "", "", "")
    # As Keras's summary begins: three columns fit on a phone.
    head = ("Layer", "Output shape", "Parameters", "Calculation", "Share", "Filters to budget")
    st.html(html.table(head, [*lines, total], marked={selected}))
    total_note = (
        "Total counts batch norm's running mean and variance, as Keras does; PyTorch's "
        f"parameters() gives {result.trainable:,}. "
        if result.non_trainable
        else ""
    )
    st.html(
        html.caption(
            f"{total_note}Calculation: inputs · filters · kernel + biases + batch norm's 4 per "
            "channel. Filters to budget: filters to add (or remove) in this layer alone to reach "
            f"{BUDGET:,}; layers tied by residual connections change together."
        )
    )


def advice(result: NetworkSummary, set_network: SetNetwork) -> None:
    """Advice about the network, each with a button for its fix."""
    pieces = advise(result)
    if not pieces:
        st.html(html.empty("No issues found. Train this network."))
    for number, piece in enumerate(pieces):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.html(html.advice(piece.layer, piece.reason), width="stretch")
            if piece.fix:
                st.button(
                    piece.label,
                    key=f"advice{number}",
                    on_click=set_network,
                    args=(piece.fix,),
                    wrap=False,
                )


def receptive_field(
    result: NetworkSummary, selected: str, select_layer: Callable[[str], None]
) -> None:
    """The receptive field of every layer, over a training image."""
    index = st.session_state.setdefault("field_image", 0)
    image, damage = _training_image(index)
    picture, notes = st.columns([5, 3], gap="medium")
    with picture:
        show_svg(receptive_field_picture(result, selected, image), "fields", select_layer)
    with notes:
        row = next((row for row in result.rows if row.name == selected), result.rows[0])
        field = f"{row.receptive_field} × {row.receptive_field} px"
        st.html(
            html.metrics(
                [
                    (f"Receptive field of {row.name}", field),
                    ("Effective stride", f"{row.effective_stride} px"),
                ]
            )
        )
        covering = next((r.name for r in result.rows if r.receptive_field >= INPUT_SIZE), None)
        st.html(
            html.caption(
                "Select a layer. The square is the receptive field of its center unit; ticks mark "
                "unit centers. A 3×3 adds 2 strides; a 2×2 pool adds one, then doubles the stride. "
                + (
                    f"{covering} is the first to cover all {INPUT_SIZE} px."
                    if covering
                    else f"No layer covers all {INPUT_SIZE} px."
                )
            )
        )
        if image is None:
            get_mnist.show("receptive-field", "Until then this is a sketch.", damage)
        else:
            st.button("Next image", on_click=_next_image, icon=":material/refresh:")


def _next_image() -> None:
    st.session_state["field_image"] += 1


def _training_image(index: int) -> tuple[NDArray[np.uint8] | None, str]:
    """One of MNIST's training images; or None, and what is damaged, if it is not just missing."""
    folder = session_home().data
    try:
        image: NDArray[np.uint8] = read_images(folder, "train", [index])[0]
    except DataError as error:
        return None, get_mnist.damage(folder, error)
    return image, ""


def comparison(result: NetworkSummary) -> None:
    """The layers that differ from a preset's, and by how many parameters."""
    presets = {preset.heading: preset for preset in PRESETS}
    heading = st.selectbox(
        "Compare with",
        presets,
        index=list(presets).index(get_preset("target-4").heading),
        key="compare_with",
        persist_state="session",
    )
    preset = presets[heading]
    other = summarize(preset.spec)
    lines = []
    for mine, theirs in align_rows(result, other):
        if mine and theirs and _description(mine) == _description(theirs):
            continue
        difference = (mine.total if mine else 0) - (theirs.total if theirs else 0)
        name = mine.name if mine else f"({theirs.name})" if theirs else ""
        lines.append((name, _description(mine), _description(theirs), _signed(difference)))
    if not lines:
        st.html(html.empty("Identical layers."))
        return
    difference = result.total - other.total
    total = ("total", f"{result.total:,}", f"{other.total:,}", _signed(difference))
    head = ("Layer", "This network", preset.label, "Parameters")
    st.html(html.table(head, [*lines, total], left=3))
    st.html(
        html.caption(f"Only layers that differ. Names in parentheses are layers of {preset.label}.")
    )


def _signed(difference: int) -> str:
    return f"{difference:+,}" if difference else "0"


def _description(row: LayerSummary | None) -> str:
    """A layer in short: its type, output shape and parameters."""
    if row is None:
        return "–"
    return f"{row.label}, {row.out_channels} × {row.out_size}², {row.total:,}"


def export(spec: Spec, result: NetworkSummary, set_network: SetNetwork) -> None:
    """The network as PyTorch source, Keras summary or JSON; and the import of JSON."""
    formats = {
        "PyTorch": (pytorch_source(spec), "network.py", "python"),
        "Summary": (keras_summary(result), "network.txt", None),
        "JSON": (to_json(spec), "network.json", "json"),
    }
    name = st.segmented_control(
        "Format",
        list(formats),
        default="PyTorch",
        key="format",
        required=True,
        persist_state="session",
    )
    text, file_name, language = formats[name]
    st.code(text, language=language, height=380)
    download_buttons(Download(f"Download {file_name}", lambda: text, file_name, key="network-file"))
    preset = next((preset for preset in PRESETS if preset.spec == spec), None)
    if preset and (checkpoint := zoo.checkpoint(preset.name)):
        st.html(html.caption("This network, pretrained, for computers without mnistlab:"))
        take_home.downloads(checkpoint, preset.label, preset.name)
    st.file_uploader(
        "Import network (JSON)",
        "json",
        key="network_json",
        max_upload_size=megabytes(NETWORK),
        on_change=_import_network,
        args=(set_network,),
    )


def _import_network(set_network: SetNetwork) -> None:
    """Open the network of an uploaded file, or show what is wrong with it."""
    if file := st.session_state["network_json"]:
        # UTF-8 has at most four bytes per character; a longer file is invalid in any case.
        text = file.read(4 * MAX_JSON + 1).decode("utf-8", "replace")
        page.run_action(lambda: set_network(from_json(text)))
