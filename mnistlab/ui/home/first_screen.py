"""The first screen: a canvas with its prediction, and the networks by size and accuracy."""

from collections.abc import Callable, Sequence

import streamlit as st

from mnistlab import zoo
from mnistlab.arch.summary import summarize
from mnistlab.charts.accuracy_by_size import Network, accuracy_by_size
from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.segmentation import segment_strokes
from mnistlab.errors import CheckpointError, LabError
from mnistlab.experiments.measured import stats
from mnistlab.experiments.steps import STEPS
from mnistlab.experiments.targets import TARGETS
from mnistlab.markup import Markup
from mnistlab.ui.common import checkpoints, html, page
from mnistlab.ui.common.svg import show_svg
from mnistlab.ui.draw import canvas, checkpoint, prediction

CHECKPOINT = "smallest"
"""The pretrained network that reads the first drawing."""
NUMBER = 1 + [step.name for step in STEPS].index(CHECKPOINT)
"""Its number in the figure."""


def show(new_page: bool, step: int, select: Callable[[str], None]) -> None:
    """The canvas, its prediction, and the figure; `select` is called with a point's step."""
    with st.container(horizontal=True, gap="medium", key="first_screen"):
        canvas_column = st.container(width=canvas.SIDE + 10, key="first_canvas")
        answer_column = st.container(width=220, key="first_answer")
        figure_column = st.container(width="stretch", key="hero")
    with canvas_column:
        drawing = canvas.show(new_page)
        if not drawing.strokes:
            st.html(html.GHOST)
    with figure_column:
        show_svg(accuracy_by_size(_networks(), step), "hero_picture", select)
    with answer_column:
        # torch is imported here at the latest, after all that can be seen without it.
        _answer(drawing)


def _answer(drawing: canvas.Drawing) -> None:
    """The small network's prediction, or the invitation to draw."""
    path = zoo.checkpoint(CHECKPOINT)
    if path is None:
        return
    place, link_place = st.empty(), st.container()
    try:
        choice = checkpoints.pretrained(path)
        if not drawing.strokes:
            place.html(_invitation(summarize(choice.record.spec).total))
        classifier = checkpoints.classifier(choice)
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


def _invitation(parameters: int) -> Markup:
    return html.answer("?", "Draw a digit.") + html.caption(
        f"Classified by network {NUMBER} ({parameters:,} parameters)."
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
