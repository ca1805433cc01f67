"""Conversion between the store's rows and values.

SQLite keeps whatever it is given in any column, and a row may be of a later version or changed by
hand. So a row is checked while it is read: one that cannot be read is named, and the others are
used.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from mnistlab.actor import Actor
from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.data.options import Split
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import recipe_from_json
from mnistlab.stats.score import Score
from mnistlab.store.database.derived import refresh_summary
from mnistlab.store.database.errors import StoreError
from mnistlab.store.rights.hidden_names import shown
from mnistlab.store.run import Request, Run, RunSummary, State
from mnistlab.training.epoch import Epoch, Phase, Progress

Member = TypeVar("Member", bound=StrEnum)
EPOCH_COLUMNS = tuple(Epoch.__dataclass_fields__)
TEXTS = ("name", "owner", "notes", "message", "tags", "spec", "recipe", "state", "request")
COUNTS = ("parameters", "epochs_done")
TIMES = ("created", "started", "ended", "deleted", "heartbeat")
MAX_TIME = 4_102_444_800
"""The year 2100: a date that every time zone can show."""
N_EPOCHS = "CAST(epochs_done AS INTEGER) AS epochs_done"
"""A number in SQL, whatever the row has."""
MAX_REASON = 100
"""Characters of the reason why a row cannot be read."""
MAX_COUNT = 2**53
"""Above it a float would not be exact."""


@dataclass(frozen=True)
class UnreadableRun:
    """A row that cannot be read, and why."""

    id: int
    reason: str

    def __str__(self) -> str:
        return (
            f"Run {self.id} cannot be read ({self.reason}). A later version of mnistlab may have "
            "written it: update mnistlab, or move the run to the trash."
        )


class UnreadableRunError(StoreError):
    """A run whose row cannot be read."""


def summaries(
    db: sqlite3.Connection, actor: Actor, clause: str, values: Sequence[object] = ()
) -> list[RunSummary]:
    """The readable runs that an SQL clause selects, in its order, as the actor may see them."""
    return summaries_and_unreadable(db, actor, clause, values)[0]


def summaries_and_unreadable(
    db: sqlite3.Connection, actor: Actor, clause: str, values: Sequence[object] = ()
) -> tuple[list[RunSummary], list[UnreadableRun]]:
    """The runs that an SQL clause selects, in its order, and those that cannot be read."""
    readable, unreadable = [], []
    for row in db.execute(f"{_select(db, actor)} {clause}", values):
        try:
            readable.append(RunSummary(**_fields(row)))
        except (LabError, ValueError, TypeError, RecursionError) as error:
            unreadable.append(_unreadable(row["id"], error))
    return readable, unreadable


def _select(db: sqlite3.Connection, actor: Actor) -> str:
    """The query for all columns of runs. Of two columns of one name, a row gives the first one."""
    return f"SELECT {shown(db, actor, 'owner')} AS owner, * FROM runs"


def read_run(db: sqlite3.Connection, actor: Actor, run_id: int) -> Run | None:
    """A run with its epochs. Raises UnreadableRunError if the row or an epoch's is damaged."""
    row = db.execute(f"{_select(db, actor)} WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        return None
    columns = ", ".join(EPOCH_COLUMNS)
    epochs = db.execute(f"SELECT {columns} FROM epochs WHERE run = ? ORDER BY number", (run_id,))
    try:
        fields = _fields(row)
        read = tuple(_epoch(each, number) for number, each in enumerate(epochs, 1))
        if len(read) != fields["epochs_done"]:
            raise ValueError(f"it has {len(read)} epochs instead of {fields['epochs_done']}")
        return Run(**fields, epochs=read)
    except (LabError, ValueError, TypeError, RecursionError) as error:
        raise UnreadableRunError(str(_unreadable(run_id, error))) from None


def read_runs(db: sqlite3.Connection, actor: Actor, run_ids: Sequence[int]) -> list[Run]:
    """The runs with these ids that exist and can be read, in this order."""
    found = []
    for run_id in run_ids:
        try:
            run = read_run(db, actor, run_id)
        except UnreadableRunError:
            continue
        if run:
            found.append(run)
    return found


def request_of(row: sqlite3.Row) -> Request:
    """A row's request; none if it is no request of this version."""
    value = row["request"]
    return Request(value) if value in list(Request) else Request.NONE


def typed(*columns: str) -> str:
    """An SQL condition: these columns are whole numbers, as in every row that can be read."""
    return " AND ".join(f"typeof({column}) = 'integer'" for column in columns)


def _unreadable(run_id: int, error: Exception) -> UnreadableRun:
    """With the first sentence of the error; what it advises is meant for other places."""
    sentence = " ".join(str(error).split()).partition(". ")[0]
    return UnreadableRun(run_id, sentence[:MAX_REASON].rstrip("."))


def _fields(row: sqlite3.Row) -> dict[str, Any]:
    """The fields of a RunSummary. Raises LabError, ValueError or TypeError if one is damaged."""
    for name in TEXTS:
        if not isinstance(row[name], str):
            raise ValueError(f"its {name} is not a text")
    for name in COUNTS:
        _number(name, row[name], MAX_COUNT, whole=True)
    _number("seconds", row["seconds"], MAX_COUNT)
    for name in TIMES:
        if row[name] is not None or name == "created":
            _number(name, row[name], MAX_TIME)
    spec, recipe = _network(row["spec"]), recipe_from_json(row["recipe"])
    if not row["parameters"]:
        raise ValueError("it has no parameters")
    plain = ("id", "name", "owner", "notes", "message", "seconds", *COUNTS, *TIMES, "best_epoch")
    fields = {name: row[name] for name in plain} | {
        "tags": tuple(row["tags"].split()),
        "spec": spec,
        "recipe": recipe,
        "state": _member("state", row["state"], State),
        "request": _member("request", row["request"], Request),
        "progress": _progress(row["progress"]),
        **{kind: _score(row, kind) for kind in ("best", "last", "test")},
    }
    # The columns that are computed from the epochs; see `database.derived`.
    has_epochs = row["epochs_done"] > 0
    if has_epochs:
        _number("best epoch", row["best_epoch"], row["epochs_done"], whole=True)
    has_scores = has_epochs and recipe.split is not Split.ALL
    if (row["best_epoch"] is not None) != has_epochs or not all(
        (fields[kind] is not None) == has_scores for kind in ("best", "last")
    ):
        raise ValueError("its results do not fit its epochs")
    return fields


# A page that shows a search reads as many networks every second.
@lru_cache(maxsize=4096)
def _network(text: str) -> Spec:
    """A row's network. Raises SpecError if it cannot be built."""
    spec = parse(text)
    summarize(spec)
    return spec


def _member(name: str, value: str, kind: type[Member]) -> Member:
    if value not in list(kind):
        raise ValueError(f"its {name} is {value[:40]!r}")
    return kind(value)


def _number(name: str, value: object, largest: float, whole: bool = False) -> None:
    kinds = (int,) if whole else (int, float)
    if not isinstance(value, kinds) or not 0 <= value <= largest:
        raise ValueError(f"its {name} is {str(value)[:40]!r}")


def _epoch(row: sqlite3.Row, number: int) -> Epoch:
    """Raises ValueError if a value is no number, or the numbers have gaps."""
    if row["number"] != number:
        raise ValueError(f"epoch {number} is missing")
    for name in EPOCH_COLUMNS:
        # A loss may be infinite.
        if not isinstance(row[name], int | float):
            raise ValueError(f"{name} of epoch {number} is {str(row[name])[:40]!r}")
    epoch = Epoch(*row)
    _ = epoch.validation  # raises if the counts are impossible
    return epoch


def _progress(text: str | None) -> Progress | None:
    if not text:
        return None
    progress = Progress(**json.loads(text))
    for name in ("epoch", "done", "total", "images_per_second"):
        _number(f"progress ({name})", getattr(progress, name), MAX_COUNT)
    if not progress.total or progress.phase not in list(Phase):
        raise ValueError("its progress is impossible")
    return progress


def _score(row: sqlite3.Row, kind: str) -> Score | None:
    errors, count = row[f"{kind}_errors"], row[f"{kind}_count"]
    if not count:
        return None
    for value in (errors, count):
        _number(f"{kind} score", value, MAX_COUNT, whole=True)
    return Score(errors, count)


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
