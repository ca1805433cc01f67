"""Preprocessing from the drawing to the 28×28 input, step by step; each step can be turned off."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from mnistlab.data.options import TTA_HELP, TTA_VIEWS
from mnistlab.drawing.digit import PreparedDigit, PreprocessingOptions
from mnistlab.markup import Markup
from mnistlab.ui.common import html
from mnistlab.ui.draw.canvas import Drawing

MAX_SIDE = 280
"""Pixels."""


def choose(has_strokes: bool) -> tuple[PreprocessingOptions, bool]:
    """The toggles of the steps, and of test-time augmentation.

    Without strokes, their width cannot be normalized here.
    """
    normalize = _toggle(
        "Normalize stroke width",
        "stroke_width",
        "Redraws the strokes at MNIST's median width, whatever the brush and the drawing's size.",
        disabled=not has_strokes,
    )
    crop = _toggle(
        "Crop to bounding box",
        "crop",
        "Resizes only the ink to 20×20. Off: the whole canvas.",
    )
    center = _toggle(
        "Center by mass",
        "center",
        "Puts the center of mass at the middle of 28×28. Off: the center of the box.",
    )
    tta = _toggle(
        f"Test-time augmentation ({len(TTA_VIEWS)} views)",
        "tta",
        TTA_HELP,
    )
    return PreprocessingOptions(
        normalize_stroke_width=normalize or not has_strokes, crop=crop, center=center
    ), tta


def is_default() -> bool:
    """Whether all steps are on, also one that a first stroke would turn off."""
    return all(
        st.session_state.get(f"step_{key}", True) for key in ("stroke_width", "crop", "center")
    )


def _toggle(label: str, key: str, text: str, disabled: bool = False) -> bool:
    return st.toggle(
        label, True, key=f"step_{key}", help=text, disabled=disabled, persist_state="session"
    )


def show(
    drawing: Drawing, digit: PreparedDigit | None, options: PreprocessingOptions, tta: bool
) -> None:
    """The drawing after every step."""
    image = drawing.image()
    if digit is None or image is None:
        st.html(html.empty("With a digit, each preprocessing step is shown here."))
        return
    st.html(html.cards(_cards(drawing, image, digit, options, tta)))
    caption = (
        "No step was needed: the digit is 28×28, in a 20×20 box centered by mass."
        if digit.is_unchanged
        else "The steps follow MNIST's own. Turn one off to see its effect."
    )
    st.html(html.caption(caption))


def _cards(
    drawing: Drawing,
    image: NDArray[np.uint8],
    digit: PreparedDigit,
    options: PreprocessingOptions,
    tta: bool,
) -> list[Markup]:
    has_strokes = bool(drawing.strokes)
    redrawn = has_strokes and options.normalize_stroke_width
    if digit.is_unchanged:
        cards = [html.card(digit.pixels, "Left unchanged", "already an image like MNIST's")]
    else:
        cards = [
            html.card(
                _thumbnail(image), "Input", "as drawn" if has_strokes else "ink found in the image"
            ),
            html.card(
                _thumbnail(digit.cropped),
                "Cropped" if options.crop else "Not cropped",
                "stroke width normalized" if redrawn else "original pixels",
            ),
            html.card(digit.scaled, "Resized to 20×20", "aspect ratio preserved"),
            html.card(
                digit.pixels,
                "Centered by mass" if options.center else "Centered by box",
                "28×28 input of the network",
            ),
        ]
    if tta:
        cards.append(html.card(_sheet(digit), f"{len(TTA_VIEWS)} views", "logits averaged"))
    return cards


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """At most as large as it is shown: a photo's ink would add megabytes to the page."""
    thumbnail = Image.fromarray(image)
    thumbnail.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
    return np.asarray(thumbnail)


def _sheet(digit: PreparedDigit) -> NDArray[np.uint8]:
    """The nine views as one image, three in a row."""
    from mnistlab.drawing.classifier import views_of

    framed = np.pad(views_of(digit), ((0, 0), (1, 1), (1, 1)), constant_values=90)
    side = framed.shape[1]
    return framed.reshape(3, 3, side, side).swapaxes(1, 2).reshape(3 * side, 3 * side)
