"""How a checkpoint reads the drawings that were kept, in all and hand by hand."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mnistlab.sketch.collection import Kept
from mnistlab.sketch.digit import Digit, DigitError
from mnistlab.sketch.handwriting import Drawn
from mnistlab.sketch.reading import Reading
from mnistlab.sketch.strokes import digit_from_strokes
from mnistlab.training.score import Score


class Reads(Protocol):
    """What `sketch.predict.Reader` does; said here because that module opens torch."""

    def read(self, digit: Digit) -> Reading: ...


@dataclass(frozen=True)
class Answer:
    """The digit that was read, and how sure (0–1); no digit where nothing could be read."""

    digit: int | None
    sure: float


def made(drawn: Drawn) -> Digit | None:
    """A kept drawing made 28×28 as the draw page makes it; None if it cannot be."""
    try:
        return digit_from_strokes(drawn.strokes)
    except DigitError:
        return None


def answers(reader: Reads, digits: Sequence[Digit | None]) -> list[Answer]:
    """What a reader reads in each digit."""
    readings = [digit and reader.read(digit) for digit in digits]
    return [Answer(one.digit, one.sure) if one else Answer(None, 0.0) for one in readings]


@dataclass(frozen=True)
class Scores:
    """A checkpoint's score over all drawings and over each writer's, in the writers' order; and
    what it misread, the surest mistake first.
    """

    total: Score | None
    by_writer: dict[str, Score]
    misread: tuple[Kept, ...]


def scores(kept: Sequence[Kept], answers: Mapping[str, Answer]) -> Scores:
    """Hold answers (by mark) against labels; drawings without an answer are left out."""
    read = [one for one in kept if one.mark in answers]
    wrong = [one for one in read if answers[one.mark].digit != one.label]
    seen, errors = Counter(one.writer for one in read), Counter(one.writer for one in wrong)
    wrong.sort(key=lambda one: -answers[one.mark].sure)
    return Scores(
        Score(len(wrong), len(read)) if read else None,
        {writer: Score(errors[writer], count) for writer, count in sorted(seen.items())},
        tuple(wrong),
    )
