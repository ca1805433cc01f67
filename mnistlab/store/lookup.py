"""Runs found by network and recipe, or by the time when they were created.

A recipe's JSON changes whenever the recipe gets a new field; its value does not, because a missing
field has its default. So both are parsed before they are compared.
"""

import json
from collections.abc import Callable

from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.recipe.recipe import Recipe, recipe_from_json
from mnistlab.store.rows import read_run, summaries
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
        ids = [
            row["id"]
            for row in rows
            if parse(row["spec"]) == spec and fits(recipe_from_json(row["recipe"]))
        ]
        clause = "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
        return summaries(db, clause, (json.dumps(ids),))


def created_at(store: Store, seconds: float) -> list[Run]:
    """The runs that were created at exactly this time, also those in the trash."""
    with store.database.reading() as db:
        rows = db.execute(
            "SELECT id FROM runs WHERE created = ? ORDER BY id", (seconds,)
        ).fetchall()
        return [run for row in rows if (run := read_run(db, row["id"]))]
