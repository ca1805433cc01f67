"""The drawings that were kept, in the store's file. Every function is one transaction.

A drawing is its strokes: kept once more, under another label or name, it is the same one.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mnistlab.handwriting.drawings import LabeledDrawing, Strokes, strokes_json, writer_name
from mnistlab.store import drawings as table
from mnistlab.store.drawings import DrawingText, Row
from mnistlab.store.drawings import StoredDrawing as StoredDrawing
from mnistlab.store.store import Store


@dataclass(frozen=True)
class SaveResult:
    """What a click has kept, and what the store had said of the same drawing before."""

    drawing: StoredDrawing
    previous: StoredDrawing | None


def save(store: Store, drawn: LabeledDrawing) -> SaveResult:
    """Keep a drawing; one that is there already gets this label and this name."""
    return SaveResult(*table.save(store, _text(drawn)))


def undo(store: Store, keeping: SaveResult) -> None:
    """Take a keeping back: the drawing is gone, or is again what it was before."""
    table.revert(store, keeping.drawing, keeping.previous)


def save_all(store: Store, drawings: Sequence[LabeledDrawing]) -> int:
    """Keep many, all or none of them; how many were new. What is there already stays as it is."""
    return table.save_all(store, map(_text, drawings))


def listed(
    store: Store,
    writer: str | None = None,
    label: int | None = None,
    limit: int = -1,
    offset: int = 0,
) -> list[StoredDrawing]:
    """The drawings, newest first: all, or one writer's, or those of one label."""
    return table.listed(store, writer, label, limit, offset)


def load_drawings(store: Store, marks: Iterable[str]) -> dict[str, LabeledDrawing]:
    """The drawings with their strokes, by mark, as far as they are there."""
    return {text.stroke_hash: _drawn(text) for text in table.with_hashes(store, marks)}


def export(store: Store, writer: str | None = None) -> list[LabeledDrawing]:
    """All drawings with their strokes, or one writer's, oldest first."""
    return [_drawn(text) for text in table.of_writer(store, writer)]


def counts(store: Store) -> dict[str, Counter[int]]:
    """How many there are of each label, for each writer in alphabetical order."""
    return table.counts(store)


def delete(store: Store, ids: Sequence[int]) -> list[Row]:
    """Remove drawings; all that `restore` needs to bring them back."""
    return table.delete(store, ids)


def restore(store: Store, rows: Sequence[Row]) -> int:
    """Bring deleted drawings back; how many. One that was kept anew meanwhile is left alone."""
    return table.restore(store, rows)


def rename(store: Store, old: str, new: str) -> int:
    """Give a writer's drawings another name, which others may have already; how many."""
    return table.rename_writer(store, old, writer_name(new))


def _text(drawn: LabeledDrawing) -> DrawingText:
    return DrawingText(drawn.writer, drawn.label, drawn.stroke_hash, strokes_json(drawn.strokes))


def _drawn(text: DrawingText) -> LabeledDrawing:
    strokes: Strokes = tuple(
        tuple((x, y) for x, y in stroke) for stroke in json.loads(text.strokes)
    )
    return LabeledDrawing(text.label, text.writer, strokes)
