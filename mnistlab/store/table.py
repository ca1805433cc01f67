"""All runs as a table, filtered, sorted and paged in SQL; names, tags and notes; the trash."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mnistlab.store.rows import summaries
from mnistlab.store.run import RunSummary, State
from mnistlab.store.store import MAX_NOTES, Store, one_line
from mnistlab.store.trash import put_back, remove_runs


class Sort(StrEnum):
    """The columns that a table can be sorted by."""

    NEWEST = "id"
    NAME = "name"
    PARAMETERS = "parameters"
    BEST = "best"
    LAST = "last"
    TEST = "test"
    EPOCHS = "epochs"
    SECONDS = "seconds"
    STATE = "state"
    OWNER = "owner"


# Accuracies sort by their negated error rate, so that "descending" puts the best first.
ORDER = {
    Sort.NAME: "name COLLATE NOCASE",
    Sort.BEST: "-1.0 * best_errors / best_count",
    Sort.LAST: "-1.0 * last_errors / last_count",
    Sort.TEST: "-1.0 * test_errors / test_count",
    Sort.EPOCHS: "epochs_done",
    Sort.OWNER: "owner COLLATE NOCASE",
}


@dataclass(frozen=True)
class Query:
    """A filter, an order and a page (from 0)."""

    text: str = ""
    """Words that must all occur in the name, network, notes, tags or owner."""
    states: tuple[State, ...] = ()
    sort: Sort = Sort.NEWEST
    descending: bool = True
    deleted: bool = False
    page: int = 0
    size: int = 25


@dataclass(frozen=True)
class Table:
    """One page of runs, and the number of runs on all pages."""

    rows: list[RunSummary]
    total: int


@dataclass(frozen=True)
class Point:
    """A run in a scatter plot: its parameters and its best validation accuracy (0–1)."""

    id: int
    name: str
    parameters: int
    accuracy: float


SEARCHED = "(name || ' ' || spec || ' ' || notes || ' ' || tags || ' ' || owner || ' #' || id)"


def table(store: Store, query: Query) -> Table:
    """The runs that match the query, one page of them."""
    where, values = _where(query)
    order = ORDER.get(query.sort, query.sort.value)
    direction = "DESC" if query.descending else "ASC"
    with store.database.reading() as db:
        (total,) = db.execute(f"SELECT count(*) FROM runs {where}", values).fetchone()
        clause = f"{where} ORDER BY {order} {direction} NULLS LAST, id DESC LIMIT ? OFFSET ?"
        rows = summaries(db, clause, (*values, query.size, query.page * query.size))
    return Table(rows, total)


def scatter_points(store: Store, query: Query) -> list[Point]:
    """Every run on all pages of the query that has an epoch."""
    where, values = _where(query)
    with store.database.reading() as db:
        rows = db.execute(
            "SELECT id, name, parameters, 1 - 1.0 * best_errors / best_count "
            f"FROM runs {where} AND best_count > 0 ORDER BY id",
            values,
        ).fetchall()
    return [Point(*row) for row in rows]


def newest(store: Store, count: int) -> list[RunSummary]:
    """The newest runs, newest first."""
    return table(store, Query(size=count)).rows


def best_first(store: Store, count: int) -> list[RunSummary]:
    """The most accurate runs, best first."""
    rows = table(store, Query(sort=Sort.BEST, size=count)).rows
    return [row for row in rows if row.best_epoch]


def owners(store: Store) -> list[str]:
    """All owners of runs, in alphabetical order."""
    with store.database.reading() as db:
        rows = db.execute("SELECT DISTINCT owner FROM runs WHERE owner != '' ORDER BY owner")
        return [row["owner"] for row in rows]


def _where(query: Query) -> tuple[str, list[object]]:
    conditions, values = [f"deleted IS {'NOT NULL' if query.deleted else 'NULL'}"], list[object]()
    for word in query.text.split():
        conditions.append(f"instr(lower({SEARCHED}), lower(?))")
        values.append(word)
    if query.states:
        conditions.append(f"state IN ({', '.join('?' * len(query.states))})")
        values += query.states
    return f"WHERE {' AND '.join(conditions)}", values


def edit_details(store: Store, run_id: int, name: str, owner: str, tags: str, notes: str) -> None:
    """Change a run's name, owner, tags and notes; an empty name keeps the old one."""
    with store.database.writing() as db:
        db.execute(
            "UPDATE runs SET name = coalesce(nullif(?, ''), name), owner = ?, tags = ?, notes = ? "
            "WHERE id = ?",
            (
                one_line(name),
                one_line(owner),
                " ".join(dict.fromkeys(tags.replace(",", " ").replace("#", " ").split()))[:200],
                notes.strip()[:MAX_NOTES],
                run_id,
            ),
        )


def move_to_trash(store: Store, run_ids: Sequence[int]) -> list[int]:
    """Move runs to the trash; the ids of those moved: queued and running ones are not."""
    with store.database.writing() as db:
        return _set_deleted(db, run_ids, store.now(), "deleted IS NULL AND state NOT IN (?, ?)",
                     (State.QUEUED, State.RUNNING))  # fmt: skip


def restore_from_trash(store: Store, run_ids: Sequence[int]) -> list[int]:
    """Restore runs from the trash; the ids of those restored."""
    with store.database.writing() as db:
        put_back(store, db)
        return _set_deleted(db, run_ids, None, "deleted IS NOT NULL", ())


def empty_trash(store: Store) -> int:
    """Delete the runs in the trash and their files permanently; how many.

    Raises StoreError if a file cannot be removed. The other runs are deleted nevertheless, and the
    next call tries the remaining files again.
    """
    with store.database.reading() as db:
        rows = db.execute("SELECT id FROM runs WHERE deleted IS NOT NULL").fetchall()
    return remove_runs(store, [row["id"] for row in rows])


def _set_deleted(
    db: sqlite3.Connection,
    run_ids: Sequence[int],
    deleted: float | None,
    condition: str,
    values: Sequence[object],
) -> list[int]:
    placeholders = ", ".join("?" * len(run_ids))
    rows = db.execute(
        f"UPDATE runs SET deleted = ? WHERE id IN ({placeholders}) AND {condition} RETURNING id",
        (deleted, *run_ids, *values),
    ).fetchall()
    return sorted(row["id"] for row in rows)
