"""Test images with a run's predictions: a click on one shows it larger, with ten probabilities."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnistlab.data.download import DataError
from mnistlab.data.idx import read_images
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.stats.predictions import Predictions
from mnistlab.store.run import RunSummary
from mnistlab.store.store import Store
from mnistlab.text import percent
from mnistlab.ui.common import checkpoints, get_mnist, html, page
from mnistlab.ui.common.svg import show_svg
from mnistlab.ui.draw import drawing_input

MAX_CARDS = 36


def show(
    home: Home,
    run: RunSummary,
    predictions: Predictions,
    indices: NDArray[np.int64],
    empty: str,
    key: str,
) -> None:
    """The test images with these indices as cards; `empty` is shown if there are none.

    `key` tells several such lists of a page apart.
    """
    if not len(indices):
        st.html(html.empty(empty))
        return
    try:
        images = read_images(home.data, "test", indices[:MAX_CARDS])
    except DataError as error:
        get_mnist.show(key, "The images are in it.", get_mnist.damage(home.data, error))
        return
    cards = [
        html.card(image, title(predictions, index), _note(predictions, index), part=str(index))
        for image, index in zip(images, indices.tolist(), strict=False)
    ]
    state, chosen = st.session_state, f"enlarged-{key}"

    def choose(index: str) -> None:
        state[chosen] = int(index)

    show_svg(html.cards(cards), key, choose)
    if (n_more := len(indices) - len(cards)) > 0:
        st.html(html.caption(f"… and {n_more:,} more."))
    if (index := state.pop(chosen, None)) is not None:
        heading = f"Test image {index:,}: {title(predictions, index)}"
        st.dialog(heading)(_show_image)(home, run, index)


def title(predictions: Predictions, index: int) -> str:
    return f"{predictions.labels[index]} predicted as {predictions.predicted[index]}"


def _note(predictions: Predictions, index: int) -> str:
    return f"{percent(float(predictions.confidence[index]), 1)}, #{index}"


def _show_image(home: Home, run: RunSummary, index: int) -> None:
    """The image and the saved checkpoint's prediction of it, with a link to Draw."""
    left, right = st.columns(2)
    image = read_images(home.data, "test", [index])[0]
    left.html(html.pixels(image, f"Test image {index}"))
    with right:
        try:
            st.html(html.bars(_probabilities(Store.of(home), run, image)))
        except LabError as error:
            page.show_error(error)
    st.html(
        html.caption(
            f"The probabilities of run {run.id}'s saved checkpoint, after temperature scaling. "
            "Draw shows which pixels they depend on, and the nearest training images."
        )
    )
    if st.button("Open in Draw", icon=":material/draw:", type="primary"):
        st.session_state["source"] = drawing_input.MNIST
        st.session_state["test_image"] = index
        st.switch_page("pages/draw.py", query_params={"run": str(run.id)})


def _probabilities(store: Store, run: RunSummary, image: NDArray[np.uint8]) -> tuple[float, ...]:
    """Raises CheckpointError if the run's checkpoint is damaged or missing."""
    from mnistlab.drawing.digit import PreparedDigit

    classifier = checkpoints.of_run(store, run)
    prepared = PreparedDigit(cropped=image, scaled=image, pixels=image)
    return classifier.predict(prepared, tta=False).probabilities
