"""The columns of a run's row that are computed from its other columns and its epochs.

The table of runs is sorted and filtered by these columns, so it need not read a hundred thousand
epochs. Two functions update them: `refresh_summary` whenever epochs are written, `recompute` after
a migration.
"""

import contextlib
import sqlite3

from mnistlab.arch.spec import SpecError, parse
from mnistlab.arch.summary import summarize

# A run that validates on its training images saves its last epoch, and has no score to rank by;
# `training.early_stopping.selected_epoch` does the same in Python.
ALL = "iif(json_valid(recipe), json_extract(recipe, '$.split'), '') = 'all'"
BEST = """FROM epochs WHERE run = runs.id
         ORDER BY validation_errors, validation_loss, number LIMIT 1"""
LAST = "FROM epochs WHERE run = runs.id ORDER BY number DESC LIMIT 1"
REFRESH_SUMMARY = f"""
UPDATE runs SET
    (epochs_done, seconds) =
        (SELECT count(*), total(seconds) FROM epochs WHERE run = runs.id),
    best_epoch = iif({ALL}, (SELECT number {LAST}), (SELECT number {BEST})),
    best_errors = iif({ALL}, NULL, (SELECT validation_errors {BEST})),
    best_count = iif({ALL}, NULL, (SELECT validation_count {BEST})),
    last_errors = iif({ALL}, NULL, (SELECT validation_errors {LAST})),
    last_count = iif({ALL}, NULL, (SELECT validation_count {LAST}))
"""


def refresh_summary(db: sqlite3.Connection, run_id: int) -> None:
    """Update one run's columns from its epochs."""
    db.execute(f"{REFRESH_SUMMARY} WHERE id = ?", (run_id,))


def recompute(db: sqlite3.Connection) -> None:
    """Update these columns of every run; the count of a network that cannot be built stays."""
    counts = []
    for row in db.execute("SELECT DISTINCT spec FROM runs").fetchall():
        with contextlib.suppress(SpecError):
            counts.append((summarize(parse(str(row["spec"]))).total, row["spec"]))
    db.executemany("UPDATE runs SET parameters = ? WHERE spec = ?", counts)
    db.execute(REFRESH_SUMMARY)
