"""All runs as a table, filtered, sorted and paged in SQL; its cells that a person may edit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mnistlab.store.rights.hidden_names import shown
from mnistlab.store.rights.ownership import require_own
from mnistlab.store.rows import UnreadableRun, summaries_and_unreadable, typed
from mnistlab.store.run import RunSummary, State
from mnistlab.store.store import MAX_NOTES, Store
from mnistlab.text import one_line


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
    Sort.OWNER: "{owner} COLLATE NOCASE",
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
    """One page of runs, the number of runs on all pages, and the page's that cannot be read."""

    rows: list[RunSummary]
    total: int
    unreadable: Sequence[UnreadableRun] = ()


@dataclass(frozen=True)
class Point:
    """A run in a scatter plot: its parameters and its best validation accuracy (0–1)."""

    id: int
    name: str
    parameters: int
    accuracy: float


SEARCHED = "(name || ' ' || spec || ' ' || notes || ' ' || tags || ' ' || {owner} || ' #' || id)"


def table(store: Store, query: Query) -> Table:
    """The runs that match the query, one page of them."""
    direction = "DESC" if query.descending else "ASC"
    with store.database.reading() as db:
        owner = shown(db, store.actor, "owner")
        where, values = _where(query, owner)
        order = ORDER.get(query.sort, query.sort.value).format(owner=owner)
        (total,) = db.execute(f"SELECT count(*) FROM runs {where}", values).fetchone()
        clause = f"{where} ORDER BY {order} {direction} NULLS LAST, id DESC LIMIT ? OFFSET ?"
        page = (*values, query.size, query.page * query.size)
        rows, unreadable = summaries_and_unreadable(db, store.actor, clause, page)
    return Table(rows, total, unreadable)


def scatter_points(store: Store, query: Query) -> list[Point]:
    """Every run on all pages of the query that has an epoch."""
    with store.database.reading() as db:
        where, values = _where(query, shown(db, store.actor, "owner"))
        rows = db.execute(
            "SELECT id, name, parameters, 1 - 1.0 * best_errors / best_count "
            f"FROM runs {where} AND best_count > 0 AND best_errors <= best_count "
            f"AND {typed('parameters', 'best_errors', 'best_count')} AND parameters > 0 "
            "ORDER BY id",
            values,
        ).fetchall()
    return [Point(*row) for row in rows]


def newest(store: Store, count: int) -> list[RunSummary]:
    """The newest runs, newest first."""
    return table(store, Query(size=count)).rows


def best_first(store: Store, count: int, states: Collection[State] = ()) -> list[RunSummary]:
    """The most accurate runs, best first; only those in one of the `states`, if there are any."""
    rows = table(store, Query(sort=Sort.BEST, size=count, states=tuple(states))).rows
    return [row for row in rows if row.best_epoch]


def _where(query: Query, owner: str) -> tuple[str, list[object]]:
    conditions, values = [f"deleted IS {'NOT NULL' if query.deleted else 'NULL'}"], list[object]()
    for word in query.text.split():
        conditions.append(f"instr(lower({SEARCHED.format(owner=owner)}), lower(?))")
        values.append(word)
    if query.states:
        conditions.append(f"state IN ({', '.join('?' * len(query.states))})")
        values += query.states
    return f"WHERE {' AND '.join(conditions)}", values


MAX_TAGS = 200
"""Characters of all tags together."""


def edit_details(store: Store, run_id: int, name: str, owner: str, tags: str, notes: str) -> None:
    """Change a run's name, owner, tags and notes; an empty name keeps the old one.

    The owner of a run of a class is always the person's name.
    """
    words = tags.replace(",", " ").replace("#", " ").split()
    with store.database.writing() as db:
        require_own(db, store.actor, "runs", [run_id])
        db.execute(
            "UPDATE runs SET name = coalesce(nullif(?, ''), name), "
            "owner = CASE WHEN person IS NULL THEN ? ELSE owner END, tags = ?, notes = ? "
            "WHERE id = ?",
            (
                one_line(name),
                one_line(owner),
                " ".join(dict.fromkeys(words))[:MAX_TAGS],
                notes.strip()[:MAX_NOTES],
                run_id,
            ),
        )
