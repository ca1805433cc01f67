"""Votes of a class: which of two networks will be more accurate? Every function is one transaction.

One vote is current, the newest. Everybody has one ballot, which may be changed until the teacher
closes the vote; that starts both runs.
"""

import sqlite3
from dataclasses import dataclass

from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Recipe, recipe_from_json
from mnistlab.store.rights.ownership import NotAllowedError, require_joined, require_teacher
from mnistlab.store.store import Store

TAG = "vote"
"""Of the two runs."""


@dataclass(frozen=True)
class Vote:
    """Two networks that train with one recipe; `runs` are theirs once the vote is closed, and
    `names` those who voted for each, in the order of joining.
    """

    id: int
    networks: tuple[Spec, Spec]
    recipe: Recipe
    is_open: bool
    runs: tuple[int, int] | None
    names: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def counts(self) -> tuple[int, int]:
        return len(self.names[0]), len(self.names[1])


def open_vote(store: Store, first: Spec, second: Spec, recipe: Recipe) -> int:
    """Open a vote; its id. An earlier one is no longer shown.

    Raises LabError if the networks are equal, one cannot be built, or a vote is open already;
    NotAllowedError for students.
    """
    require_teacher(store.actor, "open a vote")
    if first == second:
        raise LabError("Both networks are the same. Choose two different ones.")
    for network in (first, second):
        summarize(network)
    with store.database.writing() as db:
        if db.execute("SELECT 1 FROM votes WHERE closed IS NULL").fetchone():
            raise LabError("A vote is open already. Close it or remove it first.")
        values = (str(first), str(second), recipe.to_json(), store.now())
        row = db.execute(
            "INSERT INTO votes (first, second, recipe, opened) VALUES (?, ?, ?, ?) RETURNING id",
            values,
        ).fetchone()
        return int(row["id"])


def cast_ballot(store: Store, vote: int, choice: int) -> None:
    """Vote for the first (0) or second (1) network, or change one's mind.

    Raises LabError if the vote is closed, NotAllowedError for who has not joined.
    """
    if store.actor.person is None:
        raise NotAllowedError("Only people of the class vote. Open the teacher's link.")
    if choice not in (0, 1):
        raise LabError("A vote is for one of two networks.")
    with store.database.writing() as db:
        if not db.execute(
            "SELECT 1 FROM votes WHERE id = ? AND closed IS NULL", (vote,)
        ).fetchone():
            raise LabError("This vote is closed. The page shows how it went.")
        require_joined(db, store.actor)
        db.execute(
            "INSERT INTO ballots (vote, person, choice) VALUES (?, ?, ?) "
            "ON CONFLICT (vote, person) DO UPDATE SET choice = excluded.choice",
            (vote, store.actor.person, choice),
        )


def close_vote(store: Store, vote: int) -> tuple[int, int] | None:
    """Close a vote and queue both runs, all or nothing; their ids, None if it was closed before.

    Raises NotAllowedError for students.
    """
    require_teacher(store.actor, "close a vote")
    with store.database.writing() as db:
        row = db.execute(
            "UPDATE votes SET closed = ? WHERE id = ? AND closed IS NULL RETURNING *",
            (store.now(), vote),
        ).fetchone()
        if row is None:
            return None
        recipe = recipe_from_json(row["recipe"])
        first, second = (
            store.add_within(db, f"Vote {letter}: {text}", parse(text), recipe, tags=(TAG,))
            for letter, text in (("A", row["first"]), ("B", row["second"]))
        )
        db.execute(
            "UPDATE votes SET first_run = ?, second_run = ? WHERE id = ?", (first, second, vote)
        )
        return first, second


def remove_vote(store: Store, vote: int) -> None:
    """Remove a vote with its ballots; its runs stay. Raises NotAllowedError for students."""
    require_teacher(store.actor, "remove a vote")
    with store.database.writing() as db:
        db.execute("DELETE FROM votes WHERE id = ?", (vote,))


def current_vote(store: Store) -> Vote | None:
    """The newest vote, open or closed; None without one, or if its row is damaged."""
    with store.database.reading() as db:
        row = db.execute("SELECT * FROM votes ORDER BY id DESC LIMIT 1").fetchone()
        if row is None:
            return None
        try:
            return _vote(db, row)
        except LabError:
            return None


def ballot_of(store: Store, vote: int, person: int) -> int | None:
    """What somebody voted for: 0, 1, or None without a ballot."""
    with store.database.reading() as db:
        row = db.execute(
            "SELECT choice FROM ballots WHERE vote = ? AND person = ?", (vote, person)
        ).fetchone()
        return int(row["choice"]) if row else None


def _vote(db: sqlite3.Connection, row: sqlite3.Row) -> Vote:
    first, second = parse(row["first"]), parse(row["second"])
    for network in (first, second):
        summarize(network)
    ballots = db.execute(
        "SELECT choice, name FROM ballots JOIN people ON people.id = person WHERE vote = ? "
        "ORDER BY people.id",
        (row["id"],),
    ).fetchall()
    names = [tuple(each["name"] for each in ballots if each["choice"] == n) for n in (0, 1)]
    runs = (row["first_run"], row["second_run"])
    return Vote(
        id=row["id"],
        networks=(first, second),
        recipe=recipe_from_json(row["recipe"]),
        is_open=row["closed"] is None,
        runs=None if None in runs else (int(runs[0]), int(runs[1])),
        names=(names[0], names[1]),
    )


def lesson_state(store: Store) -> tuple[object, ...]:
    """A value that changes when the task, the offer or the vote does, or one of the vote's runs
    starts or ends; ballots do not change it.
    """
    with store.database.reading() as db:
        task = db.execute("SELECT task, offer, offered FROM classes").fetchone()
        vote = db.execute(
            "SELECT id, closed, "
            "(SELECT state FROM runs WHERE runs.id = first_run) AS first_state, "
            "(SELECT state FROM runs WHERE runs.id = second_run) AS second_state "
            "FROM votes ORDER BY id DESC LIMIT 1"
        ).fetchone()
        return tuple(task or ()), tuple(vote or ())
