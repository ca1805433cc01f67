"""Runs found by network and recipe, by a tag, or by the time when they were created.

A recipe's JSON changes whenever the recipe gets a new field; its value does not, because a missing
field has its default. So both are parsed before they are compared.
"""

import json
from collections.abc import Callable, Sequence

from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Recipe, recipe_from_json
from mnistlab.store.rows import UnreadableRunError, read_run, read_runs, summaries
from mnistlab.store.run import Run, RunSummary
from mnistlab.store.store import Store


def find_runs(store: Store, spec: Spec, fits: Callable[[Recipe], bool]) -> list[RunSummary]:
    """The runs of a network whose recipe fits, oldest first, except those in the trash."""
    with store.database.reading() as db:
        # The parameter count excludes nearly all runs before anything is parsed.
        rows = db.execute(
            "SELECT id, spec, recipe FROM runs WHERE parameters = ? AND deleted IS NULL",
            (summarize(spec).total,),
        ).fetchall()
        ids = [row["id"] for row in rows if _fits(row["spec"], row["recipe"], spec, fits)]
        clause = "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
        return summaries(db, store.actor, clause, (json.dumps(ids),))


def tagged_runs(store: Store, tag: str) -> list[RunSummary]:
    """The runs that have this tag, oldest first, except those in the trash."""
    with store.database.reading() as db:
        clause = "WHERE instr(' ' || tags || ' ', ?) AND deleted IS NULL ORDER BY id"
        return summaries(db, store.actor, clause, (f" {tag} ",))


def tags_with(store: Store, prefix: str) -> list[str]:
    """The tags that begin so, the newest run's first, except those of runs in the trash."""
    with store.database.reading() as db:
        rows = db.execute(
            "SELECT tags FROM runs WHERE instr(' ' || tags, ?) AND deleted IS NULL "
            "GROUP BY tags ORDER BY max(id) DESC",
            (f" {prefix}",),
        ).fetchall()
    tags = (tag for row in rows for tag in str(row["tags"]).split())
    return list(dict.fromkeys(tag for tag in tags if tag.startswith(prefix)))


def created_at(store: Store, seconds: float) -> list[Run]:
    """The runs that were created at exactly this time, also those in the trash."""
    with store.database.reading() as db:
        rows = db.execute(
            "SELECT id FROM runs WHERE created = ? ORDER BY id", (seconds,)
        ).fetchall()
        return read_runs(db, store.actor, [row["id"] for row in rows])


def why_unreadable(store: Store, run_ids: Sequence[int]) -> list[str]:
    """A sentence for each of these runs that exists and cannot be read."""
    sentences = []
    with store.database.reading() as db:
        for run_id in run_ids:
            try:
                read_run(db, store.actor, run_id)
            except UnreadableRunError as error:
                sentences.append(str(error))
    return sentences


def _fits(spec: object, recipe: object, wanted: Spec, fits: Callable[[Recipe], bool]) -> bool:
    """Whether a row's network and recipe are wanted; not if they cannot be read."""
    try:
        return parse(str(spec)) == wanted and fits(recipe_from_json(str(recipe)))
    except LabError:
        return False
