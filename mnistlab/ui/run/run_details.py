"""A run's predictions, filters and environment as pieces of HTML."""

from pathlib import Path

import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import load

from mnistlab.data.idx import read_images
from mnistlab.errors import CheckpointError, LabError
from mnistlab.markup import Markup
from mnistlab.stats.predictions import Predictions
from mnistlab.text import percent
from mnistlab.training.record import read_record
from mnistlab.ui.common import html

MAX_CARDS = 36
WEIGHT_PIXELS = 24
"""Side of the square on the screen that shows one weight of a kernel."""


def accuracies(predictions: Predictions) -> Markup:
    """Each digit's accuracy and number of errors."""
    return html.metrics(
        [
            (f"{digit}: {score.errors} errors in {score.count:,}", percent(score.accuracy))
            if score
            else (f"{digit}: no images", "–")
            for digit, score in enumerate(predictions.by_digit())
        ]
    )


def misclassified(
    data: Path, predictions: Predictions, indices: NDArray[np.int64] | None = None
) -> Markup:
    """Test images with their labels and predictions: those given, or else all errors.

    Errors come in the order of their confidence, the most confident first.
    """
    shown = predictions.errors_by_confidence() if indices is None else indices
    if not len(shown):
        return html.empty("No misclassified images." if indices is None else "No such images.")
    try:
        images = read_images(data, "test", shown[:MAX_CARDS])
    except LabError as error:
        return html.caption(str(error))
    cards = [
        html.card(
            image,
            f"{predictions.labels[index]} predicted as {predictions.predicted[index]}",
            f"{percent(float(predictions.confidence[index]), 1)}, #{index}",
        )
        for image, index in zip(images, shown, strict=False)
    ]
    n_more = len(shown) - len(cards)
    more = html.caption(f"… and {n_more:,} more.") if n_more > 0 else ""
    return html.cards(cards) + more


def first_filters(checkpoint_path: Path) -> Markup:
    """The kernels of the first layer as gray images; middle gray is 0.

    Raises CheckpointError if there is no checkpoint or it is damaged.
    """
    read_record(checkpoint_path)
    try:
        weights = load(checkpoint_path.read_bytes())
    except (OSError, safetensors.SafetensorError) as error:
        name = checkpoint_path.name
        raise CheckpointError(f"{name} is damaged ({error}). Train again.") from None
    kernels = next((value for value in weights.values() if value.shape[1:] == (1, 3, 3)), None)
    if kernels is None:
        return html.caption("The first layer of this network is not a 3×3 convolution.")
    largest = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    gray = np.round(127.5 + 127.5 * kernels / np.maximum(largest, 1e-12)).astype(np.uint8)
    square = np.ones((WEIGHT_PIXELS, WEIGHT_PIXELS), np.uint8)
    tiles = [np.kron(kernel[0], square) for kernel in gray]
    return html.grid(tiles, columns=8, scale=1, gap=10) + html.caption(
        f"The {len(tiles)} kernels of the first 3×3 convolution, each scaled to its largest "
        "weight. White: positive, black: negative, gray: 0."
    )


def environment(checkpoint_path: Path) -> list[tuple[str, str]]:
    """The machine and the versions that trained a run; none before its first epoch."""
    try:
        return list(read_record(checkpoint_path).environment.items())
    except CheckpointError:
        return []
