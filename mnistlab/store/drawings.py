"""The table of drawings in the store's file. Every function is one transaction.

A drawing is its strokes, which the store holds as text and `mark` identifies: stored once more,
under another label or writer, it is the same one.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mnistlab.store.store import Store


@dataclass(frozen=True)
class DrawingText:
    """A drawing as it is stored: its writer, its label (0–9), its mark and its strokes as JSON."""

    writer: str
    label: int
    stroke_hash: str
    strokes: str


@dataclass(frozen=True)
class StoredDrawing:
    """A drawing in the store: its label (0–9), whose hand, when (seconds since 1970), and the mark
    by which `drawings` finds its strokes.
    """

    id: int
    created: float
    writer: str
    label: int
    stroke_hash: str


Row = tuple[object, ...]
"""Everything of a drawing, for `restore`."""
COLUMNS = "id, created, writer, label, stroke_hash"
GIVEN = "IN (SELECT value FROM json_each(?))"
"""A list of any length as one value: SQLite takes only so many."""


def save(store: Store, drawing: DrawingText) -> tuple[StoredDrawing, StoredDrawing | None]:
    """Store a drawing, and what was stored of it before; one that is there already gets this label
    and this writer.
    """
    with store.database.writing() as db:
        before = _where(db, "WHERE stroke_hash = ?", drawing.stroke_hash)
        relabel = "DO UPDATE SET writer = excluded.writer, label = excluded.label"
        _insert(db, store.now(), [drawing], relabel)
        (kept,) = _where(db, "WHERE stroke_hash = ?", drawing.stroke_hash)
    return kept, before[0] if before else None


def save_all(store: Store, drawings: Iterable[DrawingText]) -> int:
    """Store many, all or none of them; how many were new. What is there already is left alone."""
    with store.database.writing() as db:
        (before,) = db.execute("SELECT count(*) FROM drawings").fetchone()
        _insert(db, store.now(), drawings, "DO NOTHING")
        (after,) = db.execute("SELECT count(*) FROM drawings").fetchone()
    return int(after - before)


def revert(store: Store, kept: StoredDrawing, before: StoredDrawing | None) -> None:
    """Undo `save`: the drawing is gone, or is again what it was before."""
    with store.database.writing() as db:
        if before:
            values = (before.writer, before.label, before.id)
            db.execute("UPDATE drawings SET writer = ?, label = ? WHERE id = ?", values)
        else:
            db.execute("DELETE FROM drawings WHERE id = ?", (kept.id,))


def listed(
    store: Store,
    writer: str | None = None,
    label: int | None = None,
    limit: int = -1,
    offset: int = 0,
) -> list[StoredDrawing]:
    """The drawings, newest first: all, or one writer's, or those of one label."""
    with store.database.reading() as db:
        clause = "WHERE writer = coalesce(?, writer) AND label = coalesce(?, label) "
        clause += "ORDER BY id DESC LIMIT ? OFFSET ?"
        return _where(db, clause, writer, label, limit, offset)


def with_hashes(store: Store, marks: Iterable[str]) -> list[DrawingText]:
    """The drawings with these marks, as far as they are there, oldest first."""
    return _texts(store, f"WHERE stroke_hash {GIVEN}", json.dumps([*marks]))


def of_writer(store: Store, writer: str | None = None) -> list[DrawingText]:
    """All drawings, or one writer's, oldest first."""
    return _texts(store, "WHERE writer = coalesce(?, writer)", writer)


def counts(store: Store) -> dict[str, Counter[int]]:
    """How many there are of each label, for each writer in alphabetical order."""
    found: dict[str, Counter[int]] = {}
    with store.database.reading() as db:
        for writer, label, count in db.execute(
            "SELECT writer, label, count(*) FROM drawings GROUP BY writer, label "
            "ORDER BY writer COLLATE NOCASE, writer, label"
        ):
            found.setdefault(writer, Counter())[label] = count
    return found


def delete(store: Store, ids: Sequence[int]) -> list[Row]:
    """Remove drawings; all that `restore` needs to bring them back."""
    with store.database.writing() as db:
        rows = db.execute(
            f"DELETE FROM drawings WHERE id {GIVEN} RETURNING {COLUMNS}, strokes",
            (json.dumps([*ids]),),
        ).fetchall()
    return sorted(tuple(row) for row in rows)


def restore(store: Store, rows: Sequence[Row]) -> int:
    """Bring deleted drawings back; how many. One that was stored again meanwhile is left alone."""
    with store.database.writing() as db:
        done = db.executemany(
            f"INSERT OR IGNORE INTO drawings ({COLUMNS}, strokes) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
        return done.rowcount


def rename_writer(store: Store, old: str, new: str) -> int:
    """Give a writer's drawings another name, which others may have already; how many."""
    with store.database.writing() as db:
        return db.execute("UPDATE drawings SET writer = ? WHERE writer = ?", (new, old)).rowcount


def _insert(
    db: sqlite3.Connection, now: float, drawings: Iterable[DrawingText], known: str
) -> None:
    db.executemany(
        "INSERT INTO drawings (created, writer, label, stroke_hash, strokes) VALUES (?, ?, ?, ?, "
        "?) "
        f"ON CONFLICT (stroke_hash) {known}",
        ((now, one.writer, one.label, one.stroke_hash, one.strokes) for one in drawings),
    )


def _where(db: sqlite3.Connection, clause: str, *values: object) -> list[StoredDrawing]:
    return [
        StoredDrawing(*row)
        for row in db.execute(f"SELECT {COLUMNS} FROM drawings {clause}", values)
    ]


def _texts(store: Store, clause: str, *values: object) -> list[DrawingText]:
    with store.database.reading() as db:
        rows = db.execute(
            f"SELECT writer, label, stroke_hash, strokes FROM drawings {clause} ORDER BY id", values
        ).fetchall()
    return [DrawingText(*row) for row in rows]
