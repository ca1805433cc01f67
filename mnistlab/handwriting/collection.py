"""The handwriting test set in the store's database. Every function is one transaction.

Strokes identify a drawing: saving them again with another label or writer updates it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mnistlab.handwriting.drawings import (
    HandwritingError,
    LabeledDrawing,
    strokes_json,
    validate,
    writer_name,
)
from mnistlab.store import drawings as table
from mnistlab.store.drawings import DrawingText, Row
from mnistlab.store.drawings import StoredDrawing as StoredDrawing
from mnistlab.store.store import Store

NO_NAME = "(no name)"
"""The writer of drawings without one, wherever writers are listed."""


@dataclass(frozen=True)
class SaveResult:
    """The saved drawing, and what the store had for the same strokes before."""

    drawing: StoredDrawing
    previous: StoredDrawing | None


def save(store: Store, drawing: LabeledDrawing) -> SaveResult:
    """Save a drawing; an existing one gets the new label and writer."""
    return SaveResult(*table.save(store, _to_text(drawing)))


def undo(store: Store, result: SaveResult) -> None:
    """Undo a save: remove the drawing, or restore its previous label and writer."""
    table.revert(store, result.drawing, result.previous)


def save_all(store: Store, drawings: Sequence[LabeledDrawing]) -> int:
    """Save all of them or none; how many were new. Existing ones are not changed."""
    return table.save_all(store, map(_to_text, drawings))


def listed(
    store: Store,
    writer: str | None = None,
    label: int | None = None,
    limit: int = -1,
    offset: int = 0,
    before: int | None = None,
) -> list[StoredDrawing]:
    """The drawings without strokes, newest first; all, or those of a writer or label, or older than
    the one with the id `before`.
    """
    return table.listed(store, writer, label, limit, offset, before)


def load_drawings(store: Store, hashes: Iterable[str]) -> dict[str, LabeledDrawing]:
    """The drawings with their strokes, by stroke hash; missing ones are omitted.

    One whose strokes cannot be read has none.
    """
    return {
        text.stroke_hash: _from_text(text) or LabeledDrawing(text.label, text.writer, ())
        for text in table.with_hashes(store, hashes)
    }


def export(store: Store, writer: str | None = None) -> list[LabeledDrawing]:
    """All readable drawings with their strokes, or one writer's, oldest first."""
    return [each for text in table.of_writer(store, writer) if (each := _from_text(text))]


def counts(store: Store, writer: str | None = None) -> dict[str, Counter[int]]:
    """The number of drawings of each label, by writer in alphabetical order, or of one writer."""
    return table.counts(store, writer)


def delete(store: Store, ids: Sequence[int]) -> list[Row]:
    """Delete drawings; returns the rows that `restore` needs."""
    return table.delete(store, ids)


def restore(store: Store, rows: Sequence[Row]) -> int:
    """Restore deleted drawings; how many. One that was saved again since is not changed."""
    return table.restore(store, rows)


def rename(store: Store, old: str, new: str) -> int:
    """Rename a writer, possibly to an existing name; how many drawings that changed."""
    return table.rename_writer(store, old, writer_name(new))


def _to_text(drawing: LabeledDrawing) -> DrawingText:
    strokes = strokes_json(drawing.strokes)
    return DrawingText(drawing.writer, drawing.label, drawing.stroke_hash, strokes)


def _from_text(text: DrawingText) -> LabeledDrawing | None:
    """The drawing; None if its strokes were changed by hand and are none."""
    try:
        return validate(text.label, text.writer, json.loads(text.strokes))
    except (HandwritingError, ValueError, RecursionError):
        return None
