"""The way from a drawing to what the network gets, step by step, each of which can be left out."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from mnistlab.drawing.digit import PreparedDigit, PreprocessingOptions
from mnistlab.ui.common import html
from mnistlab.ui.draw.canvas import Drawing

SHOWN = 280
"""Pixels."""


def choose(strokes: bool) -> tuple[PreprocessingOptions, bool]:
    """The switches of the steps, and of the several looks; without strokes there is nothing to draw
    anew.
    """
    anew = _switch(
        "Draw the strokes anew",
        "anew",
        "At the thickness that MNIST's digits have, whatever the brush and the drawing's size.",
        disabled=not strokes,
    )
    crop = _switch(
        "Crop to the ink",
        "crop",
        "Only the ink is fitted into 20×20. Without it the whole canvas is.",
    )
    center = _switch(
        "Center by mass",
        "center",
        "The ink's center of mass comes to the middle of 28×28. Without it the box does.",
    )
    tta = _switch(
        "Look nine times",
        "looks",
        "The answer is the mean of nine looks: as it is, turned by 8° both ways, moved by a pixel "
        "in four directions, larger and smaller. Without it one look decides.",
    )
    return PreprocessingOptions(
        normalize_stroke_width=anew or not strokes, crop=crop, center=center
    ), tta


def _switch(label: str, key: str, why: str, disabled: bool = False) -> bool:
    return st.toggle(
        label, True, key=f"step_{key}", help=why, disabled=disabled, persist_state="session"
    )


def show(
    drawing: Drawing, digit: PreparedDigit | None, steps: PreprocessingOptions, tta: bool
) -> None:
    """The strip: the drawing after every step."""
    whole = drawing.picture()
    if digit is None or whole is None:
        st.html(html.empty("Every step from the drawing to what the network gets is shown here."))
        return
    anew = bool(drawing.strokes) and steps.normalize_stroke_width
    cards = [
        html.card(_small(whole), "As drawn", "any size, any place, any brush")
        if drawing.strokes
        else html.card(_small(whole), "The ink", "what was found in the picture"),
        html.card(
            _small(digit.cropped),
            "Cropped" if steps.crop else "Not cropped",
            "its strokes drawn anew" if anew else "its own pixels",
        ),
        html.card(digit.scaled, "Fitted", "into 20×20, proportions kept"),
        html.card(
            digit.pixels,
            "Centered" if steps.center else "Not centered",
            "28×28: what the network gets",
        ),
    ]
    if tta:
        cards.append(html.card(_sheet(digit), "Nine looks", "the answer is their mean"))
    st.html(html.cards(cards))
    st.html(html.caption("As MNIST's own digits were made. Switch a step off to see what breaks:"))


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As large as it is shown at most: a photo's ink would be megabytes in the page."""
    image = Image.fromarray(picture)
    image.thumbnail((SHOWN, SHOWN), Image.Resampling.BOX)
    return np.asarray(image)


def _sheet(digit: PreparedDigit) -> NDArray[np.uint8]:
    """The looks as one picture, three in a row."""
    from mnistlab.drawing.classifier import to_image

    framed = np.pad(to_image(digit), ((0, 0), (1, 1), (1, 1)), constant_values=90)
    side = framed.shape[1]
    return framed.reshape(3, 3, side, side).swapaxes(1, 2).reshape(3 * side, 3 * side)
