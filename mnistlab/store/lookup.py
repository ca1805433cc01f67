"""Runs found by network and recipe.

A recipe's JSON changes whenever the recipe gets a new field; its value does not, because a missing
field has its default. So both are parsed before they are compared.
"""

import json
from collections.abc import Callable

from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.store.rows import summaries
from mnistlab.store.run import RunSummary
from mnistlab.store.store import Store
from mnistlab.training.recipe import Recipe, recipe_from_json


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
