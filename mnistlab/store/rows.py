"""Conversion between the store's rows and values."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mnistlab.arch.spec import parse
from mnistlab.recipe.recipe import recipe_from_json
from mnistlab.stats.score import Score
from mnistlab.store.database.derived import refresh_summary
from mnistlab.store.run import Request, Run, RunSummary, State
from mnistlab.training.epoch import Epoch, Progress

EPOCH_COLUMNS = tuple(Epoch.__dataclass_fields__)


def summaries(
    db: sqlite3.Connection, clause: str, values: Sequence[object] = ()
) -> list[RunSummary]:
    """The runs that an SQL clause selects, in its order."""
    return [
        RunSummary(**_fields(row)) for row in db.execute(f"SELECT * FROM runs {clause}", values)
    ]


def read_run(db: sqlite3.Connection, run_id: int) -> Run | None:
    row = db.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        return None
    columns = ", ".join(EPOCH_COLUMNS)
    epochs = db.execute(f"SELECT {columns} FROM epochs WHERE run = ? ORDER BY number", (run_id,))
    return Run(**_fields(row), epochs=tuple(Epoch(*epoch) for epoch in epochs))


def _fields(row: sqlite3.Row) -> dict[str, Any]:
    plain = (
        "id", "name", "owner", "notes", "parameters", "created", "started", "ended", "deleted",
        "heartbeat", "message", "epochs_done", "seconds", "best_epoch",
    )  # fmt: skip
    return {name: row[name] for name in plain} | {
        "tags": tuple(row["tags"].split()),
        "spec": parse(row["spec"]),
        "recipe": recipe_from_json(row["recipe"]),
        "state": State(row["state"]),
        "request": Request(row["request"]),
        "progress": Progress(**json.loads(row["progress"])) if row["progress"] else None,
        **{kind: _score(row, kind) for kind in ("best", "last", "test")},
    }


def _score(row: sqlite3.Row, kind: str) -> Score | None:
    count = row[f"{kind}_count"]
    return Score(row[f"{kind}_errors"], count) if count else None


def insert_run(db: sqlite3.Connection, run_id: int, columns: Mapping[str, object]) -> None:
    """Insert a row of values by column name; the names come from code, never from users."""
    names = ", ".join(("id", *columns))
    placeholders = ", ".join("?" * (len(columns) + 1))
    db.execute(f"INSERT INTO runs ({names}) VALUES ({placeholders})", (run_id, *columns.values()))


def insert_epochs(db: sqlite3.Connection, run_id: int, epochs: Sequence[Epoch]) -> None:
    placeholders = ", ".join("?" * (len(EPOCH_COLUMNS) + 1))
    db.executemany(
        f"INSERT INTO epochs (run, {', '.join(EPOCH_COLUMNS)}) VALUES ({placeholders})",
        [(run_id, *asdict(epoch).values()) for epoch in epochs],
    )
    refresh_summary(db, run_id)


def progress_json(progress: Progress | None) -> str | None:
    return json.dumps(asdict(progress)) if progress else None
