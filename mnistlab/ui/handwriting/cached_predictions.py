"""The stored drawings and their predictions, computed once and shared by all sessions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mnistlab.drawing.digit import PreparedDigit
from mnistlab.errors import LabError
from mnistlab.handwriting import collection
from mnistlab.handwriting.collection import StoredDrawing
from mnistlab.handwriting.scoring import DrawingPrediction, PredictBatch, predict_drawings, prepare
from mnistlab.pen.raster import SIDE, GrayImage
from mnistlab.store.classroom import permission
from mnistlab.store.store import FileState, Store
from mnistlab.text import quantity
from mnistlab.ui.common import checkpoints, html
from mnistlab.ui.common.caching import LruCache
from mnistlab.ui.common.checkpoints import CheckpointChoice

CHUNK = 200
"""Drawings between two updates of the cache; fewer need no progress bar."""
NEWEST = 1_000
"""Drawings that are scored when the page is opened: a second or two for a checkpoint."""
MORE = 4_000
"""Drawings that are scored in addition when a button is pressed: some seconds."""
PROGRESS_STEP = 20
"""Drawings between two updates of the progress bar."""
CLOCK_TICK = 1.0
"""Seconds; the coarsest resolution of a file system's clock. A file written more recently may be
written again without a later modification time."""


@dataclass(frozen=True, eq=False)
class Listing:
    """The stored drawings at one moment.

    `counts`: how many of each label, by writer. `newest`: the newest ones without their strokes,
    newest first. There may be many more drawings than a page reads.
    """

    counts: dict[str, Counter[int]]
    newest: tuple[StoredDrawing, ...]

    @property
    def total(self) -> int:
        return sum(labels.total() for labels in self.counts.values())


# By the folder, whom names are hidden from, and the number of drawings that were asked for.
_LISTINGS: LruCache[tuple[Path, int | None, int], tuple[FileState, Listing]] = LruCache(8)
# By a checkpoint's path and modification time, then by stroke hash. An entry is replaced, never
# changed, because other threads may be reading it. It has no more predictions than there are
# drawings: 20,000 take 5 MB.
_PREDICTIONS: LruCache[tuple[Path, int], Mapping[str, DrawingPrediction]] = LruCache(16)
# By stroke hash, 1 KB each: more than seventy pages of the gallery.
_INPUTS: LruCache[str, GrayImage] = LruCache(2000)


def listing(store: Store) -> Listing:
    """The stored drawings, the newest of which are to be scored in this session; read again only
    after a file of the store has changed.

    Raises StoreError if they cannot be read.
    """
    now, state = store.now(), store.file_state()
    n_scored = st.session_state.get("n_scored", NEWEST)
    key = store.folder, permission.names_hidden_from(store), n_scored
    cached = _LISTINGS.get(key)
    if cached and cached[0] == state:
        return cached[1]
    current = Listing(collection.counts(store), tuple(collection.listed(store, limit=n_scored)))
    if state and now - max(modified for _, modified, _ in state) / 1e9 > CLOCK_TICK:
        _LISTINGS.put(key, (state, current))
    return current


def _score_more() -> None:
    st.session_state["n_scored"] = st.session_state.get("n_scored", NEWEST) + MORE


def predictions(
    store: Store,
    listing: Listing,
    choices: Mapping[str, CheckpointChoice],
    place: DeltaGenerator,
) -> tuple[dict[str, Mapping[str, DrawingPrediction]], list[str]]:
    """Each checkpoint's predictions for the listing's newest drawings by stroke hash, and errors of
    the unreadable checkpoints.

    Missing predictions are computed, with a progress bar in `place`, but no more than MORE; a
    button asks for those of the next drawings.
    """
    drawings = listing.newest
    results: dict[str, Mapping[str, DrawingPrediction]] = {}
    keys: dict[str, tuple[Path, int]] = {}
    predictors: dict[str, PredictBatch] = {}
    errors = []
    for name, choice in choices.items():
        try:
            key = choice.path, checkpoints.modified(choice.path)
            cached = _cached(key, listing)
            if len(cached) < len(drawings):
                predictors[name] = _predictor(choice)
            keys[name], results[name] = key, cached
        except (LabError, OSError) as error:
            errors.append(f"{choice.name}: {error} Choose another checkpoint.")
    missing = [
        drawing.stroke_hash
        for drawing in drawings
        if any(drawing.stroke_hash not in results[name] for name in predictors)
    ]
    n_classified = len(drawings) - max(0, len(missing) - MORE)
    missing = missing[:MORE]
    for first in range(0, len(missing), CHUNK):
        hashes, digits = _prepare_chunk(store, missing, first, place)
        for name, predict in predictors.items():
            new = dict(zip(hashes, predict_drawings(predict, digits), strict=True))
            results[name] = {**results[name], **new}
            # After every chunk, because a click on the page interrupts this run.
            _cache(keys[name], results[name], listing.total)
    place.empty()
    if n_classified < listing.total:
        with place.container(horizontal=True, vertical_alignment="center"):
            newest = quantity(n_classified, "drawing")
            text = f"Scored on the newest {newest} of {listing.total:,}."
            st.html(html.caption(text), width="content")
            st.button(
                "Score more", icon=":material/refresh:", key="score_more", on_click=_score_more
            )
    # All on the same drawings: one checkpoint may have been chosen earlier than another.
    common = set[str]().union(*results.values()).intersection(*results.values())
    return {
        name: {h: each[h] for h in each if h in common} for name, each in results.items()
    }, errors


def _prepare_chunk(
    store: Store, missing: Sequence[str], first: int, place: DeltaGenerator
) -> tuple[list[str], list[PreparedDigit | None]]:
    """Preprocess a chunk once for all checkpoints: it takes as long as a prediction."""
    chunk = collection.load_drawings(store, missing[first : first + CHUNK])
    digits = []
    for number, (stroke_hash, drawing) in enumerate(chunk.items(), first):
        if len(missing) > CHUNK and number % PROGRESS_STEP == 0:
            place.progress(number / len(missing), f"Classifying {len(missing):,} drawings")
        digits.append(prepare(drawing))
        _cache_input(stroke_hash, digits[-1])
    return [*chunk], digits


def _cached(key: tuple[Path, int], listing: Listing) -> Mapping[str, DrawingPrediction]:
    """A checkpoint's predictions so far for the newest drawings."""
    cached = _PREDICTIONS.get(key) or {}
    hashes = (drawing.stroke_hash for drawing in listing.newest)
    current = {name: cached[name] for name in hashes if name in cached}
    if len(cached) > listing.total:
        _cache(key, current, listing.total)
    return current


def _cache(key: tuple[Path, int], current: Mapping[str, DrawingPrediction], max_size: int) -> None:
    """Add a checkpoint's predictions to the cache, which has those for other sessions as well.

    With more than `max_size`, the number of drawings, some are of deleted ones: the others go.
    """
    merged = {**(_PREDICTIONS.get(key) or {}), **current}
    _PREDICTIONS.put(key, merged if len(merged) <= max_size else current)


def _predictor(choice: CheckpointChoice) -> PredictBatch:
    from mnistlab.drawing.classifier import predict_batch

    return partial(predict_batch, checkpoints.classifier(choice))


def _cache_input(stroke_hash: str, digit: PreparedDigit | None) -> GrayImage:
    """Cache a drawing's network input (28, 28) uint8; black for an unreadable drawing."""
    image = np.zeros((SIDE, SIDE), np.uint8) if digit is None else digit.pixels
    _INPUTS.put(stroke_hash, image)
    return image


def inputs(store: Store, hashes: Sequence[str]) -> dict[str, GrayImage]:
    """The network inputs (28, 28) uint8 by stroke hash, of the drawings that still exist."""
    images = {name: image for name in hashes if (image := _INPUTS.get(name)) is not None}
    if missing := [name for name in hashes if name not in images]:
        for name, drawing in collection.load_drawings(store, missing).items():
            images[name] = _cache_input(name, prepare(drawing))
    return images
