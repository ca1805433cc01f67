"""The class of a store and its people. Every function is one transaction."""

import random
import secrets
import sqlite3
from dataclasses import dataclass

from mnistlab.actor import VISITOR, Actor
from mnistlab.classroom import tokens
from mnistlab.classroom.names import draw_name, nickname
from mnistlab.classroom.rules import Rules, checked, rules_from_json, rules_to_json
from mnistlab.errors import LabError
from mnistlab.store.rights.ownership import NotAllowedError, require_teacher
from mnistlab.store.store import Store
from mnistlab.store.trash import empty_trash
from mnistlab.text import one_line

MAX_PEOPLE = 500
"""Of a class: a limit for a script that joins, far above any classroom."""
LESSON_SECONDS = 12 * 3600.0
"""An opening within this time after a lesson began goes on with it: any school day is shorter, and
the next one begins later.
"""


@dataclass(frozen=True)
class Class:
    """A class: its title, the secret that its tokens are made with, when its lesson began (seconds
    since 1970), its rules.
    """

    title: str
    secret: bytes
    opened: float
    rules: Rules


@dataclass(frozen=True)
class Person:
    """Somebody of the class; tokens with another nonce are not valid."""

    id: int
    name: str
    is_teacher: bool
    nonce: int
    joined: float

    @property
    def actor(self) -> Actor:
        return Actor(self.id, self.is_teacher)


PERSON = "id, name, is_teacher, nonce, joined"


def open_class(store: Store, title: str) -> Person:
    """Begin a class or go on with it; its teacher.

    A new start of the server, or a second server, goes on with the lesson. LESSON_SECONDS after a
    lesson began, an opening begins the next one: everybody's training time and turns are 0.
    """
    with store.database.writing() as db:
        now = store.now()
        row = db.execute("SELECT opened FROM classes").fetchone()
        values = (one_line(title), secrets.token_hex(tokens.SECRET_BYTES), now)
        db.execute(
            "INSERT INTO classes (id, title, secret, opened, rules) VALUES (1, ?, ?, ?, '{}') "
            "ON CONFLICT (id) DO UPDATE SET title = excluded.title",
            values,
        )
        if row and now - row["opened"] >= LESSON_SECONDS:
            _begin_lesson(db, now)
        row = db.execute(f"SELECT {PERSON} FROM people WHERE is_teacher").fetchone()
        return _person(row) if row else _add(db, "Teacher", True, now)


def begin_lesson(store: Store) -> None:
    """Let everybody's training time and turns count from 0. Raises NotAllowedError for students."""
    require_teacher(store.actor, "begin a lesson")
    with store.database.writing() as db:
        _begin_lesson(db, store.now())


def _begin_lesson(db: sqlite3.Connection, now: float) -> None:
    db.execute("UPDATE classes SET opened = ?", (now,))
    db.execute("UPDATE people SET turns = 0, seconds = 0")


def the_class(store: Store) -> Class | None:
    """The store's class, None if it belongs to a person alone."""
    with store.database.reading() as db:
        return _class(db)


def set_rules(store: Store, rules: Rules) -> None:
    """Change the rules. Raises LabError if one is out of bounds, NotAllowedError for students."""
    require_teacher(store.actor, "change the rules")
    with store.database.writing() as db:
        db.execute("UPDATE classes SET rules = ?", (rules_to_json(checked(rules)),))


def token_of(store: Store, person: int) -> str:
    """The token of a person, for the person and for the teacher."""
    if store.actor.person != person:
        require_teacher(store.actor, "see the link of somebody else")
    with store.database.reading() as db:
        return tokens.make_token(_required(db).secret, person, _by_id(db, person).nonce)


def actor_of(store: Store, token: str) -> Actor:
    """Who a token says that somebody is; a visitor if it is not valid."""
    person = person_of(store, token)
    return person.actor if person else VISITOR


def person_of(store: Store, token: str) -> Person | None:
    """The person with this token; None if it is not, or no longer, valid."""
    with store.database.reading() as db:
        current = _class(db)
        found = tokens.read_token(current.secret, token) if current else None
        if not found:
            return None
        row = db.execute(f"SELECT {PERSON} FROM people WHERE id = ? AND nonce = ?", found)
        return _person(one) if (one := row.fetchone()) else None


def people(store: Store) -> list[Person]:
    """Everybody in the order of joining; the teacher is first."""
    with store.database.reading() as db:
        return [_person(row) for row in db.execute(f"SELECT {PERSON} FROM people ORDER BY id")]


def proposed_name(store: Store, rng: random.Random) -> str:
    """A name for somebody who is about to join."""
    return draw_name([person.name for person in people(store)], rng)


def join(store: Store, name: str, login: str = "") -> Person:
    """Add a person; the name is checked as one that anybody could have typed. Whoever has joined
    with the same code of a `login` is that person, with the name of before.

    Raises LabError if there is no class, it is full, or the name is empty or taken.
    """
    with store.database.writing() as db:
        _required(db)
        if found := _by_login(db, login):
            return found
        (count,) = db.execute("SELECT count(*) FROM people").fetchone()
        if count >= MAX_PEOPLE:
            raise NotAllowedError(f"This class has {MAX_PEOPLE} people already.")
        return _add(db, name, False, store.now(), login)


def person_with_login(store: Store, login: str) -> Person | None:
    """Who has joined with this code of a login."""
    with store.database.reading() as db:
        return _by_login(db, login)


def rename(store: Store, person: int, name: str) -> None:
    """Rename a person, and with them the owner of their runs and the writer of their drawings."""
    require_teacher(store.actor, "rename people")
    with store.database.writing() as db:
        before = _by_id(db, person)
        name = _free_name(db, name, person)
        db.execute("UPDATE people SET name = ? WHERE id = ?", (name, person))
        db.execute("UPDATE runs SET owner = ? WHERE person = ?", (name, person))
        db.execute(
            "UPDATE drawings SET writer = ? WHERE person = ? AND writer = ?",
            (name, person, before.name),
        )


def renew_token(store: Store, person: int) -> str:
    """A new token for a person, whose earlier ones are no longer valid."""
    require_teacher(store.actor, "hand out new links")
    with store.database.writing() as db:
        before = _by_id(db, person)
        nonce = (before.nonce + 1) % 2**32
        db.execute("UPDATE people SET nonce = ? WHERE id = ?", (nonce, person))
        return tokens.make_token(_required(db).secret, person, nonce)


def remove(store: Store, person: int) -> None:
    """Remove a person with all runs, files and drawings.

    Raises NotAllowedError for the teacher, and if a run of the person trains: stop it first.
    """
    require_teacher(store.actor, "remove people")
    with store.database.writing() as db:
        who = _by_id(db, person)
        if who.is_teacher:
            raise NotAllowedError("The teacher cannot be removed.")
        running = db.execute(
            "SELECT id FROM runs WHERE person = ? AND state = 'running'", (person,)
        ).fetchone()
        if running:
            raise NotAllowedError(f"Run {running['id']} of {who.name} trains. Stop it first.")
        db.execute("DELETE FROM drawings WHERE person = ?", (person,))
        # Their files go with the trash.
        db.execute(
            "UPDATE runs SET state = CASE state WHEN 'queued' THEN 'stopped' ELSE state END, "
            "queue_position = NULL, deleted = ? WHERE person = ?",
            (store.now(), person),
        )
        ids = [row["id"] for row in db.execute("SELECT id FROM runs WHERE person = ?", (person,))]
        db.execute("DELETE FROM people WHERE id = ?", (person,))
    empty_trash(store, ids)


def _add(
    db: sqlite3.Connection, name: str, is_teacher: bool, now: float, login: str = ""
) -> Person:
    row = db.execute(
        "INSERT INTO people (name, is_teacher, nonce, joined, login) VALUES (?, ?, ?, ?, ?) "
        f"RETURNING {PERSON}",
        (_free_name(db, name), is_teacher, secrets.randbits(31), now, login or None),
    ).fetchone()
    return _person(row)


def _free_name(db: sqlite3.Connection, name: str, person: int = 0) -> str:
    name = nickname(name)
    if not name:
        raise LabError("The name has no visible character. Type another one.")
    # Compared here: SQLite's NOCASE knows the letters of ASCII alone.
    for row in db.execute("SELECT id, name FROM people"):
        if row["id"] != person and row["name"].casefold() == name.casefold():
            raise LabError(f"{name} is taken. Type another name.")
    return name


def _class(db: sqlite3.Connection) -> Class | None:
    row = db.execute("SELECT title, secret, opened, rules FROM classes").fetchone()
    if row is None:
        return None
    secret = bytes.fromhex(row["secret"])
    return Class(row["title"], secret, row["opened"], rules_from_json(row["rules"]))


def _required(db: sqlite3.Connection) -> Class:
    found = _class(db)
    if found is None:
        raise LabError("There is no class here. Open one with `python -m mnistlab class NAME`.")
    return found


def _by_id(db: sqlite3.Connection, person: int) -> Person:
    row = db.execute(f"SELECT {PERSON} FROM people WHERE id = ?", (person,)).fetchone()
    if row is None:
        raise LabError(f"Person {person} is not in this class.")
    return _person(row)


def _by_login(db: sqlite3.Connection, login: str) -> Person | None:
    # Without a login it is NULL, which equals nothing.
    row = db.execute(f"SELECT {PERSON} FROM people WHERE login = ?", (login or None,)).fetchone()
    return _person(row) if row else None


def _person(row: sqlite3.Row) -> Person:
    return Person(row["id"], row["name"], bool(row["is_teacher"]), row["nonce"], row["joined"])
