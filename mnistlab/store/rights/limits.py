"""What a class allows a person to start, checked within the transaction that would add the run."""

import sqlite3

from mnistlab.actor import Actor
from mnistlab.arch.spec import Spec
from mnistlab.classroom.rules import Rules, rules_from_json
from mnistlab.classroom.task import Task, problem, task_from_json
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.rights.ownership import NotAllowedError, require_joined

HOW_TO_END = "To train anything else, end the task: on the page Class, under Task."


def check_limits(db: sqlite3.Connection, actor: Actor, spec: Spec, recipe: Recipe) -> None:
    """Check what a person is about to queue, a new run or one to resume.

    Raises NotAllowedError if a student has reached a limit, or if a student or the operator, at the
    terminal of a class, changes what its task locks. The teacher's pages may queue everything.
    """
    require_joined(db, actor)
    if not is_bound(db, actor):
        return
    if (task := _task(db)) and (sentence := problem(task, spec, recipe)):
        raise NotAllowedError(sentence if actor.person else f"{sentence} {HOW_TO_END}")
    if actor.person is not None:
        _check(db, actor.person, recipe)


def is_bound(db: sqlite3.Connection, actor: Actor) -> bool:
    """Whether `check_limits` may refuse something to the actor."""
    if actor.person is None:
        return _task(db) is not None
    return not actor.is_teacher


def _task(db: sqlite3.Connection) -> Task | None:
    current = db.execute("SELECT task FROM classes").fetchone()
    return task_from_json(current["task"]) if current else None


def _check(db: sqlite3.Connection, person: int, recipe: Recipe) -> None:
    current = db.execute("SELECT rules FROM classes").fetchone()
    rules = rules_from_json(current["rules"]) if current else Rules()
    (n_queued,) = db.execute(
        "SELECT count(*) FROM runs WHERE person = ? AND state = 'queued'", (person,)
    ).fetchone()
    if n_queued >= rules.max_queued:
        raise NotAllowedError(
            f"You have {n_queued} runs in the queue, and this class allows {rules.max_queued}. "
            "Cancel one, or wait until one has started."
        )
    if recipe.epochs > rules.max_epochs:
        raise NotAllowedError(
            f"This class allows {rules.max_epochs} epochs a run. Choose fewer than {recipe.epochs}."
        )
    (seconds,) = db.execute("SELECT seconds FROM people WHERE id = ?", (person,)).fetchone()
    if seconds >= 60 * rules.max_minutes:
        raise NotAllowedError(
            f"Your runs have trained for {seconds / 60:.0f} minutes, and this class allows "
            f"{rules.max_minutes}. Ask the teacher for more."
        )
