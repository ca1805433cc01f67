"""Why the answer is what it is: evidence, feature maps, the nearest training digits."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mnistlab.arch.ledger import Row, ledger
from mnistlab.charts import maps as map_charts
from mnistlab.charts.evidence import tinted
from mnistlab.data.files import DataError
from mnistlab.data.pixels import images_at
from mnistlab.home import home
from mnistlab.sketch.digit import Digit
from mnistlab.sketch.reading import Reading
from mnistlab.training.score import percent
from mnistlab.ui import checkpoints, drawing, parts
from mnistlab.ui.checkpoints import Choice

if TYPE_CHECKING:
    from mnistlab.sketch.explain import Neighbours

NEAREST = 10
COVER, LAST = "By covering", "From the last maps"
COMPARED = 10_000
"""Training digits that a drawing is held against."""


def evidence(choice: Choice, digit: Digit, reading: Reading) -> None:
    """What speaks for and against each digit."""
    import torch

    from mnistlab.sketch.explain import exact_evidence, occlusion_evidence

    network, image = checkpoints.reader(choice).network, torch.from_numpy(digit.pixels.copy())
    exact = exact_evidence(network, image)
    way = COVER
    if exact:
        way = st.segmented_control(
            "How it is found", (COVER, LAST), default=COVER, required=True, key="evidence_way"
        )
    found = exact if exact and way == LAST else occlusion_evidence(network, image)
    # The common part of all ten scores decides nothing.
    values = found.maps - found.maps.mean(0)
    most = float(np.abs(values).max())
    st.html(
        parts.cards(
            [
                parts.card(
                    tinted(digit.pixels, values[number], most),
                    f"{number}",
                    percent(reading.probabilities[number], 1),
                )
                for number in reading.order
            ],
            large=True,
        )
    )
    if found.exact:
        side, field = found.maps.shape[-1], ledger(choice.record.spec).rows[-2].receptive_field
        note = (
            f"Exact: each score is a sum over the last maps' {side}×{side} units, drawn as squares "
            f"here, though each sees {field}×{field} pixels."
        )
    else:
        note = (
            "A square of 5×5 pixels is laid over the drawing at 225 places. Where covering costs a "
            "digit its score, the ink there spoke for it."
        )
        if not exact:
            note += " This network's last maps are too small to say where."
    st.html(parts.note(f"Green speaks for the digit, orange against it. {note}"))


def feature_maps(choice: Choice, digit: Digit) -> None:
    """What each layer makes of the drawing, and what a chosen unit sees of it."""
    import torch

    from mnistlab.sketch.explain import feature_maps as look

    network, image = checkpoints.reader(choice).network, torch.from_numpy(digit.pixels.copy())
    found = look(network, image)
    rows = {row.name: row for row in ledger(choice.record.spec).rows if row.name in found}
    get = st.session_state
    if get.get("maps_layer") not in rows:
        get["maps_layer"] = next(iter(rows))
    left, right = st.columns([1, 2])
    with left:
        row = rows[st.selectbox("Layer", rows, key="maps_layer", persist_state="session")]
        place = _unit(row)
        drawing.draw(map_charts.seen(digit.pixels, row, place), "maps_unit", _choose_unit)
        st.html(
            parts.note(
                f"The marked unit sees {row.receptive_field}×{row.receptive_field} pixels. "
                "Click on the drawing to choose another."
            )
        )
    with right:
        st.markdown(f"**{row.name}**: {row.out_channels} maps of {row.out_size}×{row.out_size}")
        drawing.draw(map_charts.layer(found[row.name], place), "maps_chosen", lambda name: None)
    with st.expander("All layers", expanded=True):
        for name, one in rows.items():
            st.html(parts.labelled(name, f"{one.out_channels} of {one.out_size}×{one.out_size}"))
            scale = 2 if one.out_size > 12 else 4 if one.out_size > 3 else 8
            st.html(parts.grid(map_charts.greys(found[name])[:64], 64, scale, gap=1))


def _unit(row: Row) -> tuple[int, int]:
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


def nearest(choice: Choice, digit: Digit) -> None:
    """The training digits that look most like the drawing to the last layer."""
    import torch

    folder = home().data
    try:
        with st.spinner(f"Looking at {COMPARED:,} training digits, once for this network …"):
            known = _neighbours(choice.path, choice.path.stat().st_mtime_ns, folder)
        image = torch.from_numpy(digit.pixels.copy())
        found = known.nearest(checkpoints.reader(choice).network, image, NEAREST)
        images = images_at(folder, "train", [index for index, _ in found])
    except DataError as error:
        st.html(parts.empty(str(error)))
        return
    st.html(
        parts.cards(
            [
                parts.card(picture, f"a {label}", f"training digit {index:,}")
                for picture, (index, label) in zip(images, found, strict=True)
            ]
        )
    )
    st.html(
        parts.note(
            f"Nearest first, of MNIST's first {COMPARED:,} training digits, by what the last layer "
            "is given: to the network these look most like the drawing."
        )
    )


@lru_cache(maxsize=16)
def _neighbours(path: Path, changed: int, folder: Path) -> "Neighbours":
    from mnistlab.data.mnist import load
    from mnistlab.sketch.explain import neighbours

    return neighbours(checkpoints.reader_of(path).network, load(folder).train[:COMPARED])
