"""Explanations of a prediction: attribution, feature maps, the nearest training images."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnistlab.arch.summary import LayerSummary, summarize
from mnistlab.charts import feature_maps as charts
from mnistlab.charts.attribution import attribution_image
from mnistlab.data.download import DataError
from mnistlab.data.idx import read_images
from mnistlab.drawing.digit import PreparedDigit
from mnistlab.drawing.prediction import Prediction
from mnistlab.text import probability
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import checkpoints, get_mnist, html, svg
from mnistlab.ui.common.caching import OnceCache
from mnistlab.ui.common.checkpoints import CheckpointChoice

if TYPE_CHECKING:
    from mnistlab.drawing.explain import Attribution, NearestNeighbors

N_NEAREST = 10
N_ATTRIBUTED = 2
"""The likeliest digits, whose attributions are shown first."""
OCCLUSION, CLASS_ACTIVATION = "Occlusion", "Class activation map"
MAX_INDEXED = 10_000
"""Training images to search; fewer where the features are many or the network is slow."""
MAX_VALUES, MAX_MACS = 4_000_000, 20_000_000_000
"""Feature values in an index, and multiply–accumulates to compute it: about a second."""
MAX_MAPS = 64


def show_attribution(
    choice: CheckpointChoice, digit: PreparedDigit, prediction: Prediction
) -> None:
    """Which pixels support and oppose the two likeliest digits, or each of the ten."""
    import torch

    from mnistlab.drawing.explain import class_activation_maps, occlusion_maps

    network, image = checkpoints.classifier(choice).network, torch.from_numpy(digit.pixels.copy())
    activation = class_activation_maps(network, image)
    method = OCCLUSION
    if activation:
        method = st.segmented_control(
            "Method",
            (OCCLUSION, CLASS_ACTIVATION),
            default=OCCLUSION,
            required=True,
            key="attribution_method",
        )
    if activation and method == CLASS_ACTIVATION:
        attribution = activation
    else:
        attribution = occlusion_maps(network, image)
    # What all ten logits have in common does not change the prediction.
    values = attribution.maps - attribution.maps.mean(0)
    strongest = float(np.abs(values).max())
    all_digits = st.toggle("All ten digits", key="attribution_all", persist_state="session")
    shown = prediction.order if all_digits else prediction.order[:N_ATTRIBUTED]
    st.html(
        html.cards(
            [
                html.card(
                    attribution_image(digit.pixels, values[label], strongest),
                    f"{label}",
                    probability(prediction.probabilities[label]),
                )
                for label in shown
            ],
            large=True,
        )
    )
    text = _describe(choice, attribution, has_activation=activation is not None)
    st.html(html.caption(f"Green supports the digit, orange opposes it. {text}"))


def _describe(choice: CheckpointChoice, attribution: "Attribution", has_activation: bool) -> str:
    """How the attribution was computed."""
    from mnistlab.drawing.explain import PATCH, STARTS

    if attribution.exact:
        last = next(r for r in summarize(choice.record.spec).rows if r.name == attribution.layer)
        return (
            f"Exact: each logit is a bias plus a sum over the {last.out_size}×{last.out_size} "
            f"units of {last.name}, drawn as squares (receptive field {last.receptive_field} px). "
            "Shown: difference from the mean of the ten digits."
        )
    text = (
        f"A {PATCH}×{PATCH} patch hides the drawing at {len(STARTS) ** 2} positions. A pixel "
        "supports a digit if hiding it lowers the digit's logit."
    )
    if not has_activation:
        text += " The last feature maps of this network are too small for class activation maps."
    return text


def show_feature_maps(choice: CheckpointChoice, digit: PreparedDigit) -> None:
    """The feature maps of each layer, and the receptive field of a selected unit."""
    import torch

    from mnistlab.drawing.explain import feature_maps

    network, image = checkpoints.classifier(choice).network, torch.from_numpy(digit.pixels.copy())
    maps = feature_maps(network, image)
    layers = {row.name: row for row in summarize(choice.record.spec).rows if row.name in maps}
    state = st.session_state
    # Another checkpoint may have other layers.
    if state.get("maps_layer") not in layers:
        state["maps_layer"] = next(iter(layers))
    left, right = st.columns([1, 2])
    with left:
        layer = layers[st.selectbox("Layer", layers, key="maps_layer", persist_state="session")]
        unit = _choose_unit(layer)
        drawing = charts.receptive_field_of_unit(digit.pixels, layer, unit)
        svg.show_svg(drawing, "maps_unit", _set_unit)
        st.html(
            html.caption(
                f"Receptive field of the unit: {layer.receptive_field}×{layer.receptive_field} px. "
                "Click on the drawing to select another unit."
            )
        )
    with right:
        st.markdown(
            f"**{layer.name}**: {layer.out_channels} feature maps of "
            f"{layer.out_size}×{layer.out_size}"
        )
        svg.show_svg(charts.layer_maps(maps[layer.name], unit), "maps_selected", _set_unit)
    with st.expander("All layers", expanded=True):
        _show_all_layers(layers, maps)


def _show_all_layers(
    layers: Mapping[str, LayerSummary], maps: Mapping[str, NDArray[np.float32]]
) -> None:
    for name, layer in layers.items():
        first = f", first {MAX_MAPS} shown" if layer.out_channels > MAX_MAPS else ""
        size = f"{layer.out_size}×{layer.out_size}"
        st.html(html.labeled(name, f"{layer.out_channels} feature maps, {size}{first}"))
        scale = 2 if layer.out_size > 12 else 4 if layer.out_size > 3 else 8
        images = charts.grayscale(maps[name])[:MAX_MAPS]
        st.html(html.grid(images, MAX_MAPS, scale, gap=1))


def _choose_unit(layer: LayerSummary) -> tuple[int, int]:
    """Two sliders for a unit's row and column in its map; the center unit by default."""
    state = st.session_state
    for axis in ("row", "column"):
        if not 0 <= state.get(f"maps_{axis}", -1) < layer.out_size:
            state[f"maps_{axis}"] = (layer.out_size - 1) // 2
    if layer.out_size == 1:
        return 0, 0
    row, column = (
        st.slider(axis.capitalize(), 0, layer.out_size - 1, key=f"maps_{axis}")
        for axis in ("row", "column")
    )
    return row, column


def _set_unit(name: str) -> None:
    """Select the unit that was clicked, "row:column"."""
    row, _, column = name.partition(":")
    st.session_state["maps_row"], st.session_state["maps_column"] = int(row), int(column)


def show_nearest(choice: CheckpointChoice, digit: PreparedDigit) -> None:
    """The training images whose penultimate features are nearest to the drawing's."""
    import torch

    folder, count = session_home().data, _indexed_count(choice)
    if not get_mnist.show("nearest"):
        return
    try:
        with st.spinner(f"Indexing {count:,} training images…"):
            index = _index(choice, count, folder)
        image = torch.from_numpy(digit.pixels.copy())
        nearest = index.nearest(checkpoints.classifier(choice).network, image, N_NEAREST)
        images = read_images(folder, "train", [number for number, _ in nearest])
    except DataError as error:
        get_mnist.show("nearest", damage=get_mnist.damage(folder, error))
        return
    st.html(
        html.cards(
            [
                html.card(image, f"{label}", f"training image {number:,}")
                for image, (number, label) in zip(images, nearest, strict=True)
            ]
        )
    )
    st.html(
        html.caption(
            f"Nearest first, among MNIST's first {count:,} training images: Euclidean distance "
            "between the inputs of the last layer."
        )
    )


def _indexed_count(choice: CheckpointChoice) -> int:
    """How many training images to index within the limits on memory and time."""
    summary = summarize(choice.record.spec)
    n_features = summary.rows[-1].in_channels * summary.rows[-1].in_size ** 2
    return max(10, min(MAX_INDEXED, MAX_VALUES // n_features, MAX_MACS // summary.macs))


# By checkpoint, when it was written, and the folder of the training images; up to 16 MB each.
_INDICES: "OnceCache[tuple[Path, int, Path], NearestNeighbors]" = OnceCache(8)


def _index(choice: CheckpointChoice, count: int, folder: Path) -> "NearestNeighbors":
    """The penultimate features of the first training images.

    Computed once per checkpoint: others who need the same one wait for it, others do not.
    """

    def compute() -> "NearestNeighbors":
        from mnistlab.data.mnist import load
        from mnistlab.drawing.explain import index_images

        return index_images(checkpoints.classifier(choice).network, load(folder).train[:count])

    return _INDICES.get((choice.path, checkpoints.modified(choice.path), folder), compute)
