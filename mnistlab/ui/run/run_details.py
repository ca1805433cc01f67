"""What one run's files tell: its mistakes, its filters, its origin, as pieces of a page."""

from pathlib import Path

import numpy as np
import safetensors
from safetensors.numpy import load

from mnistlab.data.idx import read_images
from mnistlab.errors import CheckpointError, LabError
from mnistlab.markup import Markup
from mnistlab.stats.predictions import Predictions
from mnistlab.text import percent
from mnistlab.training.record import read_record
from mnistlab.ui.common import html

MISREAD_SHOWN = 36
TILE = 24
"""Pixels on the screen for one weight of a kernel."""


def accuracies(predictions: Predictions) -> Markup:
    """Each digit's accuracy and count of errors."""
    return html.metrics(
        [
            (f"{digit}: {score.errors} errors in {score.count:,}", percent(score.accuracy))
            if score
            else (f"{digit}: no images", "–")
            for digit, score in enumerate(predictions.by_digit())
        ]
    )


def misclassified(
    data: Path, predictions: Predictions, indices: "np.ndarray | None" = None
) -> Markup:
    """Test images with their labels and what was read, the surest mistake first."""
    chosen = predictions.errors_by_confidence() if indices is None else indices
    if not len(chosen):
        return html.empty("None.")
    try:
        images = read_images(data, "test", chosen[:MISREAD_SHOWN])
    except LabError as error:
        return html.caption(str(error))
    cards = [
        html.card(
            image,
            f"{predictions.labels[index]} read as {predictions.predicted[index]}",
            f"{percent(float(predictions.confidence[index]), 1)} sure, #{index}",
        )
        for image, index in zip(images, chosen, strict=False)
    ]
    more = len(chosen) - len(cards)
    rest = html.caption(f"… and {more} more.") if more > 0 else ""
    return html.cards(cards) + rest


def first_filters(checkpoint: Path) -> Markup:
    """The first layer's kernels, each scaled to its own largest weight: gray is nought.

    Raises CheckpointError if there is no checkpoint or it is damaged.
    """
    read_record(checkpoint)
    try:
        weights = load(checkpoint.read_bytes())
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{checkpoint.name} is damaged ({error}); train again.") from None
    kernels = next((value for value in weights.values() if value.shape[1:] == (1, 3, 3)), None)
    if kernels is None:
        return html.caption("The network does not begin with a 3×3 convolution.")
    peak = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    gray = np.round(127.5 + 127.5 * kernels / np.maximum(peak, 1e-12)).astype(np.uint8)
    tiles = [np.kron(kernel[0], np.ones((TILE, TILE), np.uint8)) for kernel in gray]
    told = (
        f"The {len(tiles)} kernels of the first 3×3 convolution. White weighs the pixel for, black "
        "against, gray not at all; each is scaled to its own strongest weight."
    )
    return html.grid(tiles, columns=8, scale=1, gap=10) + html.caption(told)


def environment(checkpoint: Path) -> list[tuple[str, str]]:
    """The machine and the versions a run was made with; nothing before its first epoch."""
    try:
        return list(read_record(checkpoint).environment.items())
    except CheckpointError:
        return []
