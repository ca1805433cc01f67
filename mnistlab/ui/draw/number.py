"""The prediction of a drawing of several digits: the number, its digits, boxes around them.

One digit is the chosen one, the first until another is clicked; the bars and the explanations are
about it.
"""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from mnistlab.drawing.digit import PreparedDigit
from mnistlab.drawing.multidigit.number_text import digit_text, number_lines
from mnistlab.drawing.prediction import Prediction, Verdict
from mnistlab.drawing.segmentation import Box, Segment
from mnistlab.markup import Markup, fill, join
from mnistlab.text import percent, probability, quantity
from mnistlab.ui.common import html
from mnistlab.ui.common.svg import show_svg
from mnistlab.ui.draw import boxes, chosen_digit
from mnistlab.ui.draw.canvas import SIDE, WIDE, Drawing
from mnistlab.ui.draw.drawing_input import DrawingInput
from mnistlab.ui.draw.prediction import describe
from mnistlab.ui.draw.save_label import PlaceInNumber

PHOTO_MARGIN = 3.0
"""Pixels between a digit of a photo and its box."""


def one_or_several(source: DrawingInput) -> Sequence[Drawing]:
    """The digits of a drawing; those drawn on the canvas can be taken for one, by a toggle.

    Raises DigitError on too many points.
    """
    found = source.digits()
    if source.photo is not None or len(found) < 2:
        return found
    is_one = st.toggle(
        "One digit",
        key=chosen_digit.IS_ONE,
        bind="query-params",
        help="Classify all strokes as one digit, for example a 0 of two arcs with gaps.",
    )
    return [source.drawing] if is_one else found


def n_taken_for_one(source: DrawingInput) -> int:
    """How many digits the toggle takes for one; 1 if it is off."""
    return len(source.digits()) if st.session_state.get(chosen_digit.IS_ONE) else 1


def describe_digit(prediction: Prediction, segment: Segment) -> str:
    """A digit's probability, or why it is uncertain."""
    second = prediction.order[1]
    if prediction.verdict is Verdict.CONFIDENT:
        return probability(prediction.confidence)
    if segment.is_wide:
        return "two that touch?"
    if prediction.verdict is Verdict.NOT_A_DIGIT:
        return "not a digit"
    return f"{percent(prediction.confidence, 0)}, or {second}"


def summary(predictions: Sequence[Prediction], segments: Sequence[Segment]) -> str:
    """How many digits there are, and how many of them are uncertain."""
    uncertain = sum(each.verdict is not Verdict.CONFIDENT for each in predictions)
    text = quantity(len(predictions), "digit")
    text += f", {uncertain} uncertain." if uncertain else ", all confident."
    pairs = zip(predictions, segments, strict=True)
    if any(s.is_wide and p.verdict is not Verdict.CONFIDENT for p, s in pairs):
        text += " Leave a gap between digits."
    return text


def show(
    digits: Sequence[PreparedDigit], predictions: Sequence[Prediction], segments: Sequence[Segment]
) -> None:
    """The number, its digits as cards of which one is chosen, and the chosen one's bars."""
    number = chosen_digit.place(segments)
    st.html(_body(number_lines(predictions, segments), summary(predictions, segments)))
    with st.container(key="number_cards"):
        show_svg(
            cards(digits, predictions, segments),
            "number_digits",
            lambda place: chosen_digit.choose(segments[int(place)]),
        )
    prediction = predictions[number]
    text = describe(prediction)[1]
    st.html(html.caption(f"Digit {number + 1} of {len(digits)}: {text}"))
    st.html(html.bars(prediction.probabilities, prediction.verdict is Verdict.NOT_A_DIGIT))


def cards(
    digits: Sequence[PreparedDigit], predictions: Sequence[Prediction], segments: Sequence[Segment]
) -> Markup:
    """The digits as buttons, of which the chosen one is pressed."""
    number, pieces = chosen_digit.place(segments), []
    for place, digit in enumerate(digits):
        prediction = predictions[place]
        text, note = digit_text(prediction), describe_digit(prediction, segments[place])
        pieces.append(
            html.card(
                digit.pixels,
                text,
                note,
                wrong=prediction.verdict is not Verdict.CONFIDENT,
                part=str(place),
                chosen=place == number,
                name=f"Digit {place + 1} of {len(digits)}: {text}, {note}",
            )
        )
    return html.cards(pieces)


def place_in_number(segments: Sequence[Segment | None]) -> PlaceInNumber | None:
    """Which digit is to be labeled; None if it is the only one."""
    number = chosen_digit.place(segments)
    if len(segments) < 2:
        return None
    following = next(iter(segments[number + 1 :]), None)
    choose_next = partial(chosen_digit.choose, following) if following else None
    return PlaceInNumber(number + 1, len(segments), choose_next)


def _body(lines: Sequence[str], text: str) -> Markup:
    """Several digits in large type, line by line, and a sentence about them."""
    return fill(
        '<div class="lab-number" aria-live="polite"><b>{}</b>'
        '<span class="lab-note">{}</span></div>',
        join(fill("<span>{}</span>", line) for line in lines),
        text,
    )


def show_boxes(
    source: DrawingInput, segments: Sequence[Segment], predictions: Sequence[Prediction]
) -> None:
    """A box around each digit, with its prediction, over the canvas or the photo."""
    if source.place is None:
        return
    number = chosen_digit.place(segments)
    if source.photo is None:
        width, height = source.drawing.shown_width, SIDE
        places = [_shown_box(source.drawing, each) for each in segments]
    else:
        height, width = source.photo.shape[:2]
        places = [_widened(each.box, PHOTO_MARGIN) for each in segments]
    marks = [
        boxes.box(
            _fractions(box, width, height),
            digit_text(prediction) + "?" * (prediction.verdict is Verdict.UNCERTAIN),
            uncertain=prediction.verdict is not Verdict.CONFIDENT,
            chosen=place == number,
        )
        for place, (box, prediction) in enumerate(zip(places, predictions, strict=True))
    ]
    if source.photo is None:
        source.place.html(boxes.boxes(marks, is_wide=width == WIDE))
    else:
        picture = html.photo(source.photo, "The photo, with a box around each digit")
        source.place.html(boxes.marked(picture, boxes.boxes(marks)))


def _shown_box(drawing: Drawing, segment: Segment) -> Box:
    """A digit's box on the canvas that shows it, around its ink."""
    left, top, right, bottom = _widened(segment.box, drawing.brush / 2)
    return (*drawing.shown(left, top), *drawing.shown(right, bottom))


def _widened(box: Box, margin: float) -> Box:
    left, top, right, bottom = box
    return left - margin, top - margin, right + margin, bottom + margin


def _fractions(box: Box, width: float, height: float) -> tuple[float, float, float, float]:
    """A box's left, top, width and height, in fractions of the picture, up to its edges."""
    left, top = max(box[0], 0.0), max(box[1], 0.0)
    right, bottom = min(box[2], width), min(box[3], height)
    return left / width, top / height, (right - left) / width, (bottom - top) / height
