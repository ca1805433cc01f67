"""Why the answer is what it is: evidence, feature maps, the nearest training digits."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mnistlab.arch.summary import LayerSummary, summarize
from mnistlab.charts import feature_maps as map_charts
from mnistlab.charts.attribution import attribution_image
from mnistlab.data.download import DataError
from mnistlab.data.idx import read_images
from mnistlab.drawing.digit import PreparedDigit
from mnistlab.drawing.prediction import Prediction
from mnistlab.home import home
from mnistlab.text import percent
from mnistlab.ui.common import checkpoints, html, svg
from mnistlab.ui.common.caching import OnceCache
from mnistlab.ui.common.checkpoints import CheckpointChoice

if TYPE_CHECKING:
    from mnistlab.drawing.explain import NearestNeighbors

NEAREST = 10
COVER, LAST = "By covering", "From the last maps"
COMPARED = 10_000
"""Training digits that a drawing is held against, fewer of what is wide or slow."""
MOST_NUMBERS, MOST_WORK = 4_000_000, 20_000_000_000
"""Features that are kept of them, and multiply–accumulates: about a second."""
MOST_MAPS = 64


def show_attribution(
    choice: CheckpointChoice, digit: PreparedDigit, prediction: Prediction
) -> None:
    """What speaks for and against each digit."""
    import torch

    from mnistlab.drawing.explain import PATCH, STARTS, class_activation_maps, occlusion_maps

    network, image = checkpoints.classifier(choice).network, torch.from_numpy(digit.pixels.copy())
    exact = class_activation_maps(network, image)
    way = COVER
    if exact:
        way = st.segmented_control(
            "How it is found", (COVER, LAST), default=COVER, required=True, key="evidence_way"
        )
    found = exact if exact and way == LAST else occlusion_maps(network, image)
    # The common part of all ten scores decides nothing.
    values = found.maps - found.maps.mean(0)
    most = float(np.abs(values).max())
    st.html(
        html.cards(
            [
                html.card(
                    attribution_image(digit.pixels, values[number], most),
                    f"{number}",
                    percent(prediction.probabilities[number], 1),
                )
                for number in prediction.order
            ],
            large=True,
        )
    )
    if found.exact:
        last = next(r for r in summarize(choice.record.spec).rows if r.name == found.label)
        side, field = last.out_size, last.receptive_field
        note = (
            f"Exact: but for its bias each score is a sum over the {side}×{side} units of "
            f"{found.label}, drawn as squares here, though each sees {field}×{field} pixels. "
            "Shown is "
            "what a digit gets beyond the ten's mean."
        )
    else:
        note = (
            f"A square of {PATCH}×{PATCH} pixels is laid over the drawing at {len(STARTS) ** 2} "
            "places. Where covering costs a digit its score, the ink there spoke for it."
        )
        if not exact:
            note += " This network's last maps are too small to say where."
    st.html(html.caption(f"Green speaks for the digit, orange against it. {note}"))


def show_feature_maps(choice: CheckpointChoice, digit: PreparedDigit) -> None:
    """What each layer makes of the drawing, and what a chosen unit sees of it."""
    import torch

    from mnistlab.drawing.explain import feature_maps as look

    network, image = checkpoints.classifier(choice).network, torch.from_numpy(digit.pixels.copy())
    found = look(network, image)
    rows = {row.name: row for row in summarize(choice.record.spec).rows if row.name in found}
    get = st.session_state
    if get.get("maps_layer") not in rows:
        get["maps_layer"] = next(iter(rows))
    left, right = st.columns([1, 2])
    with left:
        row = rows[st.selectbox("Layer", rows, key="maps_layer", persist_state="session")]
        place = _unit(row)
        svg.show_svg(map_charts.seen(digit.pixels, row, place), "maps_unit", _choose_unit)
        st.html(
            html.caption(
                f"The marked unit sees {row.receptive_field}×{row.receptive_field} pixels. "
                "Click on the drawing to choose another."
            )
        )
    with right:
        st.markdown(f"**{row.name}**: {row.out_channels} maps of {row.out_size}×{row.out_size}")
        svg.show_svg(map_charts.layer(found[row.name], place), "maps_chosen", _choose_unit)
    with st.expander("All layers", expanded=True):
        for name, one in rows.items():
            first = f", the first {MOST_MAPS} shown" if one.out_channels > MOST_MAPS else ""
            told = f"{one.out_channels} of {one.out_size}×{one.out_size}{first}"
            st.html(html.labeled(name, told))
            scale = 2 if one.out_size > 12 else 4 if one.out_size > 3 else 8
            shown = map_charts.grays(found[name])[:MOST_MAPS]
            st.html(html.grid(shown, MOST_MAPS, scale, gap=1))


def _unit(row: LayerSummary) -> tuple[int, int]:
    """The unit's row and column in its map, by two sliders; the middle at first."""
    get = st.session_state
    for axis in ("row", "column"):
        if not 0 <= get.get(f"maps_{axis}", -1) < row.out_size:
            get[f"maps_{axis}"] = (row.out_size - 1) // 2
    if row.out_size == 1:
        return 0, 0
    down, across = (
        st.slider(axis.capitalize(), 0, row.out_size - 1, key=f"maps_{axis}")
        for axis in ("row", "column")
    )
    return down, across


def _choose_unit(name: str) -> None:
    down, _, across = name.partition(":")
    st.session_state["maps_row"], st.session_state["maps_column"] = int(down), int(across)


def show_nearest(choice: CheckpointChoice, digit: PreparedDigit) -> None:
    """The training digits that look most like the drawing to the last layer."""
    import torch

    folder, count = home().data, _compared(choice)
    try:
        with st.spinner(f"Looking at {count:,} training digits, once for this network …"):
            known = _index(choice, count, folder)
        image = torch.from_numpy(digit.pixels.copy())
        found = known.nearest(checkpoints.classifier(choice).network, image, NEAREST)
        images = read_images(folder, "train", [index for index, _ in found])
    except DataError as error:
        st.html(html.empty(str(error)))
        return
    st.html(
        html.cards(
            [
                html.card(picture, f"a {label}", f"training digit {index:,}")
                for picture, (index, label) in zip(images, found, strict=True)
            ]
        )
    )
    st.html(
        html.caption(
            f"Nearest first, of MNIST's first {count:,} training digits, by what the last layer "
            "is given: to the network these look most like the drawing."
        )
    )


def _compared(choice: CheckpointChoice) -> int:
    """How many training digits are looked at, so that nobody waits long."""
    made = summarize(choice.record.spec)
    width = made.rows[-1].in_channels * made.rows[-1].in_size ** 2
    return max(10, min(COMPARED, MOST_NUMBERS // width, MOST_WORK // made.macs))


# By checkpoint, when it was written, and the folder of the training digits; up to 16 MB each.
_NEIGHBOURS: "OnceCache[tuple[Path, int, Path], NearestNeighbors]" = OnceCache(8)


def _index(choice: CheckpointChoice, count: int, folder: Path) -> "NearestNeighbors":
    """The first training digits as the checkpoint's last layer is given them.

    Of several visitors who ask for one checkpoint's, one looks and the others wait; those who ask
    for another's do not.
    """

    def look() -> "NearestNeighbors":
        from mnistlab.data.mnist import load
        from mnistlab.drawing.explain import index_images

        return index_images(checkpoints.classifier(choice).network, load(folder).train[:count])

    return _NEIGHBOURS.get((choice.path, checkpoints.changed(choice.path), folder), look)
