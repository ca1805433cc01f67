"""What the chosen checkpoints read in the kept drawings: read once, known to every visitor."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from streamlit.delta_generator import DeltaGenerator

from mnistlab.errors import LabError
from mnistlab.runs.store import Store
from mnistlab.sketch import collection
from mnistlab.sketch.collection import Kept
from mnistlab.sketch.digit import SIDE, Digit, Grey
from mnistlab.sketch.handwriting import Drawn
from mnistlab.sketch.scoring import Answer, Read, answers, made
from mnistlab.ui import checkpoints
from mnistlab.ui.checkpoints import Choice

STEP = 200
"""Drawings that are read at a time; as few as that need no bar."""
MOVE = 20
"""Drawings that are made between two movements of the bar."""


# Strokes never change under their mark, nor does a file that was not written since: what is known
# stays true, and is added to as drawings come. Both go with this module, as the classes in them do.
@lru_cache(maxsize=64)
def _known(path: Path, changed: int) -> dict[str, Answer]:
    return {}


@lru_cache(maxsize=1)
def _pictures() -> dict[str, Grey]:
    return {}


def read(
    store: Store, kept: Sequence[Kept], choices: Mapping[str, Choice], place: DeltaGenerator
) -> tuple[dict[str, dict[str, Answer]], list[str]]:
    """The answers by mark of each choice, and what is wrong with the choices that have none.

    What has not been read yet is read now, while a bar moves in `place`.
    """
    known: dict[str, dict[str, Answer]] = {}
    readers: dict[str, Read] = {}
    problems = []
    for name, choice in choices.items():
        try:
            given = _known(choice.path, checkpoints.changed(choice.path))
            if any(one.mark not in given for one in kept):
                readers[name] = _reader(choice)
            known[name] = given
        except (LabError, OSError) as error:
            problems.append(f"{choice.name}: {error} Choose another checkpoint.")
    behind = [known[name] for name in readers]
    missing = [one.mark for one in kept if any(one.mark not in given for given in behind)]
    for first in range(0, len(missing), STEP):
        part = collection.drawings(store, missing[first : first + STEP])
        # Made once, however many read them: that takes as long as a reading.
        digits = []
        for number, (mark, drawn) in enumerate(part.items(), first):
            if len(missing) > STEP and number % MOVE == 0:
                place.progress(number / len(missing), f"Reading {len(missing):,} drawings")
            digits.append(_shown(mark, drawn))
        for name, reader in readers.items():
            known[name].update(zip(part, answers(reader, digits), strict=True))
    place.empty()
    return known, problems


def _reader(choice: Choice) -> Read:
    from mnistlab.sketch.many import read_many

    return partial(read_many, checkpoints.reader(choice))


def _shown(mark: str, drawn: Drawn) -> Digit | None:
    """A drawing made 28×28; its picture is kept."""
    digit = made(drawn)
    _pictures()[mark] = np.zeros((SIDE, SIDE), np.uint8) if digit is None else digit.pixels
    return digit


def pictures(store: Store, marks: Sequence[str]) -> dict[str, Grey]:
    """What networks get of the drawings, (28, 28) uint8 by mark, as far as they are there."""
    known = _pictures()
    for mark, drawn in collection.drawings(store, [m for m in marks if m not in known]).items():
        _shown(mark, drawn)
    return {mark: known[mark] for mark in marks if mark in known}
