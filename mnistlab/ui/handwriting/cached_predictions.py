"""The stored drawings and what checkpoints read in them: read once, known to every visitor."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from streamlit.delta_generator import DeltaGenerator

from mnistlab.drawing.digit import SIDE, GrayImage, PreparedDigit
from mnistlab.errors import LabError
from mnistlab.handwriting import collection
from mnistlab.handwriting.collection import StoredDrawing
from mnistlab.handwriting.scoring import DrawingPrediction, PredictBatch, predict_drawings, prepare
from mnistlab.store.store import FileState, Store
from mnistlab.ui.common import checkpoints
from mnistlab.ui.common.caching import LruCache
from mnistlab.ui.common.checkpoints import CheckpointChoice

STEP = 200
"""Drawings that are read at a time; as few as that need no bar."""
MOVE = 20
"""Drawings that are made between two movements of the bar."""
CLOCK_TICK = 1.0
"""Seconds; no file system's clock is coarser. What was written so recently may be written again
without a later time of change."""


@dataclass(frozen=True, eq=False)
class Listing:
    """The stored drawings at one moment: how many of each label by writer, and all of them without
    their strokes, newest first.
    """

    people: dict[str, Counter[int]]
    kept: tuple[StoredDrawing, ...]


# A server has one store; a test run has many, one after the other.
_LISTINGS: LruCache[Path, tuple[FileState, Listing]] = LruCache(4)
# By a checkpoint's path and when it was written. Strokes never change under their mark, nor does a
# file that was not written since. An entry is replaced, never changed, as other threads may be
# reading it; it holds no drawing that is not stored any more: 20,000 drawings take 5 MB.
_ANSWERS: LruCache[tuple[Path, int], Mapping[str, DrawingPrediction]] = LruCache(16)
# By mark, 1 KB each: seventy pages of the gallery.
_PICTURES: LruCache[str, GrayImage] = LruCache(2000)


def listing(store: Store) -> Listing:
    """The stored drawings, read again only where a file of the store has changed since.

    Raises StoreError if they cannot be read.
    """
    now, state = store.now(), store.file_state()
    known = _LISTINGS.get(store.folder)
    if known and known[0] == state:
        return known[1]
    found = Listing(collection.counts(store), tuple(collection.listed(store)))
    if state and now - max(changed for _, changed, _ in state) / 1e9 > CLOCK_TICK:
        _LISTINGS.put(store.folder, (state, found))
    return found


def predictions(
    store: Store,
    kept: Sequence[StoredDrawing],
    choices: Mapping[str, CheckpointChoice],
    place: DeltaGenerator,
) -> tuple[dict[str, Mapping[str, DrawingPrediction]], list[str]]:
    """The answers by mark of each choice, and what is wrong with the choices that have none.

    What has not been read yet is read now, while a bar moves in `place`.
    """
    known: dict[str, Mapping[str, DrawingPrediction]] = {}
    keys: dict[str, tuple[Path, int]] = {}
    classifiers: dict[str, PredictBatch] = {}
    problems = []
    for name, choice in choices.items():
        try:
            key = choice.path, checkpoints.changed(choice.path)
            given = _stored_answers(key, kept)
            if len(given) < len(kept):
                classifiers[name] = _reader(choice)
            keys[name], known[name] = key, given
        except (LabError, OSError) as error:
            problems.append(f"{choice.name}: {error} Choose another checkpoint.")
    behind = [known[name] for name in classifiers]
    missing = [
        one.stroke_hash for one in kept if any(one.stroke_hash not in given for given in behind)
    ]
    for first in range(0, len(missing), STEP):
        part = collection.load_drawings(store, missing[first : first + STEP])
        # Made once, however many read them: that takes as long as a reading.
        digits = []
        for number, (mark, drawn) in enumerate(part.items(), first):
            if len(missing) > STEP and number % MOVE == 0:
                place.progress(number / len(missing), f"Reading {len(missing):,} drawings")
            digits.append(prepare(drawn))
            _shown(mark, digits[-1])
        for name, classifier in classifiers.items():
            new = dict(zip(part, predict_drawings(classifier, digits), strict=True))
            known[name] = {**known[name], **new}
            # At once: a click on the page breaks this run off.
            _ANSWERS.put(keys[name], known[name])
    place.empty()
    return known, problems


def _stored_answers(
    key: tuple[Path, int], kept: Sequence[StoredDrawing]
) -> Mapping[str, DrawingPrediction]:
    """A checkpoint's answers so far; those to drawings that are not stored any more are dropped."""
    before = _ANSWERS.get(key) or {}
    found = {one.stroke_hash: before[one.stroke_hash] for one in kept if one.stroke_hash in before}
    if len(found) < len(before):
        _ANSWERS.put(key, found)
    return found


def _reader(choice: CheckpointChoice) -> PredictBatch:
    from mnistlab.drawing.classifier import predict_batch

    return partial(predict_batch, checkpoints.classifier(choice))


def _shown(mark: str, digit: PreparedDigit | None) -> GrayImage:
    """What networks get of a drawing, (28, 28) uint8, empty where there is nothing; it is kept."""
    picture = np.zeros((SIDE, SIDE), np.uint8) if digit is None else digit.pixels
    _PICTURES.put(mark, picture)
    return picture


def pictures(store: Store, marks: Sequence[str]) -> dict[str, GrayImage]:
    """What networks get of the drawings, (28, 28) uint8 by mark, as far as they are there."""
    known = {mark: picture for mark in marks if (picture := _PICTURES.get(mark)) is not None}
    if missing := [mark for mark in marks if mark not in known]:
        for mark, drawn in collection.load_drawings(store, missing).items():
            known[mark] = _shown(mark, prepare(drawn))
    return known
