"""How a checkpoint reads the drawings that were kept, in all and hand by hand."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mnistlab.sketch.collection import Kept
from mnistlab.sketch.digit import Digit, DigitError
from mnistlab.sketch.handwriting import Drawn
from mnistlab.sketch.reading import Reading
from mnistlab.sketch.strokes import digit_from_strokes
from mnistlab.training.score import Score

Read = Callable[[Sequence[Digit]], Sequence[Reading]]
"""What `sketch.many.read_many` does for a checkpoint; passed in, as that module opens torch."""


@dataclass(frozen=True)
class Answer:
    """The digit that was read, and how sure (0–1); no digit where nothing could be read."""

    digit: int | None
    sure: float


def made(drawn: Drawn) -> Digit | None:
    """A kept drawing made 28×28 as the draw page makes it; None if it cannot be."""
    try:
        digit = digit_from_strokes(drawn.strokes)
    except DigitError:
        return None
    # The large picture is for people; of thousands nobody looks at it, and it takes the memory.
    return digit and replace(digit, cropped=digit.scaled)


def answers(read: Read, digits: Sequence[Digit | None]) -> list[Answer]:
    """What is read in each digit."""
    readings = iter(read([digit for digit in digits if digit is not None]))
    answered = []
    for digit in digits:
        reading = None if digit is None else next(readings)
        answered.append(Answer(reading.digit, reading.sure) if reading else Answer(None, 0.0))
    return answered


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
