"""Who may change what: everybody their own, the teacher everything. All functions of the store that
change something of a person ask here, within the transaction that changes it.
"""

import json
import sqlite3
from collections.abc import Sequence

from mnistlab.actor import Actor
from mnistlab.store.database.errors import StoreError
from mnistlab.store.rights.hidden_names import hidden_from


class NotAllowedError(StoreError):
    """Somebody of a class wants to change what is not theirs, or has reached a limit."""


def require_own(db: sqlite3.Connection, actor: Actor, table: str, ids: Sequence[int]) -> None:
    """Raise NotAllowedError if a row of `table` (runs or drawings) is not the actor's.

    A row that does not exist is nobody's, and nothing will be changed by its number.
    """
    if actor.is_teacher:
        return
    row = db.execute(
        f"SELECT it.id, people.name FROM {table} AS it LEFT JOIN people ON people.id = it.person "
        "WHERE it.id IN (SELECT value FROM json_each(?)) AND it.person IS NOT ? LIMIT 1",
        (json.dumps([*ids]), actor.person),
    ).fetchone()
    if row:
        what = "Run" if table == "runs" else "Drawing"
        if not row["name"]:
            whose, may = "the teacher", "Only the teacher"
        elif hidden_from(db, actor) is None:
            whose, may = row["name"], f"Only {row['name']} and the teacher"
        else:
            whose, may = "somebody else", "Only they and the teacher"
        raise NotAllowedError(f"{what} {row['id']} belongs to {whose}. {may} can change it.")


def require_teacher(actor: Actor, what: str) -> None:
    """Raise NotAllowedError unless the actor is the teacher; `what` is what only they may do."""
    if not actor.is_teacher:
        raise NotAllowedError(f"Only the teacher can {what}.")


def require_joined(db: sqlite3.Connection, actor: Actor) -> str:
    """The actor's name in the class; empty for the operator, who has none.

    Raises NotAllowedError for a visitor, and for a person who was removed meanwhile.
    """
    if actor.person is None:
        return ""
    row = db.execute("SELECT name FROM people WHERE id = ?", (actor.person,)).fetchone()
    if row is None:
        raise NotAllowedError("You are not, or no longer, in this class. Open its address to join.")
    return str(row["name"])
