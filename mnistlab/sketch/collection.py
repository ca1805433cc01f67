"""The drawings that were kept, in the store's file. Every function is one transaction.

A drawing is its strokes: kept once more, under another label or name, it is the same one.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mnistlab.runs import drawings as table
from mnistlab.runs.drawings import DrawingText, Row
from mnistlab.runs.drawings import Kept as Kept
from mnistlab.runs.store import Store
from mnistlab.sketch.handwriting import Drawn, Strokes, strokes_json, writer_name


@dataclass(frozen=True)
class Keeping:
    """What a click has kept, and what the store had said of the same drawing before."""

    kept: Kept
    before: Kept | None


def keep(store: Store, drawn: Drawn) -> Keeping:
    """Keep a drawing; one that is there already gets this label and this name."""
    return Keeping(*table.save(store, _text(drawn)))


def undo(store: Store, keeping: Keeping) -> None:
    """Take a keeping back: the drawing is gone, or is again what it was before."""
    table.revert(store, keeping.kept, keeping.before)


def keep_all(store: Store, drawings: Sequence[Drawn]) -> int:
    """Keep many, all or none of them; how many were new. What is there already stays as it is."""
    return table.save_all(store, map(_text, drawings))


def listed(
    store: Store,
    writer: str | None = None,
    label: int | None = None,
    limit: int = -1,
    offset: int = 0,
) -> list[Kept]:
    """The drawings, newest first: all, or one writer's, or those of one label."""
    return table.listed(store, writer, label, limit, offset)


def drawings(store: Store, marks: Iterable[str]) -> dict[str, Drawn]:
    """The drawings with their strokes, by mark, as far as they are there."""
    return {text.mark: _drawn(text) for text in table.with_marks(store, marks)}


def export(store: Store, writer: str | None = None) -> list[Drawn]:
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


def _text(drawn: Drawn) -> DrawingText:
    return DrawingText(drawn.writer, drawn.label, drawn.mark, strokes_json(drawn.strokes))


def _drawn(text: DrawingText) -> Drawn:
    strokes: Strokes = tuple(
        tuple((x, y) for x, y in stroke) for stroke in json.loads(text.strokes)
    )
    return Drawn(text.label, text.writer, strokes)
