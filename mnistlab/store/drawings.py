"""The table of drawings in the store's file. Every function is one transaction.

A drawing is identified by a hash of its strokes: saved again under another label or writer, it is
the same drawing.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mnistlab.store.rights.hidden_names import shown
from mnistlab.store.rights.ownership import require_joined, require_own, require_teacher
from mnistlab.store.store import Store


@dataclass(frozen=True)
class DrawingText:
    """A drawing as it is stored: writer, label (0–9), hash of the strokes, strokes as JSON."""

    writer: str
    label: int
    stroke_hash: str
    strokes: str


@dataclass(frozen=True)
class StoredDrawing:
    """A drawing in the store without its strokes, which `with_hashes` returns; `created` is in
    seconds since 1970, `label` 0–9.
    """

    id: int
    created: float
    writer: str
    label: int
    stroke_hash: str


Row = tuple[object, ...]
"""All columns of a drawing, for `restore`."""
COLUMNS = "id, created, writer, label, stroke_hash"
READABLE = (
    "typeof(created) IN ('real', 'integer') AND typeof(writer) = 'text' "
    "AND typeof(stroke_hash) = 'text' AND typeof(strokes) = 'text' "
    "AND typeof(label) = 'integer' AND label BETWEEN 0 AND 9"
)
"""What holds for every drawing that this version has saved; the others are left out."""
IN_LIST = "IN (SELECT value FROM json_each(?))"
"""A list of any length as one parameter: SQLite limits how many a statement may have."""


def save(store: Store, drawing: DrawingText) -> tuple[StoredDrawing, StoredDrawing | None]:
    """Save a drawing; the saved one and the one before it, if the same strokes were there already:
    they then get this label and this writer.
    """
    with store.database.writing() as db:
        require_joined(db, store.actor)
        previous = _where(db, "WHERE stroke_hash = ?", drawing.stroke_hash)
        require_own(db, store.actor, "drawings", [one.id for one in previous])
        relabel = "DO UPDATE SET writer = excluded.writer, label = excluded.label"
        _insert(db, store, [drawing], relabel)
        (saved,) = _where(db, "WHERE stroke_hash = ?", drawing.stroke_hash)
    return saved, previous[0] if previous else None


def save_all(store: Store, drawings: Iterable[DrawingText]) -> int:
    """Save all of them or none; how many were new. Drawings already there are not changed."""
    with store.database.writing() as db:
        require_joined(db, store.actor)
        (before,) = db.execute("SELECT count(*) FROM drawings").fetchone()
        _insert(db, store, drawings, "DO NOTHING")
        (after,) = db.execute("SELECT count(*) FROM drawings").fetchone()
    return int(after - before)


def revert(store: Store, saved: StoredDrawing, previous: StoredDrawing | None) -> None:
    """Undo `save`: delete the drawing, or restore its previous label and writer."""
    with store.database.writing() as db:
        require_own(db, store.actor, "drawings", [saved.id])
        if previous:
            values = (previous.writer, previous.label, previous.id)
            db.execute("UPDATE drawings SET writer = ?, label = ? WHERE id = ?", values)
        else:
            db.execute("DELETE FROM drawings WHERE id = ?", (saved.id,))


def listed(
    store: Store,
    writer: str | None = None,
    label: int | None = None,
    limit: int = -1,
    offset: int = 0,
    before: int | None = None,
) -> list[StoredDrawing]:
    """The drawings, newest first; optionally of one writer or one label, or older than the one with
    the id `before`.
    """
    conditions = {"writer = ?": writer, "label = ?": label, "id < ?": before}
    given = {text: value for text, value in conditions.items() if value is not None}
    clause = f"WHERE {' AND '.join([READABLE, *given])} ORDER BY id DESC LIMIT ? OFFSET ?"
    with store.database.reading() as db:
        return _where(db, clause, *given.values(), limit, offset, source=_seen(db, store))


def with_hashes(store: Store, hashes: Iterable[str]) -> list[DrawingText]:
    """The drawings that have one of these hashes, oldest first."""
    return _texts(store, f"WHERE stroke_hash {IN_LIST} AND {READABLE}", json.dumps([*hashes]))


def of_writer(store: Store, writer: str | None = None) -> list[DrawingText]:
    """All drawings or one writer's, oldest first."""
    return _texts(store, f"WHERE writer = coalesce(?, writer) AND {READABLE}", writer)


def counts(store: Store, writer: str | None = None) -> dict[str, Counter[int]]:
    """The number of drawings of each label, for each writer in alphabetical order or for one."""
    by_writer: dict[str, Counter[int]] = {}
    condition = READABLE if writer is None else f"{READABLE} AND writer = ?"
    with store.database.reading() as db:
        for name, label, count in db.execute(
            f"SELECT writer, label, count(*) FROM {_seen(db, store)} WHERE {condition} "
            "GROUP BY writer, label ORDER BY writer COLLATE NOCASE, writer, label",
            () if writer is None else (writer,),
        ):
            by_writer.setdefault(name, Counter())[label] = count
    return by_writer


def delete(store: Store, ids: Sequence[int]) -> list[Row]:
    """Delete drawings; their rows, for `restore`."""
    with store.database.writing() as db:
        require_own(db, store.actor, "drawings", ids)
        rows = db.execute(
            f"DELETE FROM drawings WHERE id {IN_LIST} RETURNING {COLUMNS}, strokes, person",
            (json.dumps([*ids]),),
        ).fetchall()
    return sorted(tuple(row) for row in rows)


def restore(store: Store, rows: Sequence[Row]) -> int:
    """Restore deleted drawings; how many. Those saved again meanwhile are not changed."""
    with store.database.writing() as db:
        if any(row[-1] != store.actor.person for row in rows):
            require_teacher(store.actor, "restore drawings of others")
        cursor = db.executemany(
            f"INSERT OR IGNORE INTO drawings ({COLUMNS}, strokes, person) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        return cursor.rowcount


def rename_writer(store: Store, old: str, new: str) -> int:
    """Rename a writer, also to the name of another one; the number of drawings."""
    with store.database.writing() as db:
        ids = [row["id"] for row in db.execute("SELECT id FROM drawings WHERE writer = ?", (old,))]
        require_own(db, store.actor, "drawings", ids)
        return db.execute("UPDATE drawings SET writer = ? WHERE writer = ?", (new, old)).rowcount


def _insert(
    db: sqlite3.Connection, store: Store, drawings: Iterable[DrawingText], on_conflict: str
) -> None:
    now, person = store.now(), store.actor.person
    db.executemany(
        "INSERT INTO drawings (created, writer, label, stroke_hash, strokes, person) "
        f"VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (stroke_hash) {on_conflict}",
        ((now, one.writer, one.label, one.stroke_hash, one.strokes, person) for one in drawings),
    )


def _seen(db: sqlite3.Connection, store: Store) -> str:
    """What to read drawings from: the table, without the writers' names that are hidden."""
    writer = shown(db, store.actor, "writer")
    columns = f"id, created, {writer} AS writer, label, stroke_hash, strokes"
    return "drawings" if writer == "writer" else f"(SELECT {columns} FROM drawings)"


def _where(
    db: sqlite3.Connection, clause: str, *values: object, source: str = "drawings"
) -> list[StoredDrawing]:
    return [
        StoredDrawing(*row)
        for row in db.execute(f"SELECT {COLUMNS} FROM {source} {clause}", values)
    ]


def _texts(store: Store, clause: str, *values: object) -> list[DrawingText]:
    with store.database.reading() as db:
        rows = db.execute(
            f"SELECT writer, label, stroke_hash, strokes FROM {_seen(db, store)} {clause} "
            "ORDER BY id",
            values,
        ).fetchall()
    return [DrawingText(*row) for row in rows]
