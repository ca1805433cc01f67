"""A run's predictions, filters and environment as pieces of HTML."""

from pathlib import Path

import numpy as np

from mnistlab.errors import CheckpointError
from mnistlab.markup import Markup
from mnistlab.stats.predictions import Predictions
from mnistlab.text import percent
from mnistlab.training.record import read_record
from mnistlab.training.tensor_file import read_checkpoint
from mnistlab.ui.common import html

WEIGHT_PIXELS = 24
FRAME = 160
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


def first_filters(checkpoint_path: Path) -> Markup:
    """The kernels of the first layer as gray images; middle gray is 0.

    Raises CheckpointError if there is no checkpoint or it is damaged.
    """
    _, weights = read_checkpoint(checkpoint_path)
    kernels = next((value for value in weights.values() if value.shape[1:] == (1, 3, 3)), None)
    if kernels is None:
        return html.caption("The first layer of this network is not a 3×3 convolution.")
    largest = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    gray = np.round(127.5 + 127.5 * kernels / np.maximum(largest, 1e-12)).astype(np.uint8)
    square = np.ones((WEIGHT_PIXELS, WEIGHT_PIXELS), np.uint8)
    # A frame, because white is a light page's own color.
    tiles = [np.pad(np.kron(kernel[0], square), 1, constant_values=FRAME) for kernel in gray]
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
