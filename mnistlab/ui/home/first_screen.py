"""The first screen: a canvas with its prediction, and the networks by size and accuracy."""

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mnistlab import zoo
from mnistlab.arch.presets import TARGET_ACCURACY
from mnistlab.arch.summary import BUDGET
from mnistlab.charts.accuracy_by_size import Network, accuracy_by_size
from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.segmentation import segment_strokes
from mnistlab.errors import CheckpointError, LabError
from mnistlab.experiments.measured import stats
from mnistlab.experiments.steps import STEPS
from mnistlab.experiments.targets import TARGETS
from mnistlab.text import percent
from mnistlab.ui.common import checkpoints, html, page
from mnistlab.ui.common.svg import show_svg
from mnistlab.ui.draw import canvas, checkpoint, prediction

CHECKPOINT = "smallest"
"""The pretrained network that reads the first drawing."""
NUMBER = 1 + [step.name for step in STEPS].index(CHECKPOINT)
"""Its number in the figure."""


def show(new_page: bool, step: int, select: Callable[[str], None]) -> Callable[[], None]:
    """The canvas, the invitation and the figure; `select` is called with a point's step.

    Returned: what fills in the prediction. It imports torch, so it is called after all that can be
    seen without it.
    """
    with st.container(horizontal=True, gap="medium", key="first_screen"):
        canvas_column = st.container(width=canvas.SIDE + 10, key="first_canvas")
        answer_column = st.container(width=220, key="first_answer")
        figure_column = st.container(width="stretch", key="hero")
    with canvas_column:
        drawing = canvas.show(new_page)
        if not drawing.strokes:
            with st.container(key="ghost"):
                st.html(html.GHOST)
    with answer_column:
        place, link_place = st.empty(), st.container()
        if not drawing.strokes:
            place.html(_INVITATION)
    with figure_column:
        st.html(_FIGURE)
        show_svg(accuracy_by_size(_networks(), step), "hero_picture", select)
    return lambda: _answer(drawing, place, link_place)


def _answer(drawing: canvas.Drawing, place: DeltaGenerator, link_place: DeltaGenerator) -> None:
    """The small network's prediction; without a drawing the network is loaded for the first one."""
    path = zoo.checkpoint(CHECKPOINT)
    if path is None:
        return
    try:
        classifier = checkpoints.classifier(checkpoints.pretrained(path))
        digit = drawing.digit()
        if digit is None:
            return
        n_digits = len(segment_strokes(drawing.strokes))
        place.html(prediction.body(classifier.predict(digit, True), n_digits=n_digits))
        with link_place:
            st.page_link(
                "pages/draw.py",
                label="Why?",
                icon=":material/visibility:",
                query_params={"why": "true", checkpoint.PARAMETER: CHECKPOINT},
            )
    except (DigitError, LabError) as error:
        with place:
            page.show_error(error)


_INVITATION = html.answer("?", "Draw a digit.") + html.caption(
    f"Classified by network {NUMBER}, {STEPS[NUMBER - 1].title} "
    f"({STEPS[NUMBER - 1].total:,} parameters)."
)
_FIGURE = html.caption(
    "Accuracy by parameters. Blue: article's; green: ours; "
    f"shaded: goal ({percent(TARGET_ACCURACY)}, {BUDGET:,})."
)


def _networks() -> Sequence[Network]:
    """The steps' networks that have been measured; a damaged record is omitted."""
    networks = []
    for number, step in enumerate(STEPS, 1):
        try:
            ours = stats(step)
        except CheckpointError:
            continue  # the step itself shows the error
        if ours:
            networks.append(
                Network(
                    number,
                    f"{step.label}, {step.title}",
                    step.total,
                    ours.mean,
                    ours.confidence_interval,
                    in_article=step in TARGETS,
                )
            )
    return networks
