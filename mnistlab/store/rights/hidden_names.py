"""Whose names somebody sees: in a class that hides them, students see their own alone.

They are left out where rows are read, so that no page, download or search has to think of it.
"""

import sqlite3

from mnistlab.actor import Actor
from mnistlab.classroom.rules import rules_from_json


def hidden_from(db: sqlite3.Connection, actor: Actor) -> int | None:
    """The number of a person from whom the others' names are hidden; None for who sees all."""
    if actor.is_teacher:
        return None
    row = db.execute("SELECT rules FROM classes").fetchone()
    return actor.person if row and rules_from_json(row["rules"]).hides_names else None


def shown(db: sqlite3.Connection, actor: Actor, column: str) -> str:
    """An SQL expression for a column of names, in a table with `person`: empty where the row is of
    somebody whose name the actor does not see.
    """
    person = hidden_from(db, actor)
    return column if person is None else f"iif(person = {person:d}, {column}, '')"
