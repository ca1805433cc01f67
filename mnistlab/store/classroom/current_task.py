"""The class's task and the network that the teacher offers. Every function is one transaction."""

import sqlite3
from dataclasses import dataclass

from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.classroom.task import Task, problem, task_from_json, task_to_json
from mnistlab.errors import LabError
from mnistlab.store.rights.ownership import require_teacher
from mnistlab.store.rows import summaries, typed
from mnistlab.store.run import RunSummary
from mnistlab.store.store import Store

MAX_RUNS = 200
"""Runs of one person, the newest, among which the best one is looked for."""


@dataclass(frozen=True)
class Offer:
    """A network that everybody may open, and when it was sent, in seconds since 1970."""

    network: Spec
    sent: float


@dataclass(frozen=True)
class TaskResult:
    """A person's best run that keeps to the task, None without one; which conditions it meets.

    A condition that the task does not set is met.
    """

    run: RunSummary | None
    is_small_enough: bool = False
    is_accurate_enough: bool = False

    @property
    def is_solved(self) -> bool:
        return self.run is not None and self.is_small_enough and self.is_accurate_enough


def current_task(store: Store) -> Task | None:
    """The class's task; None without a class or a task."""
    row = _class(store)
    return task_from_json(row["task"]) if row else None


def set_task(store: Store, task: Task | None) -> None:
    """Set the class's task, or end it. What is queued already stays.

    Raises NotAllowedError for students.
    """
    require_teacher(store.actor, "set the task")
    with store.database.writing() as db:
        db.execute("UPDATE classes SET task = ?", (task_to_json(task) if task else "",))


def current_offer(store: Store) -> Offer | None:
    """The network that the teacher sent to all; None if there is none."""
    row = _class(store)
    if row is None or row["offered"] is None:
        return None
    try:
        network = parse(row["offer"])
        summarize(network)
    except LabError:
        return None
    return Offer(network, row["offered"])


def send_to_all(store: Store, network: Spec) -> None:
    """Offer a network to everybody, instead of the one before.

    Raises SpecError if it cannot be built, NotAllowedError for students.
    """
    require_teacher(store.actor, "send a network to all")
    summarize(network)
    with store.database.writing() as db:
        db.execute("UPDATE classes SET offer = ?, offered = ?", (str(network), store.now()))


def withdraw_offer(store: Store) -> None:
    """Offer nothing any more. Raises NotAllowedError for students."""
    require_teacher(store.actor, "withdraw a network")
    with store.database.writing() as db:
        db.execute("UPDATE classes SET offer = '', offered = NULL")


def task_result(store: Store, task: Task, person: int) -> TaskResult:
    """A person's best run under the task: rather one that meets the limit of parameters, then the
    most accurate, then the smallest.

    Only runs that were trained here count (an imported one has no heartbeat), and none in the
    trash.
    """
    clause = (
        "WHERE person = ? AND deleted IS NULL AND heartbeat IS NOT NULL AND best_count > 0 "
        f"AND {typed('best_errors', 'best_count')} ORDER BY id DESC LIMIT ?"
    )
    with store.database.reading() as db:
        runs = summaries(db, store.actor, clause, (person, MAX_RUNS))
    scored = [
        (_is_small(task, run), run.best.accuracy, -run.parameters, run)
        for run in runs
        if run.best and not problem(task, run.spec, run.recipe)
    ]
    if not scored:
        return TaskResult(None)
    is_small, accuracy, _, run = max(scored, key=lambda one: one[:3])
    return TaskResult(run, is_small, task.min_accuracy is None or accuracy >= task.min_accuracy)


def _is_small(task: Task, run: RunSummary) -> bool:
    return task.max_parameters is None or run.parameters <= task.max_parameters


def _class(store: Store) -> sqlite3.Row | None:
    with store.database.reading() as db:
        row: sqlite3.Row | None = db.execute("SELECT task, offer, offered FROM classes").fetchone()
        return row
