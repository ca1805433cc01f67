"""The drawings that were kept, in the store's file. Every function is one transaction.

A drawing is its strokes: kept once more, under another label or name, it is the same one.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mnistlab.runs.store import Store
from mnistlab.sketch.handwriting import Drawn, Strokes, strokes_json, writer_name


@dataclass(frozen=True)
class Kept:
    """A drawing in the store: its label (0–9), whose hand, when (seconds since 1970), and the mark
    by which `drawings` finds its strokes.
    """

    id: int
    created: float
    writer: str
    label: int
    mark: str


@dataclass(frozen=True)
class Keeping:
    """What a click has kept, and what the store had said of the same drawing before."""

    kept: Kept
    before: Kept | None


Row = tuple[object, ...]
"""Everything of a drawing, for `restore`."""
COLUMNS = "id, created, writer, label, mark"
GIVEN = "IN (SELECT value FROM json_each(?))"
"""A list of any length as one value: SQLite takes only so many."""


def keep(store: Store, drawn: Drawn) -> Keeping:
    """Keep a drawing; one that is there already gets this label and this name."""
    with store.database.writing() as db:
        before = _where(db, "WHERE mark = ?", drawn.mark)
        _insert(db, store.now(), [drawn], "DO UPDATE SET writer = excluded.writer, "
                "label = excluded.label")  # fmt: skip
        (kept,) = _where(db, "WHERE mark = ?", drawn.mark)
    return Keeping(kept, before[0] if before else None)


def undo(store: Store, keeping: Keeping) -> None:
    """Take a keeping back: the drawing is gone, or is again what it was before."""
    with store.database.writing() as db:
        if before := keeping.before:
            values = (before.writer, before.label, before.id)
            db.execute("UPDATE drawings SET writer = ?, label = ? WHERE id = ?", values)
        else:
            db.execute("DELETE FROM drawings WHERE id = ?", (keeping.kept.id,))


def keep_all(store: Store, drawings: Sequence[Drawn]) -> int:
    """Keep many, all or none of them; how many were new. What is there already stays as it is."""
    with store.database.writing() as db:
        (before,) = db.execute("SELECT count(*) FROM drawings").fetchone()
        _insert(db, store.now(), drawings, "DO NOTHING")
        (after,) = db.execute("SELECT count(*) FROM drawings").fetchone()
    return int(after - before)


def _insert(db: sqlite3.Connection, now: float, drawings: Iterable[Drawn], known: str) -> None:
    db.executemany(
        "INSERT INTO drawings (created, writer, label, mark, strokes) VALUES (?, ?, ?, ?, ?) "
        f"ON CONFLICT (mark) {known}",
        ((now, one.writer, one.label, one.mark, strokes_json(one.strokes)) for one in drawings),
    )


def listed(
    store: Store,
    writer: str | None = None,
    label: int | None = None,
    limit: int = -1,
    offset: int = 0,
) -> list[Kept]:
    """The drawings, newest first: all, or one writer's, or those of one label."""
    if not store.database.file.exists():
        return []
    with store.database.reading() as db:
        clause = "WHERE writer = coalesce(?, writer) AND label = coalesce(?, label) "
        clause += "ORDER BY id DESC LIMIT ? OFFSET ?"
        return _where(db, clause, writer, label, limit, offset)


def drawings(store: Store, marks: Iterable[str]) -> dict[str, Drawn]:
    """The drawings with their strokes, by mark, as far as they are there."""
    return _drawn(store, f"WHERE mark {GIVEN}", json.dumps([*marks]))


def export(store: Store, writer: str | None = None) -> list[Drawn]:
    """All drawings with their strokes, or one writer's, oldest first."""
    return [*_drawn(store, "WHERE writer = coalesce(?, writer)", writer).values()]


def counts(store: Store) -> dict[str, Counter[int]]:
    """How many there are of each label, for each writer in alphabetical order."""
    if not store.database.file.exists():
        return {}
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
    """Bring deleted drawings back; how many. One that was kept anew meanwhile is left alone."""
    with store.database.writing() as db:
        done = db.executemany(
            f"INSERT OR IGNORE INTO drawings ({COLUMNS}, strokes) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
        return done.rowcount


def rename(store: Store, old: str, new: str) -> int:
    """Give a writer's drawings another name, which others may have already; how many."""
    with store.database.writing() as db:
        values = (writer_name(new), old)
        return db.execute("UPDATE drawings SET writer = ? WHERE writer = ?", values).rowcount


def _where(db: sqlite3.Connection, clause: str, *values: object) -> list[Kept]:
    return [Kept(*row) for row in db.execute(f"SELECT {COLUMNS} FROM drawings {clause}", values)]


def _drawn(store: Store, clause: str, *values: object) -> dict[str, Drawn]:
    """Drawings by mark, oldest first."""
    if not store.database.file.exists():
        return {}
    with store.database.reading() as db:
        rows = db.execute(
            f"SELECT mark, label, writer, strokes FROM drawings {clause} ORDER BY id", values
        ).fetchall()
    return {mark: Drawn(label, writer, _strokes(text)) for mark, label, writer, text in rows}


def _strokes(text: str) -> Strokes:
    return tuple(tuple((x, y) for x, y in stroke) for stroke in json.loads(text))
